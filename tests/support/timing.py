"""Time limits that hold on a busy machine: the fastest of several runs counts, or what the machine itself was late is
allowed for."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

NAP_S = 0.005


def fastest(call: Callable[[], object], *allowed: type[Exception], runs: int = 5) -> float:
    """Processor seconds of the fastest run of `call`; exceptions of the `allowed` types are a result like any other."""
    best = float("inf")
    for _ in range(runs):
        start = time.thread_time()
        with contextlib.suppress(*allowed):
            call()
        best = min(best, time.thread_time() - start)
    return best


class Lateness:
    """`with Lateness() as late`: how late this process is woken meanwhile, which is nothing on a machine at rest."""

    def __init__(self) -> None:
        self._late_s: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._nap, daemon=True)

    def _nap(self) -> None:
        while True:
            began = time.monotonic()
            if self._over.wait(NAP_S):
                return
            self._late_s.append(max(0.0, time.monotonic() - began - NAP_S))

    def __enter__(self) -> Lateness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def quantile(self, share: float) -> float:
        """Seconds that no more than 1 - `share` of the naps were late by."""
        late_s = sorted(self._late_s)
        return late_s[min(int(share * len(late_s)), len(late_s) - 1)] if late_s else 0.0
