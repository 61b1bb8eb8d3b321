"""A PBX process on loopback addresses of its own, reused by tests that share its configuration."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

from harness.ports import free_port6
from pbx.api.client import ControlClient, ControlError
from pbx.cli.certificate import write_certificate
from tests.support.crm_server import CrmServer
from tests.support.dns_server import DnsServer
from tests.support.smsc import Smsc
from tests.support.zygote import Started, Zygote

CRM = "{{net}}.8:8080"  # a configuration that names it has a CRM there
RECORDING_KEY = bytes(range(32))
START_S = 60.0
FIRST_HOST, HOSTS = 10, 110  # phones have .10 to .119; above are the carriers
REPOSITORY = Path(__file__).resolve().parent.parent.parent
SOUNDS = REPOSITORY / "build" / "sip-tests" / "sounds"
# Timers of RFC 3261 run on T1: a tenth of the usual makes 64*T1 six seconds, so that what lingers can be waited for.
T1_MS = 100


class PbxFailed(Exception):
    """The PBX did not start, or died; the text has the end of its log."""


class Network:
    """127.a.b.0/24 claimed for one PBX and its phones; the PBX is .1. Other runs on this machine keep away."""

    def __init__(self) -> None:
        self._host = FIRST_HOST
        for _ in range(500):
            # Blocks from 127.64 up: lower ones are common in hand-made set-ups.
            self.prefix = f"127.{random.randint(64, 250)}.{random.randint(1, 250)}"
            self._claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self._claim.bind((f"{self.prefix}.254", 5059))
                return
            except OSError:
                self._claim.close()
        raise OSError("no free 127.a.b.0/24 was found")

    def address(self, host: int) -> str:
        return f"{self.prefix}.{host}"

    def next_host(self) -> int:
        """A last octet for a phone; it comes again late only, when what is left of a failed behaviour is forgotten."""
        self._host = FIRST_HOST + (self._host + 1 - FIRST_HOST) % HOSTS
        return self._host

    def release(self) -> None:
        self._claim.close()


def write_recording_key(folder: Path) -> None:
    """{{folder}}/recording.key, for a configuration that encrypts recordings."""
    path = folder / "recording.key"
    path.write_text(RECORDING_KEY.hex(), encoding="ascii")
    path.chmod(0o600)


class Pbx:
    """One process. `config_text` is a template: {{net}} stands for the first three octets, {{folder}} for a folder of
    its own, {{port6}} for a port of ::1. With `zone` it has a DNS server at {{net}}.53:5353, with an
    [[sms.gateway]] an SMSC at {{net}}.9:2775.
    """

    def __init__(
        self, config_text: str, environment: dict[str, str], folder: Path, zone: str = "", *, zygote: Zygote
    ) -> None:
        self.zygote = zygote
        self.network = Network()
        self.address = self.network.address(1)
        self.folder = folder
        self.data_dir = folder / "data"
        self.log = folder / "pbx.log"
        shutil.rmtree(folder, ignore_errors=True)
        self.data_dir.mkdir(parents=True)
        self.port6 = free_port6()
        self.certificate = folder / "tls" / "certificate.pem"
        if "[tls]" in config_text:
            write_certificate(self.certificate.parent, [self.address], 30)
        self.dns: DnsServer | None = None
        if zone:
            self.dns = DnsServer(self.network.address(53), 5353)
            self.dns.zone(*zone.replace("{{net}}", self.network.prefix).strip().splitlines())
        self.smsc: Smsc | None = None
        if "[[sms.gateway]]" in config_text:
            self.smsc = Smsc(self.network.address(9), 2775).__enter__()
        self.crm: CrmServer | None = None
        if CRM in config_text:
            host, _, port = CRM.replace("{{net}}", self.network.prefix).partition(":")
            self.crm = CrmServer(host, int(port))
        if "recordings_key_file" in config_text:
            write_recording_key(folder)
        filled = config_text.replace("{{net}}", self.network.prefix).replace("{{folder}}", str(folder))
        self.config_path = folder / "pbx.toml"
        self.config_path.write_text(filled.replace("{{port6}}", str(self.port6)), encoding="utf-8")
        self.config_path.chmod(0o600)
        self.config: dict[str, Any] = tomllib.loads(self.config_path.read_text(encoding="utf-8"))
        self.control = ControlClient(self.data_dir / "control.sock")
        self.used_by: list[str] = []
        self.environment = {**os.environ, **self._defaults(), **environment}
        self._process: Started | None = None

    def start(self) -> None:
        """Starts it and waits until it answers on its control socket. Raises PbxFailed."""
        arguments = ["--config", str(self.config_path), "serve"]
        said = self.log.stat().st_size if self.log.exists() else 0
        self._process = self.zygote.start(arguments, log=self.log, environment=self.environment, folder=REPOSITORY)
        deadline = time.monotonic() + START_S
        while True:
            if not self.alive():
                raise PbxFailed(f"the PBX ended with status {self._process.returncode}:\n{self.log_end()}")
            try:
                # A caller who comes before the prompts of the start are made may hear a tone instead of one.
                if not self.control.get("/status")["prompts_left"] and self._serves(said):
                    return
                if time.monotonic() > deadline:
                    raise PbxFailed(f"the PBX was not ready after {START_S:g} s:\n{self.log_end()}")
            except ControlError as error:
                if time.monotonic() > deadline:
                    raise PbxFailed(f"the PBX was not up after {START_S:g} s: {error}\n{self.log_end()}") from None
            time.sleep(0.05)

    def _serves(self, said: int) -> bool:
        """Whether it has said so: its control socket is there a moment before all of its tasks are."""
        with self.log.open("rb") as log:
            log.seek(said)
            return b" serves\n" in log.read()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, as a power cut does it; `start` brings it back with the same data and addresses."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> list[str]:
        """SIGTERM, twice at most; returns what was wrong with the end."""
        if self._process is None:
            return []
        problems = []
        if not self.alive():
            problems.append(f"the PBX died with status {self._process.returncode}:\n{self.log_end()}")
        else:
            self._process.send_signal(signal.SIGTERM)
            try:
                status = self._process.wait(timeout=15)
                if status != 0:
                    problems.append(f"the PBX stopped with status {status}:\n{self.log_end()}")
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                problems.append(f"the PBX did not stop within 15 s of SIGTERM:\n{self.log_end()}")
        if self.dns is not None:
            self.dns.close()
        if self.smsc is not None:
            self.smsc.__exit__()
        if self.crm is not None:
            self.crm.close()
        self.network.release()
        return problems

    def log_end(self, lines: int = 20) -> str:
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def secret_of(self, extension: str) -> str:
        """The password of an extension; "" for a name that is none."""
        entries = self.config.get("extension", [])
        return next((entry["secret"] for entry in entries if entry["number"] == extension), "")

    def _defaults(self) -> dict[str, str]:
        t1_ms = self.config.get("sip", {}).get("t1_ms", T1_MS)
        defaults = {
            "CENTRALA_SERVER__DATA_DIR": str(self.data_dir),
            "CENTRALA_SPEECH__CACHE_DIR": str(REPOSITORY / "build" / "speech"),
            "CENTRALA_SIP__LISTEN": f'["udp:{self.address}:5060", "tcp:{self.address}:5060"]',
            "CENTRALA_SIP__T1_MS": str(t1_ms),
            "CENTRALA_MEDIA__LISTEN": self.address,
            "CENTRALA_MEDIA__MUSIC_DIR": str(SOUNDS),
            "CENTRALA_HTTP__LISTEN": "",
        }
        if "listen" in self.config.get("sip", {}):
            del defaults["CENTRALA_SIP__LISTEN"]
        if "http" in self.config:
            del defaults["CENTRALA_HTTP__LISTEN"]
        return defaults
