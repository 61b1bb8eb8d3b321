"""An asyncio loop whose clock jumps to the next timer when nothing is ready: an hour of waiting costs no time.

Sockets and threads still work (a ready descriptor is served before the clock moves), but whoever mixes them with
timers decides for itself how far the clock may run away from the machine's.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pbx.clock import VirtualClock

T = TypeVar("T")
STUCK_AFTER_S = 10.0  # of the machine's time: nothing ready, no timer set, nobody woke the loop


class Stuck(RuntimeError):
    """Every task waits for something that nobody will ever do."""


class _JumpingSelector(selectors.DefaultSelector):
    """Never sleeps while a timer is set: it moves the loop's clock by the time it should have slept."""

    def __init__(self) -> None:
        super().__init__()
        self.jump: Callable[[float], None] = lambda _: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(STUCK_AFTER_S)
            if not ready:
                raise Stuck("no task is ready and no timer is set: what is waited for will never happen")
            return ready
        self.jump(timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 1000.0 and moves only by timers; `clock` shows the same seconds as a `pbx.clock.Clock`."""

    def __init__(self, unix: float | None = None) -> None:
        self._jumping = _JumpingSelector()
        self.clock = VirtualClock() if unix is None else VirtualClock(unix)
        super().__init__(self._jumping)
        self._jumping.jump = self._jump

    def _jump(self, seconds: float) -> None:
        if seconds > 0:
            self.clock.advance(seconds)

    def time(self) -> float:
        return self.clock.monotonic()


def run_virtual(coroutine: Coroutine[Any, Any, T], unix: float | None = None) -> T:
    """Runs `coroutine` to its end on a new VirtualTimeLoop, as `asyncio.run` would; it begins at UTC seconds `unix`."""
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(unix)) as runner:
        return runner.run(coroutine)


def virtual_clock() -> VirtualClock:
    """The clock of the running VirtualTimeLoop, for code that takes a `pbx.clock.Clock`."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop), "this test does not run on a VirtualTimeLoop"
    return loop.clock
