"""UTC seconds that never jump: who holds a number may not depend on somebody setting the clock."""

from __future__ import annotations

from pbx.clock import Clock


class SteadyClock:
    """Reads the wall clock once, and the monotonic one from then on."""

    def __init__(self, clock: Clock) -> None:
        self._monotonic = clock.monotonic
        self._base = clock.unix() - clock.monotonic()

    def __call__(self) -> float:
        return self._base + self._monotonic()
