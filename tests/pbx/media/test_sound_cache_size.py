"""The cache of rendered speech has an end: the prompts that nobody read for the longest time go, whole."""

from __future__ import annotations

import os
from pathlib import Path

from pbx.media.sound_cache import SoundCache
from pbx.media.speech_worker import write

OCTETS = 44 + 1600  # of each file


def rendered(cache: SoundCache, text: str, age_s: float) -> Path:
    path = cache.path("say", text=text)
    for rate in (16000, 8000):
        write(cache.wide(path, rate), bytes(1600), rate)
        then = path.parent.stat().st_mtime - age_s
        os.utime(cache.wide(path, rate), (then, then))
    return path


def test_the_oldest_go_with_all_their_rates_and_recordings_stay(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path)
    first, second, third = (rendered(cache, text, age) for text, age in (("a", 3000), ("b", 2000), ("c", 1000)))
    (tmp_path / "takes").mkdir()
    write(tmp_path / "takes" / "human-8000.wav", bytes(1600))
    assert cache.prune(6 * OCTETS) == 0
    assert cache.read(first) is not None, "read a moment ago: now the second is the oldest"
    assert cache.prune(5 * OCTETS) == 1
    assert [cache.wide(path, rate).exists() for path in (first, second, third) for rate in (8000, 16000)] == [
        *(True, True, False, False, True, True)
    ]
    assert cache.prune(0) == 2
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["human-8000.wav"]
