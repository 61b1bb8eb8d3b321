"""Two baresips that call each other through a PBX, in a network namespace of their own: TRANSPORT FOLDER [CODEC CODEC].

Run by test_baresip.py under `unshare --net`; ends with status 0 when the call was bridged and both tones are in its
recording. baresip takes no loopback addresses, so a pair of virtual interfaces gives others.
"""

from __future__ import annotations

import subprocess
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pbx.cli.certificate import write_certificate
from tests.integration.process import REAL, Process

PBX = "10.99.0.1"
PHONES = {"101": ("10.99.0.2", 440), "102": ("10.99.0.3", 620)}
RATE = 8000
# What baresip calls a codec, and the rate of the sound that it wants for it.
CODECS = {"PCMA": ("PCMA/8000/1", 8000), "G722": ("G722/16000/1", 16000), "opus": ("opus/48000/1", 48000)}
MODULES = "/usr/lib/baresip/modules"
CONFIG = """\
[server]
data_dir = "{data}"
[sip]
domain = "pbx.test"
listen = ["udp:{host}:5060", "tcp:{host}:5060", "tls:{host}:5061"]
max_calls = 10
[tls]
certificate = "{tls}/certificate.pem"
key = "{tls}/key.pem"
[media]
listen = "{host}"
port_min = 20000
port_max = 20099
realtime = false
codecs = ["PCMA", "PCMU", "G722", "opus", "L16"]
[http]
listen = ""
"""
EXTENSION = """\
[[extension]]
number = "{number}"
secret = "quite-secret-{number}"
record = true
"""
BARESIP = """\
sip_listen {address}:0
sip_cafile {certificate}
sip_verify_server yes
net_interface {interface}
audio_source aufile,{folder}/say.wav
module_path {modules}
module g711.so
module g722.so
module opus.so
module l16.so
module aufile.so
opus_stereo no
opus_sprop_stereo no
module_tmp uuid.so
module_tmp account.so
module_app menu.so
"""
ACCOUNT = (
    "<sip:{number}@pbx.test;transport={transport}>;auth_pass=quite-secret-{number};regint=60;answermode=auto;"
    'sipnat=outbound;outbound="sip:{pbx}:{port};transport={transport}";audio_codecs={codec}\n'
)


def set_up_network() -> None:
    commands = ["link set lo up", "link add v0 type veth peer name v1", "link set v0 up", "link set v1 up"]
    commands += [f"address add {PBX}/24 dev v0"]
    commands += [f"address add {address}/24 dev v0" for address, _ in PHONES.values()]
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)


def start_phone(
    number: str, transport: str, folder: Path, certificate: Path, dial: str, codec: str = "PCMA"
) -> subprocess.Popen[bytes]:
    address, tone = PHONES[number]
    folder.mkdir()
    name, rate = CODECS[codec]
    write_tone(folder / "say.wav", tone, rate)
    (folder / "config").write_text(
        BARESIP.format(address=address, certificate=certificate, interface=address, folder=folder, modules=MODULES)
    )
    port = 5061 if transport == "tls" else 5060
    (folder / "accounts").write_text(ACCOUNT.format(number=number, transport=transport, pbx=PBX, port=port, codec=name))
    (folder / "contacts").write_text("")
    command = ["baresip", "-f", str(folder), "-s", "-t", "30"]
    command += ["-e", f"/dial sip:{dial}@pbx.test"] if dial else []
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def write_tone(path: Path, hertz: float, rate: int = RATE) -> None:
    samples = (8000 * np.sin(2 * np.pi * hertz * np.arange(10 * rate) / rate)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def tones(path: Path) -> list[float]:
    """The strongest frequency of each channel of a recording, in Hz; 0.0 for silence."""
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2
        rate, channels = file.getframerate(), file.getnchannels()
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels).astype(float)
    found = []
    for channel in data[-2 * rate :].T:
        spectrum = np.abs(np.fft.rfft(channel * np.hanning(len(channel))))
        loud = np.abs(channel).max() > 1000
        found.append(float(np.argmax(spectrum) * rate / len(channel)) if loud else 0.0)
    return found


def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


def main() -> None:
    transport, folder = sys.argv[1], Path(sys.argv[2])
    caller, callee = sys.argv[3:5] or ("PCMA", "PCMA")
    set_up_network()
    certificate, _ = write_certificate(folder / "tls", [PBX], 30)
    config = CONFIG.replace("{tls}", str(folder / "tls")) + "".join(EXTENSION.format(number=name) for name in PHONES)
    process = Process(folder, PBX, config, REAL)
    phones = []
    try:
        process.wait_up()
        phones.append(start_phone("102", transport, folder / "102", certificate, "", callee))

        def registered(number: str) -> bool:
            found = process.control.get("/registrations")
            return any(each["extension"] == number and each["transport"] == transport for each in found)

        until(lambda: registered("102"), "102 is registered")
        phones.append(start_phone("101", transport, folder / "101", certificate, "102", caller))
        until(lambda: [call["state"] for call in process.control.get("/calls")] == ["bridged"], "the call is bridged")
        time.sleep(2.5)
        assert [call["state"] for call in process.control.get("/calls")] == ["bridged"], "it goes on"
        phones.pop().terminate()
        until(lambda: not process.control.get("/calls"), "the call is over")
        phones.pop().terminate()
        until(lambda: not process.control.get("/registrations"), "both took their registrations back")
    finally:
        for phone in phones:
            phone.kill()
        process.kill()
    recording = next((folder / "data" / "recordings").rglob("*.wav"))
    wanted = [tone for _, tone in PHONES.values()]
    got = tones(recording)
    assert len(got) == 2, got
    assert all(abs(one - other) < 10 for one, other in zip(got, wanted, strict=True)), f"{got} Hz, not {wanted}"


if __name__ == "__main__":
    main()
