"""Erlang's formula B: what finds no line, no channel, no number of a pool.

`load` is arrivals times holding time in erlang, `servers` lines. Exact for Poisson arrivals and any holding time.
"""

from __future__ import annotations

import math


def erlang_b(servers: int, load: float) -> float:
    """The share of calls that find all `servers` busy and are lost; 1 for no servers."""
    check_load(servers, load, 0)
    blocked = 1.0
    for n in range(1, servers + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def lines_for(load: float, blocking: float) -> int:
    """The fewest lines of which at most the share `blocking` of calls finds none; for trunks and number pools."""
    if not 0 < blocking <= 1:
        raise ValueError(f"blocking is {blocking}: it is a share above 0, such as 0.01")
    check_load(0, load, 0)
    lines, blocked = 0, 1.0
    while blocked > blocking:
        lines += 1
        blocked = load * blocked / (lines + load * blocked)
    return lines


def check_load(servers: int, load: float, handling_s: float) -> None:
    """Raises ValueError for what can be no load."""
    if servers < 0 or not 0 <= load < math.inf or not 0 <= handling_s < math.inf:
        raise ValueError(f"{servers} servers, {load} erlang, {handling_s} s: none of them may be negative or endless")
