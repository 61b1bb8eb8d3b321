"""Voices that stand in for one that cannot speak, and recordings of humans that go before or stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.config import Media
from pbx.config_speech import Speech, SpeechEngine, SpeechVoice
from pbx.events import Alarm, EventBus
from pbx.media.engine import MediaEngine
from pbx.media.prompts import Prompts
from pbx.media.sound_cache import CacheError
from pbx.media.speech import SpeechError, SpeechUnavailable, SpeechWorker
from pbx.media.takes import Take, Use
from tests.pbx.media.engines.test_piper import FAKE
from tests.pbx.media.fake_worker import FakeWorker
from tests.support.fake_engine import FakeEngine

NEURAL = Speech(
    engine=[SpeechEngine(name="neural", kind="piper", command=FAKE, timeout_s=1.0)],
    voice=[
        SpeechVoice(name="anna", language="pl", engine="neural", voice="/nowhere/anna.onnx"),
        SpeechVoice(name="jan", language="pl", voice="zlw/pl", rate=180),
    ],
    voices={"pl": "anna", "en": "en-gb"},
    patience_s=20.0,  # a busy machine must not look like an engine that hangs
)


async def make(media: MediaEngine, tmp_path: Path, config: Speech = NEURAL) -> tuple[Prompts, FakeWorker, FakeWorker]:
    """Prompts whose two engines are stand-ins."""
    espeak, neural = FakeWorker(), FakeWorker()
    prompts = Prompts(media, config, cache_dir=tmp_path / "speech", worker=espeak)  # type: ignore[arg-type]
    prompts.speakers._workers["neural"] = neural  # type: ignore[assignment]
    await prompts.start()
    return prompts, espeak, neural


def a_take(prompts: Prompts, text: str, use: Use, *, there: bool = True) -> Take:
    take = Take("pl", text, use, f"sound-{use}", "x.wav", "", 0.0, 1.0, -23.0, -3.0)
    if there:
        prompts.takes_dir.mkdir(exist_ok=True)
        from pbx.media import speech_worker

        speech_worker.write(take.file(prompts.takes_dir, 8000), bytes(8000))
    return take


async def test_voices_by_name_and_by_language(media: MediaEngine, tmp_path: Path) -> None:
    prompts, espeak, neural = await make(media, tmp_path)
    await prompts.require("Raz", "pl")
    jan = await prompts.get("Raz", "pl", "jan")
    await prompts.get("One", "en")
    assert neural.said == [("Raz", "/nowhere/anna.onnx", 150)]
    assert espeak.said == [("Raz", "zlw/pl", 180), ("One", "en-gb", 150)]
    assert prompts.cached("Raz", "pl", "jan") is jan
    assert prompts.cached("Raz", "pl") is not jan
    with pytest.raises(ValueError, match=r"no voice 'bob' speaks 'pl'; \[\[speech.voice\]\] has anna, jan"):
        await prompts.require("Raz", "pl", "bob")


async def test_another_voice_stands_in_and_it_is_told(media: MediaEngine, tmp_path: Path, alarms: list[Alarm]) -> None:
    prompts, espeak, neural = await make(media, tmp_path)
    neural.error = SpeechError("neural ended with -11", "synthesis")
    assert (await prompts.get("Raz", "pl")).duration_s == 1.0
    assert espeak.said == [("Raz", "pl", 150)]
    assert prompts.fallbacks == {("pl", "voice"): 1}
    assert ("prompt_fallback", True) in [(alarm.name, alarm.active) for alarm in alarms]
    await prompts.get("Dwa", "pl")
    assert len(neural.said) == 1  # it rests: the second caller does not wait for it
    neural.error = None
    await prompts.require("Trzy", "pl")  # the background goes on trying
    assert not alarms[-1].active
    await prompts.get("Cztery", "pl")
    assert [text for text, *_ in neural.said] == ["Raz", "Trzy", "Cztery"]


async def test_a_voice_that_hangs_is_given_up_after_the_patience(media: MediaEngine, tmp_path: Path) -> None:
    prompts, espeak, neural = await make(media, tmp_path, NEURAL.model_copy(update={"patience_s": 1.0}))
    neural.gate.clear()
    assert (await prompts.get("Raz", "pl")).duration_s == 1.0
    assert espeak.said == [("Raz", "pl", 150)]
    neural.gate.set()


async def test_an_unknown_name_speaks_with_the_voice_of_the_language(media: MediaEngine, tmp_path: Path) -> None:
    prompts, _, neural = await make(media, tmp_path)
    assert (await prompts.get("Raz", "pl", "bob")).duration_s == 1.0
    assert len(neural.said) == 1
    assert prompts.fallbacks == {("pl", "voice"): 1}


async def test_recordings_go_before_or_stand_in(media: MediaEngine, tmp_path: Path) -> None:
    prompts, espeak, neural = await make(media, tmp_path)
    await prompts.takes.put(a_take(prompts, "Dzień dobry.", "always"))
    await prompts.takes.put(a_take(prompts, "Do widzenia.", "fallback"))
    assert (await prompts.get("Dzień  <em>dobry.</em>", "pl")).key == "take:sound-always"
    assert prompts.cached("Dzień dobry.", "pl") is not None
    assert not prompts.fallbacks
    assert (await prompts.get("Do widzenia.", "pl")).duration_s == 1.0
    assert len(neural.said) == 1
    media.clips.clear()
    prompts.cache.folder.joinpath("nothing").mkdir()
    neural.error = espeak.error = SpeechError("broken", "synthesis")
    for path in prompts.cache.folder.rglob("say-*.wav"):
        path.unlink()
    assert (await prompts.get("Do widzenia.", "pl")).key == "take:sound-fallback"
    assert prompts.fallbacks == {("pl", "recording"): 1}
    assert (await prompts.get("Nic", "pl")).key == "tone:beep"
    assert prompts.fallbacks["pl", "tone"] == 1


async def test_a_recording_whose_file_is_gone_is_spoken(media: MediaEngine, tmp_path: Path) -> None:
    prompts, _, neural = await make(media, tmp_path)
    await prompts.takes.put(a_take(prompts, "Raz", "always", there=False))
    with pytest.raises(CacheError, match="upload it again"):
        await prompts.require("Raz", "pl")
    assert (await prompts.get("Raz", "pl")).duration_s == 1.0
    assert len(neural.said) == 1
    assert prompts.fallbacks == {("pl", "voice"): 1}


async def test_a_full_disk_costs_no_call(media: MediaEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts, espeak, neural = await make(media, tmp_path)
    neural.error = espeak.error = SpeechError("[Errno 28] No space left on device", "file")
    assert (await prompts.get("Raz", "pl")).key == "tone:beep"

    def full(*_: object, **__: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prompts.cache, "path", full)
    with pytest.raises(CacheError, match="No space left"):
        await prompts.require("Dwa", "pl")
    assert (await prompts.get("Dwa", "pl")).key == "tone:beep"


async def test_sounds_are_kept_at_other_rates(media: MediaEngine, tmp_path: Path) -> None:
    prompts, *_ = await make(media, tmp_path)
    assert (await prompts.file("Raz", "pl")).name.endswith(".wav")
    assert (await prompts.file("Raz", "pl", rate=16000)).name.endswith("-16000.wav")
    with pytest.raises(ValueError, match=r"not kept at 48000 Hz; add it to speech.wide_rates"):
        await prompts.file("Raz", "pl", rate=48000)


async def test_wide_codecs_get_wide_sound(core: FakeEngine, bus: EventBus, tmp_path: Path) -> None:
    engine = MediaEngine(core, Media(codecs=["G722", "PCMA"]), bus=bus, recordings_dir=tmp_path / "recordings")
    engine.start()
    prompts, *_ = await make(engine, tmp_path)
    clip = await prompts.get("Raz", "pl")
    assert len(core.wide_clips[clip.id]) == 2 * len(core.clips[clip.id]) == 32000
    assert clip.octets == 48000
    music = prompts.music()
    assert len(core.wide_clips[music.id]) == 2 * len(core.clips[music.id]) == 320000
    assert core.full_clips == {}
    assert engine.open_room().rate == 16000
    engine.stop()


async def test_opus_at_48_khz_gets_all_that_is_kept(core: FakeEngine, bus: EventBus, tmp_path: Path) -> None:
    config = Media(codecs=["opus", "PCMA"], opus_rate=48000)
    engine = MediaEngine(core, config, bus=bus, recordings_dir=tmp_path / "recordings")
    engine.start()
    prompts, *_ = await make(engine, tmp_path, NEURAL.model_copy(update={"wide_rates": [16000, 48000]}))
    clip = await prompts.get("Raz", "pl")
    assert len(core.full_clips[clip.id]) == 6 * len(core.clips[clip.id]) == 96000
    assert clip.octets == 144000
    assert engine.open_room().rate == 48000
    engine.stop()


async def test_telephone_sound_is_enough_without_them(core: FakeEngine, media: MediaEngine, tmp_path: Path) -> None:
    prompts, *_ = await make(media, tmp_path)
    clip = await prompts.get("Raz", "pl")
    assert clip.octets == 16000
    assert core.wide_clips == {}
    assert media.open_room().rate == 8000


async def test_a_configured_engine_in_its_own_worker(tmp_path: Path) -> None:
    model = tmp_path / "anna.onnx"
    model.touch()
    entry = SpeechEngine(name="neural", kind="piper", command=FAKE, timeout_s=5.0)
    worker = SpeechWorker(engine=entry.model_dump())
    await worker.start()
    try:
        out, wide = tmp_path / "a.wav", {16000: tmp_path / "a16.wav"}
        assert await worker.say("raz <break 500ms> dwa", str(model), 150, out, wide=wide) == pytest.approx(1.1, abs=0.4)
        assert out.exists()
        assert wide[16000].exists()
        with pytest.raises(SpeechError, match="no model"):
            await worker.say("raz", "/nowhere/x.onnx", 150, out)
    finally:
        await worker.stop()
    broken = SpeechWorker(engine=entry.model_dump() | {"command": ["no-such-piper"]})
    with pytest.raises(SpeechUnavailable, match=r"no-such-piper.*correct \[\[speech.engine\]\] 'neural'"):
        await broken.start()
    await broken.stop()
