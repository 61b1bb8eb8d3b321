"""How long the event loop is held while reports are made: every report over REST, lists of calls behind figures, a page
by e-mail, Parquet, figures of agents and queues; with calls, beside the same calls without reports.

    python -m bench.load.report_lag FOLDER   # of `centrala demo-data`; its database is copied
"""

from __future__ import annotations

import os
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import orjson

from bench.load import sipp
from bench.load.bare_timer import BareTimer
from bench.load.machine import LOAD_CPUS, PBX_CPUS, describe
from bench.load.pbx import CALLER, CONFIG, HOST
from pbx.api.client import ControlClient

CALLS_PER_S, HOLD_MS = 5.0, 3000
QUIET_S = 20.0
AT_ONCE = 3
LONG = ("queues", "agents", "lost", "customers", "redials", "missed_money")  # these of the whole year
FIGURES = ("SL4", "MISSED", "AGENT.ANSWERED", "FCR.PROXY")
LATE_MS = 10.0
MORE = """
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "pbx@bench.example"
[[report_schedule]]
name = "bench"
at = "{at}"
reports = ["page", "queues"]
recipients = ["boss@bench.example"]
"""


class Mail(socketserver.StreamRequestHandler):
    """Takes any mail."""

    taken = threading.Event()

    def handle(self) -> None:
        self.wfile.write(b"220 bench\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                Mail.taken.set()
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")


def write_config(folder: Path, year: Path, port: int) -> Path:
    """The configuration of the load tests with that of the demo year, and a page that is due in the second minute."""
    (folder / "var").mkdir()
    shutil.copy(year / "data" / "centrala.db", folder / "var" / "centrala.db")
    demo = (year / "centrala.toml").read_text()
    common = {
        "data": folder / "var",
        "host": HOST,
        "caller": CALLER,
        "holder": CALLER,
        "agent_names": "",
        "record": "false",
    }
    at = (datetime.now().astimezone() + timedelta(seconds=100)).strftime("%H:%M")
    text = CONFIG.format(**common, digits="rtp").replace(f'"{CALLER}", "{CALLER}"', f'"{CALLER}"')
    config = folder / "centrala.toml"
    config.write_text(text + demo[demo.index("[[") :] + MORE.format(port=port, at=at))
    config.chmod(0o600)
    return config


class House:
    """The PBX of the demo year with a watcher inside."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.late, self.config, self.control = folder / "late.csv", config, ControlClient(folder / "var/control.sock")
        command = [*PBX_CPUS, sys.executable, "-m", "bench.load.watched", str(config), str(self.late)]
        with (folder / "pbx.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        for _ in range(900):
            if self.process.poll() is not None:
                raise RuntimeError((folder / "pbx.log").read_text()[-3000:])
            try:
                urllib.request.urlopen(f"http://{HOST}:8080/healthz", timeout=1).read()
                break
            except OSError:
                time.sleep(0.1)
        self.control.request("POST", "/users", {"login": "bench", "role": "admin"})
        self._token = self.control.request("POST", "/tokens", {"name": "bench", "user": "bench"})["token"]

    def get(self, path: str) -> bytes:
        """An answer of the REST API; one that refuses is an error of the bench."""
        request = urllib.request.Request(
            f"http://{HOST}:8080/api/v1{path}", headers={"Authorization": f"Bearer {self._token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.code} {error.read().decode()[:300]}") from None

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def lates(self, since: float, until: float) -> list[tuple[float, ...]]:
        """(when, lag, thread's and process's processor time in ms) of late ticks."""
        rows = [tuple(map(float, line.split(","))) for line in self.late.read_text().splitlines()]
        return [row for row in rows if since <= row[0] < until]


def phase(name: str, house: House, folder: Path, work: Callable[[], object]) -> dict[str, float]:
    """What the loop did meanwhile."""
    calls = sipp.caller(folder, f"{HOST}:5060", "601", CALLER, rate=CALLS_PER_S, calls=10_000, hold_ms=HOLD_MS)
    began = time.monotonic()
    try:
        with BareTimer(everywhere=True) as bare:
            work()
    finally:
        ended = time.monotonic()
        calls.stop()
    rows = house.lates(began, ended)
    ours = [row for row in rows if min(row[1], row[2]) > LATE_MS]
    found = {
        "seconds": ended - began,
        "late": sum(row[1] > LATE_MS for row in rows),
        "worst_ms": max((row[1] for row in rows), default=0.0),
        "ours": len(ours),
        "turn_ms": max((row[2] for row in rows), default=0.0),
        "bare_late": bare.late,
        "bare_worst_ms": bare.worst_ms,
    }
    print(name, *(f"{key} {value:.1f}" for key, value in found.items()), sep="  ", flush=True)
    for row in sorted(rows, key=lambda row: -row[2])[:5]:
        spent = f"{row[1]:.1f} ms late, the thread ran {row[2]:.1f} ms, the process {row[3]:.1f}"
        print(f"    at {row[0] - began:6.1f} s: {spent}")
    return found


def reports(house: House) -> list[str]:
    """What is asked for."""
    last = date.today() - timedelta(days=1)
    year, week = (f"from={last - timedelta(days=days)}&to={last}" for days in (364, 6))
    names = [one["name"] for one in orjson.loads(house.get("/reports?limit=200"))["items"]]
    paths = [f"/reports/{name}?{year if name in LONG else week}" for name in names]
    paths += [f"/reports/queues?{week}&format=csv", f"/reports/queues?{week}&per=15min"]
    paths += [f"/figures/calls?figure={one}&{year}&limit=1000" for one in FIGURES]
    return paths


def ask_all(house: House, paths: list[str]) -> None:
    """A few at a time, as a page of the panel does; between them what a wall board asks for."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for at, _ in enumerate(threads.map(house.get, paths)):
            if at % 4 == 0:
                for path in ("/queues", "/agents", "/cdrs?limit=50", "/calls"):
                    house.get(path)


def parquet(house: House, folder: Path) -> None:
    command = [
        *LOAD_CPUS,
        sys.executable,
        "-m",
        "pbx",
        "-c",
        str(house.config),
        "export",
        "parquet",
        str(folder / "parquet"),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Prints a line for each phase, and the turns of the loop that took longest."""
    year = Path(sys.argv[1])
    mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)
    mail.daemon_threads = True
    threading.Thread(target=mail.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(dir=os.environ.get("CENTRALA_BENCH_DIR")) as place:
        folder = Path(place)
        house = House(folder, write_config(folder, year, mail.server_address[1]))
        try:
            print(describe())
            phase("quiet", house, folder, lambda: time.sleep(QUIET_S))
            paths = reports(house)
            phase(f"{len(paths)} reports", house, folder, lambda: ask_all(house, paths))
            phase("parquet", house, folder, lambda: parquet(house, folder))
            phase("mail", house, folder, lambda: Mail.taken.wait(150))
            print("mail came" if Mail.taken.is_set() else "no mail came")
            print(
                house.control.request("GET", "/status")["loop_lag_p99_ms"],
                "ms: 99th percentile of the PBX's own metric",
            )
        finally:
            house.stop()


if __name__ == "__main__":
    main()
