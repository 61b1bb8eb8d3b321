"""The product as the process under test: started as a user starts it, watched through /proc and /metrics."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.load.machine import PBX_CPUS

NET = os.environ.get("CENTRALA_BENCH_NET", "127.91.0")  # two runs at once need two
HOST = f"{NET}.10"
CALLER = f"{NET}.1"  # a trunk's address: its calls need no digest, as in the peers' rows
CALLEE = f"{NET}.3"
HOLDER = f"{NET}.2"  # another trunk's, whose calls stay up
PHONE = f"{NET}.4"  # nobody's: a phone that has to prove who it is
AGENTS = f"{NET}.20"
TICK_HZ = os.sysconf("SC_CLK_TCK")

CONFIG = """
[server]
name = "bench"
data_dir = "{data}"
log_level = "warning"
[sip]
listen = ["udp:{host}:5060"]
domain = "bench"
realtime = true
max_calls = 20000
max_calls_per_s = 10000
[media]
listen = "{host}"
port_min = 20000
port_max = 39999
rtp_timeout_s = 0
[http]
listen = "{host}:8080"
[[trunk]]
name = "load"
peers = ["{caller}", "{holder}"]
max_calls = 20000
dtmf = "{digits}"
[[number]]
number = "601"
application = "echo"
trunks = ["load"]
[[number]]
number = "700"
application = "extension:100"
trunks = ["load"]
[[number]]
number = "800"
application = "queue:load"
trunks = ["load"]
[[number]]
number = "610"
application = "flow:ivr"
trunks = ["load"]
[[flow]]
name = "ivr"
language = "en"
start = "main"
[flow.block.main]
kind = "menu"
text = "Welcome to the bench. To hear of orders, press one. For all else, please stay on the line, or call again."
keys = {{"1" = "orders"}}
timeout = "main"
[flow.block.orders]
kind = "menu"
text = "You have no order that waits for you. To go back to the main menu, press one. Else, please stay on the line."
keys = {{"1" = "main"}}
timeout = "main"
[[extension]]
number = "100"
secret = "bench-secret-100"
max_calls = 20000
record = {record}
[[queue]]
name = "load"
agents = [{agent_names}]
wrapup_s = 0.0
announce_every_s = 0
announce_first_s = 0
announce_position = false
announce_wait = false
record = false
"""
AGENT = """
[[extension]]
number = "{number}"
secret = "bench-secret-{number}"
[[agent]]
extension = "{number}"
initial_state = "available"
"""
AGENT_NUMBERS = [str(2000 + i) for i in range(50)]


def write_config(folder: Path, *, record: bool = False, digits: str = "rtp") -> Path:
    """The configuration that all load tests use, in `folder`; extension 100 is recorded when asked for, and `digits` is
    how callers get the other's.
    """
    config = folder / "centrala.toml"
    names = ", ".join(f'"{n}"' for n in AGENT_NUMBERS)
    text = CONFIG.format(
        data=folder / "var", host=HOST, caller=CALLER, holder=HOLDER, agent_names=names, record=str(record).lower(),
        digits=digits,
    )  # fmt: skip
    config.write_text(text + "".join(AGENT.format(number=n) for n in AGENT_NUMBERS))
    config.chmod(0o600)
    return config


class Pbx:
    """One `centrala serve` process; use it as a context manager."""

    def __init__(self, folder: Path, *, record: bool = False, digits: str = "rtp") -> None:
        with socket.socket() as other:
            if other.connect_ex((HOST, 8080)) == 0:  # its figures would be taken for ours
                raise RuntimeError(f"another PBX serves {HOST}: wait for its end, or set CENTRALA_BENCH_NET=127.x.y")
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "pbx.log"
        config = write_config(folder, record=record, digits=digits)
        command = [*PBX_CPUS, sys.executable, "-m", "pbx", "--config", str(config), "serve"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self) -> Pbx:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the PBX ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}")
            try:
                urllib.request.urlopen(f"http://{HOST}:8080/healthz", timeout=1).read()
                return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(f"the PBX was not ready within 90 s:\n{self.log.read_text()[-3000:]}")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_s(self) -> float:
        """User and system seconds of all threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK_HZ

    def rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def metrics(self) -> dict[str, float]:
        """All samples of /metrics by `name{labels}`."""
        text = urllib.request.urlopen(f"http://{HOST}:8080/metrics", timeout=10).read().decode()
        out: dict[str, float] = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                out[name] = float(value)
        return out

    def wait_idle(self, seconds: float = 60.0) -> None:
        """Waits until no call is left."""
        deadline = time.monotonic() + seconds
        while self.metrics().get("centrala_calls_active", 0.0) > 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"calls are left {seconds:g} s after the load has ended")
            time.sleep(0.2)


def histogram_quantile(before: dict[str, float], after: dict[str, float], name: str, q: float) -> float:
    """The quantile of what was observed between two scrapes: the upper bound of its bucket, in the metric's unit."""
    buckets = []
    for key, value in after.items():
        if key.startswith(f"{name}_bucket{{"):
            bound = float(key.split('le="')[1].split('"')[0])
            buckets.append((bound, value - before.get(key, 0.0)))
    buckets.sort()
    if not buckets or buckets[-1][1] <= 0:
        raise RuntimeError(f"{name} observed nothing")
    return next(bound for bound, count in buckets if count >= q * buckets[-1][1])
