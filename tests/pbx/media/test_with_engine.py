"""The real media threads: what a far end's socket receives when we play, and what a recording holds."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from core.engine.engine import Engine
from core.signal import dtmf, g711
from core.signal.tone import tone_bytes
from pbx.config import Media
from pbx.config_speech import Speech
from pbx.media.engine import MediaEngine
from pbx.media.prompts import Prompts
from pbx.media.session import MediaSession
from tests.pbx.media.conftest import needs_espeak
from tests.pbx.media.test_session import Far

ADDRESS = "127.12.1.1"


class Phone:
    """A UDP socket that keeps the RTP it receives and can send some."""

    def __init__(self, codec: int = 8) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.12.1.2", 0))
        self.socket.setblocking(False)
        self.codec = codec
        self.sent = 0
        self.packets: list[tuple[int, int, bytes]] = []  # sequence, timestamp, payload
        asyncio.get_running_loop().add_reader(self.socket, self._receive)

    def far(self) -> Far:
        port = self.socket.getsockname()[1]
        return Far(remote_ip="127.12.1.2", remote_port=port, codec=self.codec, payload_type=self.codec, rtcp_mux=True)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket)
        self.socket.close()

    async def send(self, session: MediaSession, pcm: bytes) -> None:
        """Sends sound in real time, 20 ms a packet."""
        encode = g711.alaw_encode_bytes if self.codec == 8 else g711.ulaw_encode_bytes
        began = time.monotonic()
        for number in range(len(pcm) // 320):
            header = struct.pack("!BBHII", 0x80, self.codec, self.sent & 0xFFFF, self.sent * 160, 77)
            self.sent += 1
            self.socket.sendto(header + encode(pcm[number * 320 :][:320]), (ADDRESS, session.local_port))
            await asyncio.sleep(max(0.0, began + (number + 1) * 0.02 - time.monotonic()))

    def sound(self) -> np.ndarray:
        """All received samples in order, full scale 1."""
        decode = g711.alaw_decode_bytes if self.codec == 8 else g711.ulaw_decode_bytes
        return np.frombuffer(decode(b"".join(payload for *_, payload in sorted(self.packets))), "<i2") / 32768

    def _receive(self) -> None:
        while True:
            try:
                data = self.socket.recv(2048)
            except BlockingIOError:
                return
            if len(data) >= 12 and data[1] & 0x7F == self.codec:
                sequence, timestamp = struct.unpack("!HI", data[2:8])
                self.packets.append((sequence, timestamp, data[12:]))


@pytest_asyncio.fixture
async def media(tmp_path: Path) -> Iterator[MediaEngine]:
    core = Engine(workers=1, port_min=30000, port_max=30199, max_streams=64, realtime=False)
    engine = MediaEngine(core, Media(listen=ADDRESS), recordings_dir=tmp_path / "recordings")
    engine.start()
    yield engine
    engine.stop()


async def eventually(done: Callable[[], bool], within_s: float = 30.0) -> None:
    """Waits for what the media threads do in their own time; the assertion after it tells what was missing."""
    deadline = time.monotonic() + within_s
    while not done() and time.monotonic() < deadline:  # noqa: ASYNC110 (sockets and threads set no event)
        await asyncio.sleep(0.01)


def level_db(samples: np.ndarray) -> float:
    return 20 * float(np.log10(np.sqrt(np.mean(samples**2)) + 1e-9))


def loudest_hertz(samples: np.ndarray) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))))) * 8000 / len(samples)


@pytest.mark.parametrize("codec", [0, 8])
async def test_a_tone_arrives_at_its_level_without_a_gap(media: MediaEngine, codec: int) -> None:
    phone = Phone(codec)
    session = media.open()
    session.configure(phone.far())
    clip = media.clip(tone_bytes(1000, 0, -13, 8000), "tone")
    assert await asyncio.wait_for(session.play([clip]), 30) is True
    await eventually(lambda: len(phone.packets) >= 50)
    sequences = sorted(sequence for sequence, *_ in phone.packets)
    assert len(sequences) >= 50
    assert [b - a for a, b in itertools.pairwise(sequences)] == [1] * (len(sequences) - 1)
    steps = {b[1] - a[1] for a, b in itertools.pairwise(phone.packets)}
    late = media.worker_stats()[0].late_ticks  # a thread that could not run tells the true time of what follows
    assert steps == {160} if not late else min(steps) == 160
    middle = phone.sound()[1000:7000]
    assert loudest_hertz(middle) == pytest.approx(1000, abs=2)
    assert level_db(middle) == pytest.approx(-13 - 3.14 - 3.01, abs=0.2)
    stats = session.close()
    assert stats is not None
    assert stats.tx_packets >= 50
    phone.close()


@needs_espeak
async def test_a_spoken_prompt_arrives_as_speech(media: MediaEngine, tmp_path: Path) -> None:
    prompts = Prompts(media, Speech(), cache_dir=tmp_path / "speech")
    await prompts.start()
    phone = Phone()
    session = media.open()
    session.configure(phone.far())
    clip = await prompts.get("Dzień dobry, proszę czekać.", "pl")
    began = time.monotonic()
    assert await asyncio.wait_for(session.play([clip]), 20) is True
    assert clip.duration_s - 0.1 < time.monotonic() - began < clip.duration_s + 2
    await asyncio.sleep(0.05)
    sound = phone.sound()
    assert len(sound) / 8000 == pytest.approx(clip.duration_s, abs=0.1)
    frames = sound[: len(sound) // 160 * 160].reshape(-1, 160)
    levels = np.array([level_db(frame) for frame in frames])
    assert -32 < level_db(sound) < -22
    assert levels.max() - np.percentile(levels, 10) > 15  # speech rises and falls; noise and tones do not
    power = np.abs(np.fft.rfft(sound)) ** 2
    hertz = np.fft.rfftfreq(len(sound), 1 / 8000)
    assert power[(hertz > 100) & (hertz < 3400)].sum() / power.sum() > 0.97
    session.play([prompts.music()], repeat=True)
    await asyncio.sleep(0.3)
    before = len(phone.packets)
    await asyncio.sleep(0.5)
    assert 10 < len(phone.packets) - before < 40  # 25 on an idle machine
    session.close()
    phone.close()
    await prompts.stop()


async def test_digits_in_the_audio_are_heard_where_no_events_are_agreed(media: MediaEngine) -> None:
    phone = Phone()
    session = media.open()
    heard: list[tuple[str, str]] = []
    session.on_digit = lambda digit, method: heard.append((digit, method))
    far = phone.far()
    far.event_payload_type = -1
    session.configure(far)
    low, high = dtmf.frequencies("7")
    await phone.send(
        session, tone_bytes(low, high, -10, 800) + bytes(1600) + tone_bytes(low, high, -10, 800) + bytes(3200)
    )
    await eventually(lambda: len(heard) > 1)
    assert heard == [("7", "inband"), ("7", "inband")]
    session.close()
    phone.close()


async def test_a_recording_holds_both_sides(media: MediaEngine) -> None:
    first, second = Phone(), Phone(0)
    left = media.open()
    right = media.open(left)
    left.configure(first.far())
    right.configure(second.far())
    left.bridge(right)
    recording = left.record("day/call.wav", right)
    await asyncio.gather(
        first.send(left, tone_bytes(500, 0, -10, 8000)), second.send(right, tone_bytes(1500, 0, -16, 8000))
    )
    duration_s = await asyncio.wait_for(recording.stop(), 30)
    assert 0.8 < duration_s < 2.0
    assert recording.path.stat().st_mode & 0o777 == 0o600
    with wave.open(str(recording.path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2) / 32768
    middle = samples[2000:6000]
    assert loudest_hertz(middle[:, 0]) == pytest.approx(500, abs=3)
    assert loudest_hertz(middle[:, 1]) == pytest.approx(1500, abs=3)
    assert level_db(middle[:, 0]) - level_db(middle[:, 1]) == pytest.approx(6, abs=0.7)
    for session in (left, right):
        session.close()
    assert loudest_hertz(second.sound()[1000:6000]) == pytest.approx(500, abs=3)  # the bridge carried it
    first.close()
    second.close()


async def test_a_far_end_without_an_address_is_sent_nothing_until_it_has_one_again(media: MediaEngine) -> None:
    """Hold by c=0.0.0.0 (RFC 3264 section 8.4): no address, no port, and no error either."""
    phone = Phone()
    session = media.open()
    held = Far(remote_ip="", remote_port=0, remote_rtcp_port=0, codec=8, payload_type=8, send=False)
    session.configure(held, signalling_ip="127.12.1.2")
    clip = media.clip(tone_bytes(1000, 0, -13, 8000), "tone")
    session.play([clip], repeat=True)
    await asyncio.sleep(0.1)
    assert phone.packets == []
    session.configure(phone.far())
    await eventually(lambda: len(phone.packets) >= 5)
    assert len(phone.packets) >= 5
    phone.close()


async def test_a_clip_dropped_while_it_plays_is_heard_to_its_end(media: MediaEngine) -> None:
    phone = Phone()
    session = media.open()
    session.configure(phone.far())
    playing = session.play([media.clip(tone_bytes(800, 0, -13, 4000), "short")])
    media.clips.clear()
    assert await asyncio.wait_for(playing, 30) is True
    await eventually(lambda: len(phone.packets) >= 25)
    assert len(phone.packets) >= 25
    with pytest.raises(OSError, match=r"outside|must lie"):
        session.record("/etc/call.wav")
    session.close()
    phone.close()


async def test_a_stop_in_the_middle_keeps_the_recording(media: MediaEngine) -> None:
    phone = Phone()
    session = media.open()
    session.configure(phone.far())
    recording = session.record("cut.wav")
    playing = session.play([media.clip(tone_bytes(800, 0, -13, 80000), "long")])
    await phone.send(session, tone_bytes(600, 0, -10, 4000))
    media.stop()
    assert await asyncio.wait_for(playing, 30) is False
    assert await asyncio.wait_for(recording.stop(), 30) > 0.3
    with wave.open(str(recording.path)) as file:
        assert file.getnframes() > 2400
    assert media.sessions == 0
    phone.close()
