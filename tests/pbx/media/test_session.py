"""Sessions over a fake media engine: plays, digits, holds, recordings, and what happens when the threads are behind."""

from __future__ import annotations

import asyncio
import errno
import gc
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.engine import engine as wire
from pbx.config import Media
from pbx.events import Alarm
from pbx.media.engine import MediaEngine
from tests.support.fake_engine import FakeEngine


@dataclass
class Far:
    """What SDP agreed on."""

    remote_ip: str = "127.12.0.9"
    remote_port: int = 4000
    remote_rtcp_port: int = 4001
    rtcp_mux: bool = False
    codec: int = 8
    payload_type: int = 8
    event_payload_type: int = 101
    ptime_ms: int = 20
    send: bool = True
    receive: bool = True
    heard_payload_type: int = -1
    heard_event_type: int = -1
    cn_payload_type: int = -1
    parameters: str = ""
    security: object = None


async def turn() -> None:
    """Lets the reader of the eventfd and its futures run."""
    for _ in range(4):
        await asyncio.sleep(0)


async def test_a_finished_play_gives_true(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    playing = session.play([media.clip(b"\0\0" * 80, "a"), media.clip(b"\0\0" * 80, "b")])
    assert core.named("play") == [(session.stream, (1 + 1, 1 + 2), False)]
    core.finish_play(session.stream)
    assert await asyncio.wait_for(playing, 30) is True


async def test_stop_and_replacement_give_false(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    clip = media.clip(b"\0\0" * 80, "a")
    first = session.play([clip], repeat=True)
    second = session.play([clip])
    assert first.result() is False
    await turn()  # the late event of the first must not end the second
    assert not second.done()
    session.stop_play()
    assert second.result() is False
    session.stop_play()
    assert core.named("stop_play") == [session.stream]


async def test_more_clips_than_one_command_holds_are_played_in_turns(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    clips = [media.clip(b"\0\0" * 80, f"c{n}") for n in range(20)]
    playing = session.play(clips)
    core.finish_play(session.stream)
    await turn()
    assert not playing.done()
    core.finish_play(session.stream)
    assert await asyncio.wait_for(playing, 30) is True
    assert [len(ids) for _, ids, _ in core.named("play")] == [16, 4]
    with pytest.raises(ValueError, match="20 clips cannot be repeated"):
        session.play(clips, repeat=True)


async def test_nothing_to_play_is_finished_at_once(media: MediaEngine) -> None:
    assert await media.open().play([]) is True


async def test_digits_reach_the_call_with_their_method(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    heard: list[tuple[str, str]] = []
    session.on_digit = lambda digit, method: heard.append((digit, method))
    core.digit(session.stream, "5", 0)
    core.digit(session.stream, "#", 1)
    await turn()
    assert heard == [("5", "rfc4733"), ("#", "inband")]


async def test_a_failing_handler_does_not_cost_others_their_events(
    media: MediaEngine, core: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = media.open(), media.open()
    heard: list[str] = []

    def fail(digit: str, method: str) -> None:
        raise RuntimeError("a mistake in a flow")

    bad.on_digit = fail
    good.on_digit = lambda digit, method: heard.append(digit)
    core.digit(bad.stream, "1")
    core.digit(good.stream, "2")
    await turn()
    assert heard == ["2"]
    assert media.counters.handler_errors == 1
    assert "a mistake in a flow" in caplog.text


async def test_silence_of_the_far_end_is_reported_in_seconds(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    silent: list[float] = []
    session.on_timeout = silent.append
    core.event(wire.EV_MEDIA_TIMEOUT, session.stream, 30_000)
    await turn()
    assert silent == [30.0]


async def test_a_held_stream_has_no_timeout(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    session.configure(Far(), signalling_ip="127.12.0.8")
    settings = core.streams[session.stream].settings
    assert settings["rtp_timeout_ms"] == 30_000
    assert settings["latch"] == wire.LATCH_SIGNALLED
    assert settings["signalling_ip"] == "127.12.0.8"
    session.configure(Far(receive=False), signalling_ip="127.12.0.8", latch="strict")
    settings = core.streams[session.stream].settings
    assert settings["rtp_timeout_ms"] == 0
    assert settings["latch"] == wire.LATCH_STRICT
    with pytest.raises(ValueError, match="latch 'open' is none of"):
        session.configure(Far(), latch="open")


async def test_close_is_final_and_breaks_its_ties(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    playing = session.play([media.clip(b"\0\0" * 80, "a")])
    session.on_digit = lambda digit, method: None
    stats = session.close()
    assert stats is not None
    assert stats.rx_packets == 50
    assert session.close() is None
    assert playing.result() is False
    assert session.on_digit is None
    assert session.stats() is None
    with pytest.raises(RuntimeError, match="closed"):
        session.play([])
    session.stop_play()
    session.unbridge()
    core.digit(session.stream, "1")
    await turn()
    assert media.counters.dead_events == 1
    assert media.sessions == 0


async def test_legs_of_one_call_share_a_worker(bus: object, tmp_path: Path) -> None:
    core = FakeEngine(workers=2)
    media = MediaEngine(core, Media(), recordings_dir=tmp_path)
    media.start()
    first = media.open()
    media.open()
    near = media.open(first)
    assert core.worker_of(near.stream) == core.worker_of(first.stream)
    first.bridge(near)
    assert core.named("bridge") == [(first.stream, near.stream)]
    media.stop()
    media.stop()
    assert core.stopped == 1
    assert core.streams == {}


async def test_no_free_port_raises_an_alarm_that_ends(core: FakeEngine, bus: object, alarms: list[Alarm]) -> None:
    core = FakeEngine(ports=1)
    media = MediaEngine(core, Media(), bus=bus)  # type: ignore[arg-type]
    media.start()
    only = media.open()
    for _ in range(2):
        with pytest.raises(OSError, match=r"widen media\.port_min"):
            media.open()
    assert [(alarm.name, alarm.active) for alarm in alarms] == [("rtp_ports_exhausted", True)]
    only.close()
    media.open()
    assert [alarm.active for alarm in alarms] == [True, False]
    media.stop()


async def test_a_full_ring_costs_a_prompt_but_not_the_call(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    clip = media.clip(b"\0\0" * 80, "a")
    core.busy = 1
    assert await session.play([clip]) is False
    assert await asyncio.wait_for(_finished(session.play([clip]), core, session.stream), 30) is True
    assert media.counters.busy == 1


async def test_what_ends_something_is_given_until_it_is_taken(
    media: MediaEngine, core: FakeEngine, alarms: list[Alarm]
) -> None:
    first, second = media.open(), media.open()
    core.busy = 3
    first.close()
    second.close()
    assert core.named("close") == []
    await asyncio.sleep(0.1)
    assert core.named("close") == [first.stream, second.stream]
    assert [(alarm.name, alarm.active) for alarm in alarms] == [("media_busy", True), ("media_busy", False)]


async def _finished(playing: asyncio.Future[bool], core: FakeEngine, stream: int) -> bool:
    core.finish_play(stream)
    return await playing


async def test_a_clip_lives_as_long_as_somebody_holds_it(core: FakeEngine, tmp_path: Path) -> None:
    media = MediaEngine(core, Media(), clip_budget=1000)
    media.start()
    session = media.open()
    held = media.clip(b"\0\0" * 400, "held")
    assert media.clip(b"", "held") is held  # known: the samples are not looked at
    number = held.id
    playing = session.play([held])
    del held
    media.clip(b"\0\0" * 400, "next")  # over the budget: the cache forgets the first
    media.clip(b"\0\0" * 400, "another")
    assert media.clips.evicted == 2
    assert number in core.clips  # but it is being played
    core.finish_play(session.stream)
    assert await playing is True
    gc.collect()
    await turn()
    media.clip(b"\0\0" * 400, "last")
    assert number not in core.clips
    with pytest.raises(ValueError, match="no 16-bit sound"):
        media.clip(b"123", "odd")
    media.stop()


async def test_pinned_clips_stay(core: FakeEngine) -> None:
    media = MediaEngine(core, Media(), clip_budget=100)
    media.start()
    music = media.clip(b"\0\0" * 4000, "music", pinned=True).id
    for number in range(5):
        media.clip(b"\0\0" * 400, f"{number}")
    assert music in core.clips
    assert len(media.clips) == 2
    media.stop()


async def test_a_recording_lies_in_its_folder_and_tells_its_length(media: MediaEngine, core: FakeEngine) -> None:
    session, other = media.open(), media.open()
    recording = session.record("2026/11/21/call.wav", other)
    assert recording.path.parent.stat().st_mode & 0o777 == 0o700
    assert recording.active
    assert await recording.stop() == 1.5
    assert await recording.stop() == 1.5
    assert core.named("stop_record") == [recording.id]
    for bad in ("../escape.wav", "/tmp/escape.wav"):
        with pytest.raises(OSError, match=r"escape.wav"):
            session.record(bad)


async def test_a_full_disk_ends_the_recording_with_an_alarm(
    media: MediaEngine, core: FakeEngine, alarms: list[Alarm]
) -> None:
    session = media.open()
    recording = session.record("call.wav")
    core.fail_recording(recording.id, errno.ENOSPC)
    await turn()
    with pytest.raises(OSError, match="No space left"):
        await recording.stop()
    assert alarms[-1].name == "recording_broken"
    assert alarms[-1].active
    await session.record("next.wav").stop()
    assert not alarms[-1].active
    assert media.counters.failed_recordings == 1


async def test_wrong_digits_are_refused(media: MediaEngine, core: FakeEngine) -> None:
    session = media.open()
    session.send_digits("12#A")
    assert core.named("send_digits") == [(session.stream, "12#A")]
    for wrong in ("", "x", "1 2"):
        with pytest.raises(ValueError, match="DTMF"):
            session.send_digits(wrong)
