"""The microbenchmarks of bench/test_*.py, run by pytest-benchmark in a process of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson

BENCH = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Micro:
    """One round of one microbenchmark in microseconds; `module` is its file without "test_"."""

    module: str
    name: str
    median_us: float
    min_us: float
    max_us: float

    @property
    def key(self) -> str:
        words = re.sub(r"[^a-z0-9]+", "_", f"{self.module}_{self.name}".lower()).strip("_")
        return f"micro_{words}_us"


def run_micro(folder: Path, *, seconds_each: float) -> list[Micro]:
    """Runs them all, about `seconds_each` for each one. RuntimeError with pytest's words when one fails."""
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "micro.json"
    command = [sys.executable, "-m", "pytest", str(BENCH), "-q", "--benchmark-enable", "--benchmark-only"]
    command += [f"--benchmark-json={report}", f"--benchmark-max-time={seconds_each}", "--benchmark-min-rounds=3"]
    done = subprocess.run(command, cwd=BENCH.parent, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"a microbenchmark failed:\n{done.stdout[-2000:]}")
    out = []
    for entry in orjson.loads(report.read_bytes())["benchmarks"]:
        module = Path(entry["fullname"].split("::")[0]).stem.removeprefix("test_")
        stats = entry["stats"]
        times = [round(stats[name] * 1e6, 3) for name in ("median", "min", "max")]
        out.append(Micro(module, entry["name"].removeprefix("test_"), *times))
    return sorted(out, key=lambda micro: (micro.module, micro.median_us))
