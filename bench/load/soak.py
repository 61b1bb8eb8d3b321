"""Real calls for hours: bridged, with audio both ways, each recorded; what the process keeps of them.

    python -m bench.load.soak --minutes 120 --rate 2 --hold 20

SIPp calls by a trunk and sends RTP, another one answers and echoes it. Finished recordings are deleted as a retention
rule would. Judged is the straight line through the memory of the last three quarters: growth in MiB an hour and in KiB
a thousand calls, descriptors, failed calls, and whether every call left a recording with sound in it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson

from bench.load import sipp
from bench.load.figures import merge
from bench.load.pbx import CALLEE, CALLER, Pbx
from bench.load.signalling import BRIDGED, TARGET
from bench.load.sip_client import register

SAMPLE_S = 10.0
REGISTER_S = 1200.0  # a registration lasts an hour
WARM_UP = 0.25  # of the time: caches fill, arenas settle
MIB = 1024 * 1024
LIMITS = {"soak_rss_mib_per_h": 1.0, "soak_failed_calls": 0.0, "soak_descriptors_more": 8.0, "soak_bad_recordings": 0.0}


@dataclass(slots=True)
class Watch:
    """What was seen of the process: (seconds, calls so far, resident bytes, descriptors)."""

    seen: list[tuple[float, float, float, int]] = field(default_factory=list)
    recordings: int = 0
    bad: int = 0

    def look(self, pbx: Pbx, began: float) -> None:
        calls = sum(value for key, value in pbx.metrics().items() if key.startswith("centrala_calls_total"))
        descriptors = len(list(Path(f"/proc/{pbx.process.pid}/fd").iterdir()))
        self.seen.append((time.monotonic() - began, calls, pbx.rss_mb() * 1e6, descriptors))

    def write(self, path: Path) -> None:
        """All that was seen, for who wants to know when memory grew."""
        names = ("seconds", "calls", "rss_bytes", "descriptors")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps([dict(zip(names, entry, strict=True)) for entry in self.seen]))

    def take_recordings(self, folder: Path, hold_s: float) -> None:
        """Judges and deletes what nobody writes any more."""
        for path in folder.rglob("*.wav"):
            if time.time() - path.stat().st_mtime < 3.0:
                continue
            self.recordings += 1
            with wave.open(str(path)) as sound:
                seconds = sound.getnframes() / sound.getframerate()
                heard = any(sound.readframes(sound.getnframes()))
            self.bad += not (heard and 0.8 * hold_s < seconds < 1.2 * hold_s + 2)
            path.unlink()

    def figures(self) -> dict[str, float]:
        late = [entry for entry in self.seen if entry[0] >= WARM_UP * self.seen[-1][0]]
        hours, calls = [entry[0] / 3600 for entry in late], [entry[1] / 1000 for entry in late]
        memory = [entry[2] for entry in late]
        return {
            "soak_minutes": self.seen[-1][0] / 60,
            "soak_calls": self.seen[-1][1],
            "soak_rss_mib_first": late[0][2] / MIB,
            "soak_rss_mib_last": late[-1][2] / MIB,
            "soak_rss_mib_per_h": slope(hours, memory) / MIB,
            "soak_rss_kib_per_1000_calls": slope(calls, memory) / 1024,
            "soak_descriptors_more": float(late[-1][3] - min(entry[3] for entry in late)),
            "soak_recordings": float(self.recordings),
            "soak_bad_recordings": float(self.bad),
        }


def slope(x: list[float], y: list[float]) -> float:
    """Of the straight line with the least squares; 0 when there is no spread in x."""
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((value - mean_x) ** 2 for value in x)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread if spread else 0.0


def voice() -> bytes:
    """Ten seconds of 440 Hz, A-law."""
    from core.signal.g711 import alaw_encode_bytes

    return alaw_encode_bytes((8000 * np.sin(2 * np.pi * 440 * np.arange(80_000) / 8000)).astype(np.int16).tobytes())


def soak(folder: Path, minutes: float, rate: float, hold_s: float, samples: Path) -> dict[str, float]:
    """Runs the calls and returns the figures; RuntimeError when SIPp or the product ends early."""
    recordings = folder / "var" / "recordings"
    watch = Watch()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "voice.alaw").write_bytes(voice())
    with Pbx(folder, record=True) as pbx:
        registered = _register()
        phone = sipp.callee(folder, CALLEE, echo=True)
        calls = int(minutes * 60 * rate)
        load = sipp.caller(
            folder, TARGET, BRIDGED, CALLER, rate=rate, calls=calls, hold_ms=int(hold_s * 1000), scenario="talker"
        )
        began = time.monotonic()
        try:
            while load.process.poll() is None:
                time.sleep(SAMPLE_S)
                if time.monotonic() > registered + REGISTER_S:
                    registered = _register()
                watch.look(pbx, began)
                watch.write(samples)
                watch.take_recordings(recordings, hold_s)
            result = load.wait(60)
            pbx.wait_idle()
            time.sleep(4)
            watch.take_recordings(recordings, hold_s)
        finally:
            load.stop()
            phone.stop()
    return watch.figures() | {
        "soak_failed_calls": float(result.failed),
        "soak_calls_without_recording": float(max(0, result.successful - watch.recordings)),
    }


def _register() -> float:
    """The phone that is called registers, again and again as phones do; when that was."""
    register(TARGET, "100", "bench-secret-100", local=(CALLEE, 5062), contact=f"sip:100@{CALLEE}:5060")
    return time.monotonic()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120.0)
    parser.add_argument("--rate", type=float, default=2.0, help="calls a second")
    parser.add_argument("--hold", type=float, default=20.0, help="seconds a call lasts")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="centrala-soak-") as folder:
        figures = soak(
            Path(folder), options.minutes, options.rate, options.hold, options.out.with_name("soak-samples.json")
        )
    print(orjson.dumps(figures, option=orjson.OPT_INDENT_2).decode())
    merge(options.out, figures)
    over = [f"{key} {figures[key]:.2f} > {limit:g}" for key, limit in LIMITS.items() if figures[key] > limit]
    for fault in over:
        print(f"over the limit: {fault}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
