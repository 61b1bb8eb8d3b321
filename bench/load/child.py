"""A part of a bench in a process and, where there are four, on two processors of its own, spoken to by lines of JSON.

Two, although each relay is one busy thread: on one, rtpengine is at its limit at 500 calls, and whoever is saturated
finds more packets at each wake and pays less for each, with tens of milliseconds of delay.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CPUS = sorted(os.sched_getaffinity(0))


class Child:
    """Runs `python -m module arguments`; `ports` is its answer to the first line, `greeting`."""

    def __init__(self, module: str, arguments: list[str], greeting: Any) -> None:
        command = [sys.executable, "-m", module, *arguments]
        self._module = module
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if len(CPUS) >= 4:
            os.sched_setaffinity(self._process.pid, set(CPUS[:2]))
        self.ports: list[int] = self.ask(greeting)

    def ask(self, value: Any) -> Any:
        """Sends a line and waits for the answer. RuntimeError when the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._module} ended with status {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """Ends its input and waits for its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)

    def use(self, cpus: set[int]) -> None:
        """Other processors than those it has got."""
        os.sched_setaffinity(self._process.pid, cpus)
