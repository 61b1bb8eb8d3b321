"""What tracking counts since the start, for the metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Figures:
    """Totals."""

    visits: Counter[str] = field(default_factory=Counter)  # by site
    pages: Counter[str] = field(default_factory=Counter)  # by site
    bots: int = 0
    full: int = 0  # visits that found no room for a session
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)  # by site and kind
    calls: Counter[str] = field(default_factory=Counter)  # attributed, by method
    guard: Counter[tuple[str, str]] = field(default_factory=Counter)  # by site and verdict
    reveals: Counter[str] = field(default_factory=Counter)  # by masked number
    events: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)  # requests, by reason
    adopted: int = 0  # sessions that went on after a crash had lost their visit
