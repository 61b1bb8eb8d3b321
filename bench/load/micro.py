"""The microbenchmarks of bench/test_*.py, run by pytest-benchmark in a process of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
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
    rounds: int = 1  # frames, packets or ticks that one round holds

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
        rounds = next((count for what, count in entry["extra_info"].items() if what.endswith("_per_round")), 1)
        out.append(Micro(module, entry["name"].removeprefix("test_"), *times, rounds))
    return sorted(out, key=lambda micro: (micro.module, micro.median_us))


# Figure of build/bench.json: the microbenchmarks that it is the slowest of, and nanoseconds in its unit.
FIGURES = {
    "g711_ns_per_frame": (("g711", r"g711\[.law_..code-160\]"), 1),
    "g711_numpy_ns_per_frame": (("g711", r"numpy\[.*"), 1),
    "g711_audioop_ns_per_frame": (("g711", r"audioop\[.*"), 1),
    "mixer_100_us_per_tick": (("mixer", r"tick\[100\]"), 1000),
    "mixer_100_numpy_us_per_tick": (("mixer", r"numpy_sum\[100\]"), 1000),
    "dtmf_ns_per_frame": (("dtmf", r"dtmf\[.*-plain\]"), 1),
    "dtmf_spandsp_ns_per_frame": (("codecs", "dtmf_spandsp"), 1),
    "jitter_ns_per_packet": (("jitter", "jitter_put_get"), 1),
    "jitter_speexdsp_ns_per_packet": (("jitter", "speexdsp_put_get"), 1),
    "jitter_aiortc_ns_per_packet": (("jitter", "aiortc_put_get"), 1),
    "srtp_ns_per_packet": (("srtp", r"worker\[aes_cm_128_sha1_80\]"), 1),
    "srtp_pylibsrtp_ns_per_packet": (("srtp", r"pylibsrtp\[aes_cm_128_sha1_80\]"), 1),
    "opus_encode_us_per_frame": (("codecs", r"opus_encode\[5\]"), 1000),
    "opus_decode_us_per_frame": (("codecs", "opus_decode"), 1000),
    "g722_encode_us_per_frame": (("codecs", r"g722\[encode\]"), 1000),
    "g722_spandsp_encode_us_per_frame": (("codecs", r"g722_spandsp\[encode\]"), 1000),
}


def each(results: list[Micro]) -> Iterator[tuple[str, float, float, float]]:
    """(key, least, median, greatest) for each figure: of one frame, packet or tick, the slowest of those it names."""
    for key, ((module, pattern), unit) in FIGURES.items():
        found = [micro for micro in results if micro.module == module and re.fullmatch(pattern, micro.name)]
        if found:
            worst = max(found, key=lambda micro: micro.median_us / micro.rounds)
            times = (worst.min_us, worst.median_us, worst.max_us)
            least, median, greatest = (1000 * value / worst.rounds / unit for value in times)
            yield key, least, median, greatest
