"""In which order the servers of SRV records are tried (RFC 2782): by priority, and by chance among equals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from random import Random
from typing import NamedTuple


class Server(NamedTuple):
    """One SRV record whose name is resolved."""

    priority: int
    weight: int
    port: int
    addresses: tuple[str, ...]


def in_order(servers: Sequence[Server], random: Random) -> list[Server]:
    """The lowest priority first; within one priority each draw takes a server with a chance of its weight."""
    if len(servers) < 2:
        return list(servers)
    ordered: list[Server] = []
    for _, group in groupby(sorted(servers, key=_priority), _priority):
        left = sorted(group, key=lambda server: server.weight > 0)  # weight 0 first: "very small chance"
        while left:
            drawn = random.randint(0, sum(server.weight for server in left))
            running = 0
            for index, server in enumerate(left):
                running += server.weight
                if running >= drawn:
                    ordered.append(left.pop(index))
                    break
    return ordered


def _priority(server: Server) -> int:
    return server.priority
