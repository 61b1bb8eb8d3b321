"""Stands in for the package of piper-tts 1.8: PiperVoice.load and synthesize, SynthesisConfig, AudioChunk; in tones.

A sentence is a chunk, a word of it 0.3 s. A model is a file; one that begins with "broken" cannot be loaded. Words that
begin with "!" make it misbehave: !hang, !die, !raise, !silent.
"""

from __future__ import annotations

import os
import signal
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RATE = 16000


@dataclass
class SynthesisConfig:
    speaker_id: int | None = None
    length_scale: float | None = None
    noise_scale: float | None = None
    noise_w_scale: float | None = None
    normalize_audio: bool = True
    volume: float = 1.0


@dataclass
class AudioChunk:
    sample_rate: int
    sample_width: int
    sample_channels: int
    audio_int16_bytes: bytes


class PiperVoice:
    @staticmethod
    def load(model_path: str | Path, config_path: str | None = None, use_cuda: bool = False) -> PiperVoice:
        print("a library that prints while it loads")
        if Path(model_path).read_bytes().startswith(b"broken"):
            raise RuntimeError("INVALID_PROTOBUF")
        return PiperVoice()

    def synthesize(self, text: str, syn_config: SynthesisConfig | None = None) -> Iterator[AudioChunk]:
        settings = syn_config or SynthesisConfig()
        assert "[[" not in text, "phonemes"
        for sentence in filter(str.strip, text.split(".")):
            words = sentence.split()
            if "!hang" in words:
                time.sleep(60)
            if "!die" in words:
                os.kill(os.getpid(), signal.SIGSEGV)
            if "!raise" in words:
                raise ValueError("no such phoneme")
            if "!silent" in words:
                return
            hertz = 440 + 220 * (settings.speaker_id or 0)
            count = int(0.3 * len(words) * (settings.length_scale or 1.0) * RATE)
            wave = [8000 if (index * 2 * hertz // RATE) % 2 else -8000 for index in range(count)]
            yield AudioChunk(RATE, 2, 1, struct.pack(f"<{count}h", *wave))
