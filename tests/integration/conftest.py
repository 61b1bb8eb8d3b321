"""One PBX process that the hostile tests of this folder share; each of them has to leave it as it was."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pbx.cli.certificate import write_certificate
from tests.integration.bare import Bare
from tests.integration.process import ROOT, Process

SECRETS = {str(number): f"quite-secret-{number}-word" for number in range(101, 109)}
CONFIG = """\
[server]
data_dir = "{data}"
[sip]
listen = ["udp:{host}:5060", "tcp:{host}:5060", "tls:{host}:5061"]
t1_ms = 50
max_calls_per_s = 2000
[media]
listen = "{host}"
port_min = 20000
port_max = 25999
realtime = false
rtp_timeout_s = 2.0
[http]
listen = "{host}:8080"
listen_tls = "{host}:8443"
[tls]
certificate = "{tls}/certificate.pem"
key = "{tls}/key.pem"
[bans]
allow = ["{net}.64"]
[[trunk]]
name = "carrier"
peers = ["{net}.250"]
host = "{net}.251"
application = "echo"
max_calls = 2000
[[route]]
match = "0"
trunk = "carrier"
[[number]]
number = "601"
application = "echo"
"""
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
EXTENSION = """\
[[extension]]
number = "{number}"
secret = "{secret}"
max_calls = 20
outbound = true
{more}
"""
RING = {"105": "106", "106": "107", "107": "105"}  # who forwards to whom


class House:
    """The PBX and addresses around it: `host(n)` is a neighbour, .250 the trunk that may call in, .251 its far end."""

    def __init__(self, folder: Path) -> None:
        self.net = f"127.22.{os.getpid() % 250 + 1}"
        extensions = "".join(
            EXTENSION.format(
                number=number,
                secret=secret,
                more=f'forward_unregistered = "{RING[number]}"' if number in RING else "",
            )
            for number, secret in SECRETS.items()
        )
        self.certificate, _ = write_certificate(folder / "tls", [self.host(1)], 30)
        config = CONFIG.replace("{net}", self.net).replace("{tls}", str(folder / "tls")) + extensions
        self.sent = folder / "sent"  # addresses that the main thread sent datagrams or connected to
        watched = (sys.executable, str(ROOT / "tests" / "integration" / "watched.py"), str(self.sent))
        self.process = Process(folder, self.host(1), config, watched)
        self._hosts = iter(range(2, 240))

    def host(self, number: int) -> str:
        return f"{self.net}.{number}"

    def phone(self, user: str = "nobody", secret: str = "", host: int = 0, port: int = 0) -> Bare:
        """At an address of its own unless `host` says which; `user` 101 to 108 are accounts."""
        return Bare(self.host(host or next(self._hosts)), self.host(1), user, secret or SECRETS.get(user, "?"), port)

    def rss(self) -> int:
        """Bytes."""
        for line in Path(f"/proc/{self.process.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the PBX is gone")

    def leaks(self) -> dict[str, int]:
        answer: dict[str, int] = self.process.control.get("/leaks")
        return answer

    def until(self, condition: Callable[[], object], what: str, timeout_s: float = 30.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"never: {what}; {self.leaks()}"
            time.sleep(0.02)

    def idle(self, timeout_s: float = 30.0) -> None:
        """Until no call, dialog or stream is left, whatever was done."""
        keys = ("calls", "legs", "sessions", "streams", "rtp_ports")
        self.until(lambda: not any(self.leaks()[key] for key in keys), "idle", timeout_s)

    def log(self) -> str:
        return self.process.text()

    def unharmed(self) -> None:
        """Alive, answering, and without a bug in the log."""
        with self.phone(host=2) as friend:
            assert friend.options(2.0).status == 200
        text = self.log()
        assert "Traceback" not in text, text[-3000:]
        assert "ERROR" not in text, text[-3000:]
        assert not CONTROLS.search(text), "R11: what comes from outside must not reach a terminal as it is"


@pytest.fixture(scope="session")
def the_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    try:
        house.process.wait_up()
        yield house
    finally:
        house.process.kill()


@pytest.fixture
def house(the_house: House) -> Iterator[House]:
    yield the_house
    the_house.idle()
    the_house.unharmed()
