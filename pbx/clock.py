"""Time as an argument: one small protocol, the system's clock, and a clock that tests move by hand."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Two readings: `monotonic` for timers and durations, `unix` for records (UTC)."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; CLOCK_MONOTONIC, as the event loop uses."""
        ...

    def unix(self) -> float:
        """Seconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    """The machine's clocks."""

    monotonic = staticmethod(time.monotonic)
    unix = staticmethod(time.time)


class VirtualClock:
    """A clock for tests: it stands still until `advance` is called."""

    def __init__(self, unix: float = 1_790_000_000.0, monotonic: float = 1000.0) -> None:
        self._unix = unix
        self._monotonic = monotonic

    def monotonic(self) -> float:
        return self._monotonic

    def unix(self) -> float:
        return self._unix

    def advance(self, seconds: float) -> None:
        """Moves both readings forward by `seconds` (>= 0)."""
        if seconds < 0:
            raise ValueError(f"a clock does not run backwards: {seconds=}")
        self._monotonic += seconds
        self._unix += seconds
