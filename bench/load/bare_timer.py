"""What the machine itself does to a timer: a process that only sleeps, under SCHED_FIFO above the media threads.

Its late ticks are the limit for anybody on this machine at this time: a virtual processor taken away for 10 ms
makes every thread on it late. `python -m bench.load.bare_timer` runs it until a line comes on its standard input.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time

from bench.load.machine import PBX_CPUS

PERIOD_S = 0.002  # the media threads' tick
LATE_S = 0.010  # what they call late
PRIORITY = 6  # theirs is 5


def watch() -> tuple[int, float, float]:
    """Until standard input is readable: how many ticks were late, the 99th percentile of the lateness and the longest
    one (ms)."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    lateness: list[float] = []
    due = time.monotonic() + PERIOD_S
    while True:
        if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            lateness.sort()
            p99 = lateness[int(len(lateness) * 0.99)] if lateness else 0.0
            return sum(value > LATE_S for value in lateness), p99 * 1000, max(lateness, default=0.0) * 1000
        now = time.monotonic()
        lateness.append(now - due)
        due = max(due + PERIOD_S, now - PERIOD_S)


class BareTimer:
    """Runs `watch` beside the product, on the same processors; its results are known after the block.

    With `everywhere` one runs on each of them: a processor that is taken away makes only what is on it late. Then the
    late ticks are all of theirs, and the lateness is that of the latest.
    """

    late = 0
    p99_ms = 0.0
    worst_ms = 0.0

    def __init__(self, *, everywhere: bool = False) -> None:
        pinned = [["taskset", "-c", cpu] for cpu in PBX_CPUS[-1].split(",")] if everywhere and PBX_CPUS else [PBX_CPUS]
        self._commands = [[*place, sys.executable, "-m", "bench.load.bare_timer"] for place in pinned]
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> BareTimer:
        pipe = subprocess.PIPE
        self._processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for command in self._commands]
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            out, _err = process.communicate("stop\n", timeout=30)
            late, p99, worst = out.split()
            self.late += int(late)
            self.p99_ms, self.worst_ms = max(self.p99_ms, float(p99)), max(self.worst_ms, float(worst))


if __name__ == "__main__":
    print(*watch())
