"""One PBX that is started and killed again and again on the same data directory."""

from __future__ import annotations

import time
from pathlib import Path

from pbx.api.client import ControlClient, ControlError
from tests.support.zygote import Started, Zygote

START_S = 30.0


class Forks:
    """`start`, `kill`, and `close` at the end. In the configuration {data} is its data directory."""

    def __init__(self, folder: Path, config: str) -> None:
        self.data = folder / "data"
        self.control = ControlClient(self.data / "control.sock")
        self.logs: list[Path] = []
        self._folder = folder
        self._config = folder / "centrala.toml"
        self._config.write_text(config.replace("{data}", str(self.data)))
        self._config.chmod(0o600)
        self._zygote = Zygote()
        self._process: Started | None = None

    def start(self) -> None:
        """Returns when it serves."""
        log = self._folder / f"log-{len(self.logs)}"
        self.logs.append(log)
        self._process = self._zygote.start(["--config", str(self._config), "serve"], log=log)
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
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_S)
            self._process = None

    def close(self) -> None:
        self.kill()
        self._zygote.close()

    def text(self) -> str:
        return "".join(log.read_text() for log in self.logs)
