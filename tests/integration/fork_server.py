"""Starts the PBX many times cheaply: this process has imported it, and forks one for each `start`.

`python -m tests.integration.fork_server` reads commands from standard input: "start CONFIG LOG" answers with the
process id, "kill PID" cuts its power and answers when it is gone. `Forks` is the other side.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pbx.app.run  # noqa: F401 - what takes long, once
from pbx.api.client import ControlClient, ControlError
from pbx.cli.serve import serve

ROOT = Path(__file__).resolve().parent.parent.parent
START_S = 30.0


def start(config: str, log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (file, 1), (file, 2)):
            os.dup2(source, target)
        status = serve(Path(config))
    finally:
        os._exit(status)


def main() -> None:
    for line in sys.stdin:
        what, *arguments = line.split()
        if what == "start":
            print(start(*arguments), flush=True)
        else:
            os.kill(int(arguments[0]), signal.SIGKILL)
            os.waitpid(int(arguments[0]), 0)
            print("gone", flush=True)


class Forks:
    """One PBX at a time, on the same data directory: `start`, `kill`."""

    def __init__(self, folder: Path, config: str) -> None:
        self.data = folder / "data"
        self.control = ControlClient(self.data / "control.sock")
        self.logs: list[Path] = []
        self._folder = folder
        self._config = folder / "centrala.toml"
        self._config.write_text(config.replace("{data}", str(self.data)))
        self._config.chmod(0o600)
        self._pid = 0
        command = [sys.executable, "-m", "tests.integration.fork_server"]
        self._server = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self) -> None:
        """Returns when it serves."""
        log = self._folder / f"log-{len(self.logs)}"
        self.logs.append(log)
        self._pid = int(self._ask(f"start {self._config} {log}"))
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.control.get("/status")
                return
            except (ControlError, OSError):
                assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        pid, self._pid = self._pid, 0
        if pid:
            assert self._ask(f"kill {pid}") == "gone"

    def close(self) -> None:
        self.kill()
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.wait(10)
        self._server.stdout.close()

    def text(self) -> str:
        return "".join(log.read_text() for log in self.logs)

    def _ask(self, line: str) -> str:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(line + "\n")
        return self._server.stdout.readline().strip()


if __name__ == "__main__":
    main()
