"""A stand-in for piper that takes its real options (long ones in both spellings) and speaks in tones.

One word is 0.3 s of sound. Words that begin with "!" make it misbehave: !hang, !die, !silent, !garbage.
"""

from __future__ import annotations

import argparse
import os
import signal
import struct
import sys
import time
import wave
from pathlib import Path

RATE = 16000


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("-c", "--config")
    parser.add_argument("-f", "--output-file", "--output_file")
    parser.add_argument("-d", "--output-dir", "--output_dir")
    parser.add_argument("--output-raw", "--output_raw", action="store_true")
    parser.add_argument("-s", "--speaker", type=int)
    parser.add_argument("--length-scale", "--length_scale", type=float, default=1.0)
    parser.add_argument("--sentence-silence", "--sentence_silence", type=float, default=0.0)
    arguments = parser.parse_args()
    if not Path(arguments.model).exists():
        raise ValueError(f"Unable to find voice: {arguments.model} (use piper.download_voices)")
    lines = [line.strip() for line in sys.stdin if line.strip()]
    words = [word for line in lines for word in line.split()]
    seconds = 0.3 * len(words) * arguments.length_scale
    if "!hang" in words:
        time.sleep(60)
    if "!die" in words:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "!garbage" in words:
        Path(arguments.output_file).write_bytes(b"no sound")
        return 0
    level = 0 if "!silent" in words else 8000
    hertz = 440 + 220 * (arguments.speaker or 0)
    with wave.open(arguments.output_file, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        square = [level if (index * 2 * hertz // RATE) % 2 else -level for index in range(int(seconds * RATE))]
        file.writeframes(struct.pack(f"<{len(square)}h", *square))
    return 0


if __name__ == "__main__":
    sys.exit(main())
