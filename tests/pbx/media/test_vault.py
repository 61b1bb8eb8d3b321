"""Recordings that are sealed and converted by a process of their own, from the media threads to the file."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from core.engine.engine import Engine
from core.signal.tone import tone_bytes
from pbx.config import Media
from pbx.events import Alarm, EventBus
from pbx.media.conversion import unseal
from pbx.media.engine import MediaEngine
from pbx.media.session import MediaSession
from tests.pbx.media.test_sealing import KEY
from tests.pbx.media.test_who_hears_whom import channels_of, tones_in
from tests.pbx.media.test_with_engine import ADDRESS, Phone, eventually

Made = tuple[MediaEngine, MediaSession, Phone, list[Alarm]]


@pytest_asyncio.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., Made]]:
    made: list[Made] = []

    def start(**settings: str) -> Made:
        key = tmp_path / "key"
        key.write_text(KEY.hex())
        core = Engine(workers=1, port_min=30400, port_max=30499, max_streams=16, realtime=False)
        alarms: list[Alarm] = []
        bus = EventBus()
        bus.subscribe(Alarm, alarms.append)
        config = Media(
            listen=ADDRESS,
            recordings_key_file=str(key) if "key" in settings else "",
            **{name: value for name, value in settings.items() if name != "key"},
        )  # type: ignore[arg-type]
        engine = MediaEngine(core, config, bus=bus, recordings_dir=tmp_path / "recordings")
        engine.start()
        phone = Phone()
        session = engine.open()
        session.configure(phone.far())
        made.append((engine, session, phone, alarms))
        return made[-1]

    yield start
    for engine, _, phone, _ in made:
        engine.stop()
        phone.close()


def vault_pid(engine: MediaEngine) -> int:
    vault = engine.tapes._vault
    assert vault is not None
    assert vault._process is not None
    return vault._process.pid


async def test_nothing_lies_in_the_clear(make: Callable[..., Made], tmp_path: Path) -> None:
    engine, session, phone, _ = make(key="yes")
    recording = session.record("a/call.wav")
    assert recording.relative_path == "a/call.wav.sealed"
    await phone.send(session, tone_bytes(700, 0, -16, 8000))
    assert await asyncio.wait_for(recording.stop(), 10) == pytest.approx(1.0, abs=0.4)
    files = [path for path in (tmp_path / "recordings").rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["call.wav.sealed"]
    assert files[0].stat().st_mode & 0o777 == 0o600
    clear = tmp_path / "call.wav"
    with clear.open("wb") as file:
        assert unseal(recording.path, file, KEY)
    assert tones_in(channels_of(clear)[3000:5000, 0]) == {700.0}
    assert engine.recordings == 0


async def test_opus_takes_the_place_of_the_wav(make: Callable[..., Made], tmp_path: Path) -> None:
    _, session, phone, _ = make(recordings_format="opus")
    recording = session.record("call.wav")
    await phone.send(session, tone_bytes(700, 0, -16, 6400))
    await asyncio.wait_for(recording.stop(), 20)
    assert recording.relative_path == "call.ogg"
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["call.ogg"]
    assert recording.path.read_bytes().startswith(b"OggS")


async def test_sealed_opus(make: Callable[..., Made], tmp_path: Path) -> None:
    _, session, phone, _ = make(key="yes", recordings_format="opus")
    recording = session.record("call.wav")
    await phone.send(session, tone_bytes(700, 0, -16, 3200))
    await asyncio.wait_for(recording.stop(), 20)
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["call.ogg.sealed"]
    plain = session.record("name.wav", plain=True)
    await asyncio.wait_for(plain.stop(), 10)
    assert plain.relative_path == "name.wav"


async def test_a_vault_that_dies_ends_its_recordings_and_another_takes_over(make: Callable[..., Made]) -> None:
    engine, session, phone, alarms = make(key="yes")
    recording = session.record("first.wav")
    await phone.send(session, tone_bytes(700, 0, -16, 1600))
    os.kill(vault_pid(engine), signal.SIGKILL)
    with pytest.raises(BrokenPipeError):
        await asyncio.wait_for(recording.ended, 10)
    assert [alarm.name for alarm in alarms if alarm.active] == ["recording_broken"]
    second = session.record("second.wav")
    await phone.send(session, tone_bytes(700, 0, -16, 3200))
    assert await asyncio.wait_for(second.stop(), 10) > 0
    assert not alarms[-1].active


async def test_stopping_the_server_seals_what_runs(make: Callable[..., Made], tmp_path: Path) -> None:
    engine, session, phone, _ = make(key="yes")
    recording = session.record("call.wav")
    await phone.send(session, tone_bytes(700, 0, -16, 3200))
    pid = vault_pid(engine)
    engine.stop()
    assert await asyncio.wait_for(recording.ended, 30) > 0.3
    with (tmp_path / "x.wav").open("wb") as file:
        assert unseal(recording.path, file, KEY)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_killed_server_leaves_a_file_that_opens(make: Callable[..., Made], tmp_path: Path) -> None:
    """The pipe ends with the server: here its two ends are closed as the system would."""
    engine, _, _, _ = make(key="yes")
    vault = engine.tapes._vault
    assert vault is not None
    told: list[object] = []
    file = os.open(tmp_path / "cut.wav.sealed", os.O_CREAT | os.O_WRONLY, 0o600)
    pipe = vault.seal(file, 1, told.append)
    os.write(pipe, bytes(16000))
    os.close(pipe)
    await eventually(lambda: bool(told))
    with (tmp_path / "cut.wav").open("wb") as clear:
        assert unseal(tmp_path / "cut.wav.sealed", clear, KEY)
    assert channels_of(tmp_path / "cut.wav").shape == (8000, 1)
