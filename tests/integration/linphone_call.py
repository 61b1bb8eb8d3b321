"""Two linphones that call each other through a PBX, in a network namespace of their own: FOLDER.

Run by test_linphone.py under `unshare --net`. Status 0 when the call was bridged, session timers were agreed on (RFC
4028), the caller held and resumed the call, and both ended it in good order.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.integration.process import REAL, Process

PBX = "127.0.0.9"
PORTS = {"101": 5090, "102": 5092}
CONFIG = """\
[server]
data_dir = "{data}"
[sip]
domain = "pbx.test"
listen = ["udp:{host}:5060"]
max_calls = 10
prack = "supported"
[media]
listen = "{host}"
port_min = 20000
port_max = 20099
realtime = false
[http]
listen = ""
"""
EXTENSION = """\
[[extension]]
number = "{number}"
secret = "quite-secret-{number}"
"""
LINPHONE = """\
[sip]
sip_port={port}
sip_tcp_port=0
sip_tls_port=0
default_proxy=0
register_only_when_network_is_up=0
session_expires_enabled=1
session_expires_value=120
session_expires_min=90
[rtp]
audio_rtp_port={rtp}
[auth_info_0]
username={number}
passwd=quite-secret-{number}
realm=pbx.test
[proxy_0]
reg_proxy=<sip:{pbx};transport=udp>
reg_identity=sip:{number}@pbx.test
reg_expires=600
reg_sendregister=1
publish=0
"""


class Linphone:
    """One linphonec, told what to do by its standard input."""

    def __init__(self, number: str, folder: Path, *, answers: bool = False) -> None:
        (folder / ".local/share/linphone").mkdir(parents=True)
        port = PORTS[number]
        rc = folder / "linphonerc"
        rc.write_text(LINPHONE.format(number=number, port=port, rtp=port + 2000, pbx=PBX))
        self.log = folder / "log"
        command = ["linphonec", "-c", str(rc), "-d", "6", "-l", str(self.log), *(["-a"] if answers else [])]
        with (folder / "out").open("wb") as out:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
            )

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def until(condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def main() -> None:
    folder = Path(sys.argv[1])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    process = Process(folder, PBX, CONFIG + "".join(EXTENSION.format(number=number) for number in PORTS), REAL)
    phones: list[Linphone] = []
    try:
        process.wait_up()
        for number in PORTS:
            phones.append(Linphone(number, folder / number, answers=number == "102"))
        caller, callee = phones

        def registered() -> bool:
            return {row["extension"] for row in process.control.get("/registrations")} == set(PORTS)

        until(registered, "both are registered")
        caller.say(f"call sip:102@{PBX}")
        until(lambda: [call["state"] for call in process.control.get("/calls")] == ["bridged"], "the call is bridged")
        until(lambda: "Session-Expires: 120;refresher=" in caller.text(), "the caller has a session timer")
        until(lambda: "Session-Expires: " in callee.text(), "the callee has a session timer")
        caller.say("pause")
        until(lambda: "a=recvonly" in caller.text(), "the hold is answered")
        caller.say("resume 1")
        until(
            lambda: caller.text().count("\nSIP/2.0 200 OK") >= 4, "the call is resumed"
        )  # REGISTER, and three INVITEs
        assert [call["state"] for call in process.control.get("/calls")] == ["bridged"], "it goes on"
        caller.say("terminate all")
        until(lambda: not process.control.get("/calls"), "the call is over")
        until(lambda: "\nBYE " in callee.text(), "the callee is hung up")
    finally:
        for phone in phones:
            phone.close()
        process.kill()


if __name__ == "__main__":
    main()
