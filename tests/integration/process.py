"""A PBX as a process of its own: started from a configuration, watched, stopped or killed."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import time
import urllib.request
from functools import cache
from pathlib import Path

from pbx.api.client import ControlClient, ControlError
from tests.support.zygote import Started, Zygote

ROOT = Path(__file__).resolve().parent.parent.parent
START_S = 30.0
CONFIG = """\
[server]
name = "process-test"
data_dir = "{data}"
[sip]
listen = ["udp:{host}:5060"]
[media]
listen = "{host}"
port_min = 20000
port_max = 20099
realtime = false
[http]
listen = "{host}:8080"
[[trunk]]
name = "test"
peers = ["{host}"]
[[number]]
number = "601"
application = "echo"
trunks = ["test"]
[[extension]]
number = "101"
secret = "a-long-secret-1"
[[agent]]
extension = "101"
[[queue]]
name = "sales"
agents = ["101"]
"""


REAL = (sys.executable, "-m", "pbx")


@cache
def zygote() -> Zygote:
    """One for all tests of this process."""
    one = Zygote()
    atexit.register(one.close)
    return one


class Process:
    """A `centrala serve` on an address of its own. `{data}` and `{host}` in the configuration are filled in;
    `command` is what is run with the arguments after it: `REAL` where the start itself counts, () is a fork.
    """

    def __init__(
        self,
        folder: Path,
        host: str,
        config: str = CONFIG,
        command: tuple[str, ...] = (),
        **environment: str,
    ) -> None:
        self.host = host
        self.data = folder / "data"
        self.config = folder / "centrala.toml"
        self.config.write_text(config.replace("{data}", str(self.data)).replace("{host}", host))
        self.config.chmod(0o600)
        self.log = folder / f"log-{time.monotonic_ns()}"
        self.control = ControlClient(self.data / "control.sock")
        arguments = ["--config", str(self.config), "serve"]
        self.process: subprocess.Popen[bytes] | Started
        if not command:
            self.process = zygote().start(arguments, log=self.log, environment={**os.environ, **environment})
            return
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
            )

    def wait_up(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            assert self.process.poll() is None, self.text()
            try:
                self.control.get("/status")
                return
            except ControlError:
                assert time.monotonic() < deadline, self.text()
            time.sleep(0.02)

    def text(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://{self.host}:8080{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
