"""The PBX with a watcher inside: every tick of its event loop that is late, and what the thread executed meanwhile.

    python -m bench.load.watched CONFIG LATE.csv

A late tick of which the loop's thread itself executed little was late because something else had the processor or the
interpreter's lock; one with as much processor time as lag was a turn of ours that took so long.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TextIO

from pbx.cli.serve import serve
from pbx.transport.loop_lag import LoopLag

PERIOD_S = 0.002
TOLD_S = 0.004  # lags from here on are written


class Watch:
    """Writes a line for each late tick: monotonic seconds, lag, the thread's and the process's processor time (ms)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out: TextIO) -> None:
        self._loop, self._out = loop, out
        self._due = time.monotonic()
        self._thread, self._process = time.thread_time(), time.process_time()
        self._tick()

    def _tick(self) -> None:
        now, thread, process = time.monotonic(), time.thread_time(), time.process_time()
        if now - self._due > TOLD_S:
            spent = (now - self._due, thread - self._thread, process - self._process)
            print(f"{now:.4f}", *(f"{1e3 * one:.2f}" for one in spent), sep=",", file=self._out, flush=True)
        self._thread, self._process = thread, process
        self._due = now + PERIOD_S
        self._loop.call_later(PERIOD_S, self._tick)


def main() -> None:
    """Serves until it is told to stop."""
    config, late = Path(sys.argv[1]), Path(sys.argv[2])
    start = LoopLag.start
    with late.open("w") as out:

        def started(self: LoopLag, loop: asyncio.AbstractEventLoop) -> None:
            start(self, loop)
            Watch(loop, out)

        LoopLag.start = started  # type: ignore[method-assign]
        sys.exit(serve(config))


if __name__ == "__main__":
    main()
