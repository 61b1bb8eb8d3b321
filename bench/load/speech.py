"""What prompts cost: the first rendering of one of five seconds, the same again, and a thousand in a row."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from core.engine.engine import Engine
from pbx.config import Media
from pbx.config_speech import Speech
from pbx.language.template import Template
from pbx.media.engine import MediaEngine
from pbx.media.prompts import Prompts

SENTENCE = Template.parse("Jesteś {n|ordinal} w kolejce, przewidywany czas to {n|count:minute}.")
COUNTED = Template.parse("Zostało {n|count:osoba}.")
FIRST = 20  # prompts of about five seconds that are made anew


async def _measure(count: int, folder: Path) -> dict[str, float]:
    core = Engine(workers=1, port_min=39_000, port_max=39_010, max_streams=4)
    media = MediaEngine(core, Media(listen="127.0.0.1"), recordings_dir=folder / "recordings")
    media.start()
    prompts = Prompts(media, Speech(), cache_dir=folder / "speech")
    await prompts.start()
    try:
        return {**await _single(prompts, media), **await _many(prompts, count)}
    finally:
        await prompts.stop()
        media.stop()


async def _single(prompts: Prompts, media: MediaEngine) -> dict[str, float]:
    """Milliseconds until a caller has his prompt: made, from memory, from disk."""
    texts = [SENTENCE.render({"n": number}, "pl") for number in range(101, 101 + FIRST)]
    first, again, disk = [], [], []
    lengths = []
    for text in texts:
        began = time.perf_counter()
        clip = await prompts.get(text, "pl")
        first.append((time.perf_counter() - began) * 1000)
        lengths.append(clip.duration_s)
        began = time.perf_counter()
        await prompts.get(text, "pl")
        again.append((time.perf_counter() - began) * 1000)
    del clip
    media.clips.clear()
    for text in texts:
        began = time.perf_counter()
        await prompts.get(text, "pl")
        disk.append((time.perf_counter() - began) * 1000)
    middle = FIRST // 2
    return {
        "prompt_length_s": sorted(lengths)[middle],
        "prompt_first_p50_ms": sorted(first)[middle],
        "prompt_first_max_ms": max(first),
        "prompt_cached_p50_us": sorted(again)[middle] * 1000,
        "prompt_disk_p50_ms": sorted(disk)[middle],
    }


async def _many(prompts: Prompts, count: int) -> dict[str, float]:
    """`count` prompts in a row; the worker's memory is compared between a tenth of them and all."""
    process = prompts.worker._process
    assert process is not None
    before = 0.0
    began = time.perf_counter()
    for number in range(count):
        await prompts.require(COUNTED.render({"n": number}, "pl"), "pl")
        if number == count // 10:
            before = _rss_mb(process.pid)
    took = time.perf_counter() - began
    return {
        "prompts_rendered": float(count),
        "prompt_render_ms": took / count * 1000,
        "prompt_failures": float(prompts.worker.failed),
        "speech_worker_restarts": float(prompts.worker.restarts),
        "speech_worker_rss_mb": _rss_mb(process.pid),
        "speech_worker_growth_kb_per_prompt": (_rss_mb(process.pid) - before) * 1024 / (count * 0.9),
    }


def _rss_mb(pid: int) -> float:
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def measure(count: int) -> dict[str, float]:
    """The figures by key; `count` prompts are made in a row."""
    with tempfile.TemporaryDirectory(prefix="centrala-bench-") as folder:
        return asyncio.run(_measure(count, Path(folder)))
