"""Janus AudioBridge (Debian's janus) as the conference under test: plain RTP participants, driven by HTTP."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import orjson

PROGRAM = "janus"
IP = "127.0.0.1"  # it takes only addresses that an interface lists
TICK_HZ = os.sysconf("SC_CLK_TCK")
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")
RATE = 8000  # Hz of the rooms: PCMU's own, so that nothing is resampled

GENERAL = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    debug_level = 2
    session_timeout = 0
}}
nat: {{ ice_lite = true }}
plugins: {{ disable = "{others}" }}
transports: {{ disable = "{others_to_talk}" }}
"""
HTTP = """
general: {{ json = "compact" base_path = "/janus" http = true port = {port} ip = "{ip}" https = false }}
admin: {{ admin_http = false admin_https = false }}
"""
BRIDGE = """
general: {{ local_ip = "{ip}" rtp_port_range = "20000-29999" }}
"""


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None and (LIBRARIES / "plugins/libjanus_audiobridge.so").exists()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((IP, 0))
        return int(probe.getsockname()[1])


def _all_but(kind: str, name: str) -> str:
    return ",".join(path.name for path in (LIBRARIES / kind).glob("libjanus_*.so") if name not in path.name)


class Janus:
    """One daemon on IP with nothing but the AudioBridge and HTTP. RuntimeError with its words on failure."""

    def __init__(self) -> None:
        port = _free_port()
        self._url = f"http://{IP}:{port}/janus"
        self._folder = tempfile.TemporaryDirectory(prefix="bench-janus-")
        folder = Path(self._folder.name)
        (folder / "janus.jcfg").write_text(
            GENERAL.format(
                folder=folder,
                libraries=LIBRARIES,
                others=_all_but("plugins", "audiobridge"),
                others_to_talk=_all_but("transports", "http"),
            )
        )
        (folder / "janus.transport.http.jcfg").write_text(HTTP.format(ip=IP, port=port))
        (folder / "janus.plugin.audiobridge.jcfg").write_text(BRIDGE.format(ip=IP))
        self._log = folder / "janus.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "-F", str(folder), "-i", IP], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        self._numbers = itertools.count()
        self._await_start()
        self._session = int(self._post("", {"janus": "create"})["data"]["id"])

    def _await_start(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"{self._url}/info", timeout=1).read()
                return
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline or self._process.poll() is not None:
                    words = self._log.read_text(errors="replace")[-800:]
                    self.stop()
                    raise RuntimeError(f"janus does not answer: {words}") from None
                time.sleep(0.1)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        body = {**body, "transaction": f"t{next(self._numbers)}"}
        request = urllib.request.Request(
            self._url + path, data=orjson.dumps(body), headers={"Content-Type": "application/json"}
        )
        answer: dict[str, Any] = orjson.loads(urllib.request.urlopen(request, timeout=10).read())
        if answer.get("janus") == "error":
            raise RuntimeError(f"janus refused {body['janus']}: {answer['error']}")
        return answer

    def _handle(self) -> str:
        answer = self._post(f"/{self._session}", {"janus": "attach", "plugin": "janus.plugin.audiobridge"})
        return f"/{self._session}/{answer['data']['id']}"

    def open_room(self, room: int) -> None:
        """A room of RATE that takes plain RTP and tells nothing while it runs."""
        wanted = {"request": "create", "room": room, "sampling_rate": RATE, "allow_rtp_participants": True}
        answer = self._post(self._handle(), {"janus": "message", "body": {**wanted, "audiolevel_event": False}})
        if answer["plugindata"]["data"].get("audiobridge") != "created":
            raise RuntimeError(f"janus opened no room: {answer['plugindata']['data']}")

    def join(self, room: int, ip: str, port: int) -> int:
        """A PCMU participant at ip:port; the port to which it has to send."""
        rtp = {"ip": ip, "port": port, "payload_type": 0}
        body = {"request": "join", "room": room, "codec": "pcmu", "rtp": rtp, "muted": False}
        self._post(self._handle(), {"janus": "message", "body": body})
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            event = orjson.loads(urllib.request.urlopen(f"{self._url}/{self._session}", timeout=35).read())
            data = event.get("plugindata", {}).get("data", {})
            if "error" in data:
                raise RuntimeError(f"janus let nobody in: {data['error']}")
            if data.get("audiobridge") == "joined" and "rtp" in data:
                return int(data["rtp"]["port"])
        raise RuntimeError("janus named no port within 10 s")

    def cpu_s(self) -> float:
        """User and system seconds of all its threads so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK_HZ

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()
