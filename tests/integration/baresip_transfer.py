"""Three baresips: one calls another and transfers it to the third. FOLDER.

Run by test_baresip_transfer.py under `unshare --net`; ends with status 0 when the two who are left talk to each other
and the transferor has hung up after its NOTIFYs.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

from pbx.cli.certificate import write_certificate
from tests.integration import baresip_call as baresip
from tests.integration.process import REAL, Process

PHONES = {"101": ("10.99.0.2", 440), "102": ("10.99.0.3", 620), "103": ("10.99.0.4", 880)}
CONTROL_PORT = 44000
MORE = """\
module ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{port}
"""


def start_phone(number: str, folder: Path, certificate: Path) -> subprocess.Popen[bytes]:
    address, tone = PHONES[number]
    folder.mkdir()
    baresip.write_tone(folder / "say.wav", tone)
    config = baresip.BARESIP.format(
        address=address, certificate=certificate, interface=address, folder=folder, modules=baresip.MODULES
    )
    (folder / "config").write_text(config + MORE.format(port=CONTROL_PORT + int(number)))
    account = baresip.ACCOUNT.format(number=number, transport="tcp", pbx=baresip.PBX, port=5060, codec="PCMA/8000/1")
    (folder / "accounts").write_text(account)
    (folder / "contacts").write_text("")
    with (folder / "log").open("wb") as log:
        command = ["baresip", "-f", str(folder), "-s", "-t", "40"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def command(number: str, name: str, params: str = "") -> str:
    """Gives a command to a phone (ctrl_tcp: JSON in netstrings); its answer as text."""
    text = json.dumps({"command": name, "params": params, "token": "1"})
    with socket.create_connection(("127.0.0.1", CONTROL_PORT + int(number)), timeout=5) as plug:
        plug.sendall(f"{len(text)}:{text},".encode())
        return plug.recv(4096).decode()


def main() -> None:
    folder = Path(sys.argv[1])
    baresip.PHONES = PHONES
    baresip.set_up_network()
    certificate, _ = write_certificate(folder / "tls", [baresip.PBX], 30)
    config = baresip.CONFIG.replace("{tls}", str(folder / "tls"))
    config += "".join(baresip.EXTENSION.format(number=number) for number in PHONES)
    process = Process(folder, baresip.PBX, config, REAL)
    phones = []
    try:
        process.wait_up()
        phones = [start_phone(number, folder / number, certificate) for number in PHONES]
        control = process.control
        baresip.until(lambda: len(control.get("/registrations")) == 3, "all are registered")
        command("101", "dial", "sip:102@pbx.test")
        baresip.until(lambda: [call["state"] for call in control.get("/calls")] == ["bridged"], "the call is bridged")
        time.sleep(1.0)
        command("101", "transfer", "sip:103@pbx.test")

        def transferred() -> bool:
            calls = [(call["caller"], call["callee"], call["state"]) for call in control.get("/calls")]
            return calls == [("102", "103", "bridged")]

        baresip.until(transferred, "102 talks to 103, and 101 hung up")
        time.sleep(2.5)
        assert transferred(), "it goes on"
        for phone in phones:
            phone.terminate()
        baresip.until(lambda: not control.get("/calls"), "the call is over")
    finally:
        for phone in phones:
            phone.kill()
        process.kill()
    sounds = sorted((folder / "data" / "recordings").rglob("*.wav"), key=lambda path: path.stat().st_mtime)
    got = baresip.tones(sounds[-1])
    assert all(abs(one - other) < 10 for one, other in zip(got, (620, 880), strict=True)), (
        f"{got} Hz after the transfer"
    )


if __name__ == "__main__":
    main()
