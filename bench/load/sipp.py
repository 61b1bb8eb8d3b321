"""SIPp as a load generator: one run, its statistics read back from the files that it writes."""

from __future__ import annotations

import csv
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from bench.load.machine import LOAD_CPUS

SCENARIOS = Path(__file__).parent / "scenarios"


@dataclass(frozen=True, slots=True)
class Result:
    """What SIPp counted: calls, failures, seconds, and the times of its scenario (ms, INVITE to 200), sorted."""

    successful: int
    failed: int
    retransmissions: int
    seconds: float
    setup_ms: list[float]
    counted: tuple[int, ...] = ()  # the scenario's own counters

    def quantile_ms(self, q: float) -> float:
        return (
            self.setup_ms[min(len(self.setup_ms) - 1, int(q * len(self.setup_ms)))] if self.setup_ms else float("nan")
        )


class Sipp:
    """One SIPp process; `values` stand for @NAME@ in its scenario."""

    def __init__(self, folder: Path, scenario: str, arguments: list[str], **values: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{scenario}*"):
            old.unlink()
        self.folder, self.scenario = folder, scenario
        self.stat = folder / f"{scenario}.stat.csv"
        copy = folder / f"{scenario}.xml"
        text = (SCENARIOS / f"{scenario}.xml").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name.upper()}@", f"{value:.0f}")
        copy.write_text(text)
        self.started = time.monotonic()
        command = [*LOAD_CPUS, "sipp", "-sf", str(copy), "-nostdin", "-trace_stat", "-stf", str(self.stat), "-fd", "1"]
        with (folder / f"{scenario}.out").open("wb") as out:
            self.process = subprocess.Popen(
                [*command, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )

    def wait(self, timeout: float) -> Result:
        """Waits for the end and reads the statistics."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.stop()
            code = -1
        if code not in (0, 1, -1):
            said = (self.folder / f"{self.scenario}.out").read_text(errors="replace").strip().splitlines()[-5:]
            raise RuntimeError(f"sipp {self.scenario} ended with {code}: {' / '.join(said) or 'it said nothing'}")
        seconds = time.monotonic() - self.started
        last = self._last()
        setup = [
            float(row.split(";")[1])
            for path in self.folder.glob(f"{self.scenario}_*_rtt.csv")
            for row in path.read_text().splitlines()[1:]
        ]
        return Result(
            int(last["SuccessfulCall(C)"]),
            int(last["FailedCall(C)"]),
            int(last["Retransmissions(C)"]),
            seconds,
            sorted(setup),
            tuple(int(last.get(f"GenericCounter{number}(C)", 0)) for number in (1, 2)),
        )

    def ended(self) -> int:
        """Calls that are over by now."""
        last = self._last() if self.stat.exists() else {}
        return int(last.get("SuccessfulCall(C)") or 0) + int(last.get("FailedCall(C)") or 0)

    def _last(self) -> dict[str, str]:
        with self.stat.open() as file:
            return (list(csv.DictReader(file, delimiter=";")) or [{}])[-1]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def caller(
    folder: Path,
    target: str,
    number: str,
    source: str,
    *,
    rate: float,
    calls: int,
    hold_ms: int,
    scenario: str = "caller",
    port: int = 5060,
) -> Sipp:
    """Calls `number` at `rate` a second, `calls` in all, each held for `hold_ms` after the answer."""
    arguments = [target, "-s", number, "-i", source, "-p", str(port), "-mi", source, "-mp", "6000", "-r", f"{rate:g}"]
    arguments += ["-m", str(calls), "-d", str(hold_ms), "-l", str(calls), "-trace_rtt", "-rtt_freq", "200"]
    arguments += ["-buff_size", "4194304", "-recv_timeout", "20000", "-auth_uri", f"{number}@{target}"]
    return Sipp(folder, scenario, arguments)


def callee(folder: Path, source: str, *, echo: bool = False) -> Sipp:
    """Rings and answers every call at `source`:5060 until it is stopped; with `echo` it sends back what it hears."""
    arguments = ["-i", source, "-p", "5060", "-mi", source, "-mp", "6000", "-buff_size", "4194304"]
    if echo:
        arguments.append("-rtp_echo")
    return Sipp(folder, "callee", arguments)
