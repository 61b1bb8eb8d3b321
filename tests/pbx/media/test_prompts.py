"""Prompts from memory, disk and worker; callers that wait for the same one; and calls that go on without."""

from __future__ import annotations

import asyncio
import itertools
import math
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from pbx.config_speech import Speech
from pbx.events import Alarm
from pbx.media.engine import MediaEngine
from pbx.media.prompts import Prompts
from pbx.media.sound_cache import CacheError, SoundCache
from pbx.media.speech import SpeechError
from tests.pbx.media.conftest import needs_espeak
from tests.pbx.media.fake_worker import FakeWorker
from tests.support.fake_engine import FakeEngine


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


async def make(media: MediaEngine, worker: FakeWorker, tmp_path: Path, **more: object) -> Prompts:
    prompts = Prompts(media, Speech(), cache_dir=tmp_path / "speech", worker=worker, **more)  # type: ignore[arg-type]
    await prompts.start()
    return prompts


async def test_memory_then_disk_then_worker(media: MediaEngine, worker: FakeWorker, tmp_path: Path) -> None:
    prompts = await make(media, worker, tmp_path)
    assert prompts.cached("Dzień dobry", "pl") is None
    clip = await prompts.get("Dzień dobry", "pl")
    assert clip.duration_s == 1.0
    assert worker.said == [("Dzień dobry", "pl", 150)]
    assert await prompts.get("Dzień dobry", "pl") is clip
    assert prompts.cached("Dzień dobry", "pl") is clip
    media.clips.clear()
    again = await prompts.get("Dzień dobry", "pl")
    assert again is not clip
    assert (prompts.rendered, prompts.from_disk, len(worker.said)) == (1, 1, 1)


async def test_the_file_depends_on_all_that_it_is_made_from(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path
) -> None:
    for config in (Speech(), Speech(rate=180), Speech(voices={"pl": "zlw/pl"}), Speech()):
        prompts = Prompts(media, config, cache_dir=tmp_path / "speech", worker=worker)  # type: ignore[arg-type]
        await prompts.start()
        media.clips.clear()
        await prompts.require("Raz", "pl")
    assert [(voice, rate) for _, voice, rate in worker.said] == [("pl", 150), ("pl", 180), ("zlw/pl", 150)]


async def test_callers_of_the_same_prompt_wait_for_one_rendering(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path
) -> None:
    prompts = await make(media, worker, tmp_path)
    worker.gate.clear()
    first, second, third = (asyncio.create_task(prompts.get("Hello", "en")) for _ in range(3))
    await asyncio.sleep(0.05)
    first.cancel()  # a caller who hangs up
    await asyncio.sleep(0)
    worker.gate.set()
    assert await second is await third
    assert len(worker.said) == 1


async def test_a_prompt_that_cannot_be_made_costs_no_call(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path, alarms: list[Alarm]
) -> None:
    prompts = await make(media, worker, tmp_path)
    worker.error = SpeechError("espeak died", "died")
    assert (await prompts.get("Hello", "en")).key == "tone:beep"
    assert (await prompts.get("", "en")).key == "tone:beep"
    assert (await prompts.get("Bonjour", "fr")).key == "tone:beep"
    assert prompts.failed == 3
    assert [(alarm.name, alarm.active) for alarm in alarms] == [("speech_unavailable", True)]
    with pytest.raises(SpeechError, match="espeak died"):
        await prompts.require("Hello", "en")
    with pytest.raises(ValueError, match=r"set speech.voices.fr"):
        await prompts.require("Bonjour", "fr")
    with pytest.raises(ValueError, match="5000 characters is too long"):
        await prompts.require("x" * 5000, "en")
    worker.error = None
    assert (await prompts.get("Hello", "en")).duration_s == 1.0
    assert not alarms[-1].active


async def test_a_caller_waits_for_a_slow_worker_only_so_long(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path
) -> None:
    prompts = Prompts(media, Speech(patience_s=0.05), cache_dir=tmp_path / "speech", worker=worker)  # type: ignore[arg-type]
    await prompts.start()
    worker.gate.clear()
    assert (await prompts.get("Hello", "en")).key == "tone:beep"
    worker.gate.set()
    assert (await prompts.require("Hello", "en")).duration_s == 1.0  # the rendering went on meanwhile
    assert len(worker.said) == 1


async def test_without_speech_the_cache_still_serves(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path, alarms: list[Alarm]
) -> None:
    await (await make(media, worker, tmp_path)).require("Hello", "en")
    media.clips.clear()
    worker.mute = True
    prompts = await make(media, worker, tmp_path)
    assert alarms[-1].text.endswith("apt-get install --no-install-recommends espeak-ng")
    assert (await prompts.get("Hello", "en")).duration_s == 1.0
    assert (await prompts.get("Not seen before", "en")).key == "tone:beep"
    assert prompts.music().duration_s == 10.0


async def test_preload_tells_its_progress_and_its_problems(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path
) -> None:
    prompts = await make(media, worker, tmp_path)
    steps: list[tuple[int, int]] = []
    texts = [("one", "en"), ("two", "en"), ("", "en"), ("one", "en")]
    problems = await prompts.preload(texts, lambda done, of: steps.append((done, of)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert len(problems) == 1
    assert "no text" in problems[0]


async def test_music_is_composed_once_and_the_operators_files_are_there(
    media: MediaEngine, worker: FakeWorker, tmp_path: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "jingle.wav").write_bytes(b"converted by the fake")
    prompts = await make(media, worker, tmp_path, music_dir=folder)
    again = await make(media, worker, tmp_path, music_dir=folder)
    assert worker.composed == 1
    assert again.music_names == ["default", "jingle"]
    assert prompts.music("jingle").duration_s == 1.0
    with pytest.raises(KeyError, match="no music is called 'none'; there is default, jingle"):
        prompts.music("none")
    with pytest.raises(SpeechError, match=r"correct media.music_dir"):
        await make(media, worker, tmp_path, music_dir=tmp_path / "missing")


async def test_a_folder_that_cannot_be_written_is_named(media: MediaEngine, worker: FakeWorker, tmp_path: Path) -> None:
    (tmp_path / "speech").write_text("a file where the folder should be")
    with pytest.raises(CacheError, match=r"speech cannot hold rendered speech .* correct speech.cache_dir"):
        await make(media, worker, tmp_path)


async def test_a_broken_file_is_made_again(media: MediaEngine, worker: FakeWorker, tmp_path: Path) -> None:
    prompts = await make(media, worker, tmp_path)
    await prompts.require("Hello", "en")
    path = next((tmp_path / "speech").rglob("say-*.wav"))
    for content in (
        b"",
        b"RIFF",
        path.read_bytes()[:-100],
        path.read_bytes().replace(b"\x40\x1f\0\0", b"\x80\x3e\0\0", 1),
    ):
        path.write_bytes(content)
        media.clips.clear()
        assert (await prompts.require("Hello", "en")).duration_s == 1.0
    assert len(worker.said) == 5


async def test_tones_are_there_and_sound_as_they_should(
    media: MediaEngine, core: FakeEngine, worker: FakeWorker, tmp_path: Path
) -> None:
    prompts = await make(media, worker, tmp_path)
    assert prompts.ringback().duration_s == 5.0
    assert prompts.busy().duration_s == 1.0
    assert prompts.beep().duration_s == pytest.approx(0.3)
    samples = struct.unpack("<40000h", core.clips[prompts.ringback().id])
    assert not any(samples[8000:])
    assert level_dbm0(samples[400:7600]) == pytest.approx(-13.0, abs=0.1)
    assert abs(samples[0]) < 50
    crossings = sum(a < 0 <= b for a, b in itertools.pairwise(samples[:8000]))
    assert crossings == pytest.approx(425, abs=1)
    with pytest.raises(KeyError, match="no tone is called 'dial'"):
        prompts.tone("dial")


def level_dbm0(samples: tuple[int, ...]) -> float:
    """Level of samples: a full-scale sine is +3.14 dBm0."""
    mean_square = sum(sample * sample for sample in samples) / len(samples)
    return 10 * math.log10(mean_square * 2 / 32768**2) + 3.14


def test_the_server_never_loads_numpy() -> None:
    code = "import sys, pbx.media.prompts, pbx.media.engine, pbx.media.session; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_cache_without_a_version_file_is_no_error(tmp_path: Path) -> None:
    assert SoundCache(tmp_path).recall("engine-version") == ""


@needs_espeak
async def test_a_real_prompt_and_the_real_music(media: MediaEngine, core: FakeEngine, tmp_path: Path) -> None:
    prompts = Prompts(media, Speech(), cache_dir=tmp_path / "speech")
    await prompts.start()
    try:
        clip = await prompts.require("Twoja pozycja w kolejce: trzy.", "pl")
        assert 1.2 < clip.duration_s < 4.0
        assert 60 < prompts.music().duration_s < 90
        samples = struct.unpack(f"<{clip.samples}h", core.clips[clip.id])
        assert -24 < level_dbm0(samples) < -18
    finally:
        await prompts.stop()
