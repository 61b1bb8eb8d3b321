"""A child process that answers one question, begun so that calls notice nothing.

The event loop's own way forks the process, which copies the page tables of a large one, and waits for the program to
begin: 15 ms of processor time and twice as much by the clock, in which nothing else is served. A thread begins it with
vfork, which copies nothing, and waits for it.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

AT_ONCE = 8  # threads; who asks has a smaller limit of his own
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="child")


class ChildFailed(Exception):
    """It ended with another status than 0; `status` is it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the process ended with status {status}")
        self.status = status


async def answer_of(module: str, question: bytes, timeout_s: float) -> bytes:
    """What `python -m module` writes to standard output when it reads `question`. Raises TimeoutError and ChildFailed;
    the process is ended when nobody waits for it any more.
    """
    child = _Child()
    try:
        async with asyncio.timeout(timeout_s):
            answer, status = await asyncio.get_running_loop().run_in_executor(_threads, child.run, module, question)
    finally:
        child.end()
    if status:
        raise ChildFailed(status)
    return answer


class _Child:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._over = False

    def run(self, module: str, question: bytes) -> tuple[bytes, int]:
        """In a thread: (what it wrote, its status)."""
        with self._lock:
            if self._over:
                return b"", 0
            command = (sys.executable, "-m", module)
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        with self._process as process:
            answer, _ = process.communicate(question)
            return answer, process.returncode

    def end(self) -> None:
        """Idempotent; the thread then comes to its end."""
        with self._lock:
            self._over = True
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
