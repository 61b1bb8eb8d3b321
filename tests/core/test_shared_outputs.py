"""Listeners whose far ends want the same octets are encoded once; who speaks goes out and back without a click."""

from __future__ import annotations

import contextlib
import itertools
import struct

import numpy as np
import pytest

from tests.core.test_engine_srtp import secure_call
from tests.support.codec_phone import AMPLITUDE, CLOCKS, G722, L16, L16_48, NAMES, OPUS, PCMA, PCMU, CodecPhone, decode
from tests.support.rtp_phone import Bench, Packet

E = pytest.importorskip("core.engine.engine", reason="build the core first")

MUSIC = 440.0  # Hz: what all hear all the time, put in by the engine, so that it is even however busy the machine is
VOICE = 1500.0
CN = 13


class House:
    """A room in which something plays, and its members."""

    def __init__(self, bench: Bench, rate: int) -> None:
        self.bench, self.engine = bench, bench.engine
        self.room = bench.engine.open_room(rate=rate)
        self.phones: list[CodecPhone] = []

    def play(self) -> None:
        t = np.arange(16000) / 16000
        wide = (4000 * np.sin(2 * np.pi * MUSIC * t)).astype(np.int16)
        clip = self.engine.add_clip(wide[::2].tobytes(), wide.tobytes())
        self.engine.play_in_room(self.room, [clip], repeat=True)

    def add(self, codec: int, count: int = 1, tone: float = VOICE, **settings: object) -> list[CodecPhone]:
        made = []
        for _ in range(count):
            number = len(self.phones) + 1
            phone = CodecPhone(self.bench, f"127.11.65.{number}", codec, tone, **settings)
            self.engine.join_room(self.room, phone.stream)
            made.append(phone)
            self.phones.append(phone)
        return made

    def drain(self) -> None:
        """Takes the RTP that has come for each, without waiting."""
        for phone in self.phones:
            phone.phone.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while data := phone.phone.socket.recv(2048):
                    _, kind, sequence, stamp, ssrc = struct.unpack("!BBHII", data[:12])
                    if not 200 <= kind <= 207:
                        phone.heard.append(Packet(kind & 0x7F, kind > 0x7F, sequence, stamp, ssrc, data[12:]))

    def encodes(self, ticks: int = 25) -> float:
        """How many packets a tick are encoded for the room from now on."""
        before = self.engine.worker_stats(0)
        self.bench.until(lambda: self.engine.worker_stats(0).ticks >= before.ticks + ticks, "ticks")
        after = self.engine.worker_stats(0)
        self.drain()
        return (after.room_encodes - before.room_encodes) / (after.ticks - before.ticks)

    def settle(self, encodes: float) -> None:
        """Until so many packets are encoded a tick; a reading may be one tick off."""
        self.bench.until(lambda: self.encodes(20) == pytest.approx(encodes, abs=0.2), f"{encodes} encodes a tick")


@pytest.fixture
def house(bench: Bench, request: pytest.FixtureRequest) -> House:
    return House(bench, getattr(request, "param", 16000))


def speak(phone: CodecPhone, house: House, ticks: int = 25) -> None:
    """Half a second of his tone, as the engine's clock goes."""
    for _ in range(ticks):
        phone.say()
        now = house.engine.worker_stats(0).ticks
        house.bench.until(lambda now=now: house.engine.worker_stats(0).ticks > now, "a tick")
    house.drain()


def whole(phone: CodecPhone) -> np.ndarray:
    """All that it has heard; one stream in which nothing is missing."""
    spans = {OPUS: 960, L16_48: 480}
    assert len({p.ssrc for p in phone.heard}) == 1
    for before, after in itertools.pairwise(phone.heard):
        assert (after.sequence - before.sequence) & 0xFFFF == 1, NAMES[phone.codec]
        octets = 1 if phone.codec in (PCMU, PCMA, G722) else 2
        span = spans.get(phone.codec, len(before.payload) // octets)
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == span, NAMES[phone.codec]
    return decode(phone.codec, [p.payload for p in phone.heard])


def strange(sound: np.ndarray, rate: int, *tones: float) -> np.ndarray:
    """What is not these tones, for each 20 ms as a share of the music's amplitude."""
    size = rate // 50
    t = np.arange(size) / rate
    basis = np.stack([part(2 * np.pi * tone * t) for tone in tones for part in (np.sin, np.cos)])
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    rest = frames - np.linalg.lstsq(basis.T, frames.T, rcond=None)[0].T @ basis
    return np.max(np.abs(rest), axis=1) / 4000


def level(sound: np.ndarray, rate: int, tone: float) -> np.ndarray:
    """Of a tone in each 100 ms, as a share of what a phone says."""
    size = rate // 10
    frames = sound[: len(sound) // size * size].reshape(-1, size) * np.hanning(size)
    turn = np.exp(-2j * np.pi * tone * np.arange(size) / rate)
    return np.abs(frames @ turn) * 4 / size / AMPLITUDE


def steady(phone: CodecPhone) -> np.ndarray:
    """What is strange about the music where nobody else is heard: there a change of encoders would tell."""
    sound = whole(phone)
    spoken, music = level(sound, phone.rate, VOICE), level(sound, phone.rate, MUSIC) * AMPLITUDE / 4000
    even = np.convolve((spoken > 0.002) | (music < 0.95), np.ones(5), "same") == 0
    rest = strange(sound, phone.rate, MUSIC)[: 5 * len(even)][np.repeat(even, 5)]
    assert len(rest) >= 20
    return rest


@pytest.mark.parametrize(("house", "who"), [(16000, 0), (48000, 7)], indirect=["house"], ids=["leads", "follows"])
def test_a_hundred_listeners_of_whom_one_speaks_at_a_time(house: House, who: int) -> None:
    """50 of G.722 and 50 of Opus are two encodes a tick, and one more for who speaks; his own far end notices nothing.

    They share again in the next quiet, when their decoders do not notice.
    """
    wide, browsers = house.add(G722, 50), house.add(OPUS, 50)
    house.settle(2)
    house.play()
    for phone, encodes in ((wide[who], 3), (browsers[who], 4)):
        speak(phone, house)
        assert house.encodes(40) == pytest.approx(encodes, abs=0.3)
    house.engine.stop_room_play(house.room)
    house.settle(2)
    house.play()
    house.encodes(15)
    for phone in house.phones:
        sound = whole(phone)
        music, spoken = level(sound, phone.rate, MUSIC) * AMPLITUDE / 4000, level(sound, phone.rate, VOICE)
        edges = np.flatnonzero(np.diff(music > 0.5))
        assert len(edges) == 3, "it begins, ends and begins"
        # A gap of 20 ms would take 40 % of its block; the voice's edges take a little.
        assert np.min(music[edges[0] + 2 : edges[1]]) > 0.75
        if phone not in (wide[who], browsers[who]):
            assert np.sum(spoken > 0.8) >= 6
            continue
        # The other one was heard, oneself never.
        assert 3 <= np.sum(spoken > 0.1) <= 8
        bystander = wide[20] if phone.codec == G722 else browsers[20]
        assert np.max(steady(phone)) < 2 * np.max(steady(bystander)), NAMES[phone.codec]
        # And the way back, in the quiet, is no louder than hiss.
        silent = np.convolve((spoken > 0.002) | (music > 0.002), np.ones(3), "same") == 0
        pieces = sound[: len(music) * (phone.rate // 10)].reshape(len(music), -1)[silent]
        assert np.max(np.abs(pieces)) < 200


def test_who_is_muted_shares_and_who_is_whispered_to_does_not(house: House) -> None:
    agent, *others = house.add(G722, 6)
    house.engine.join_room(house.room, others[0].stream, muted=True)
    (boss,) = house.add(PCMU, tone=VOICE)
    house.settle(2)
    house.engine.supervise(boss.stream, agent.stream, 2)
    speak(boss, house, 20)
    assert house.encodes(10) <= 3.3
    speak(others[0], house, 10)
    house.drain()
    for phone in house.phones:
        heard = level(whole(phone), phone.rate, VOICE)
        assert np.sum(heard > 0.5) >= 2 if phone is agent else np.max(heard) < 0.02


@pytest.mark.parametrize("house", [16000, 48000], indirect=True)
def test_every_codec_packet_time_and_law_has_one_encoding(house: House) -> None:
    """Of packets that do not fill in a tick each phase is an output; L16 at 48 kHz takes two packets for 20 ms."""
    for codec, ptime in ((PCMU, 20), (PCMA, 20), (PCMU, 60), (PCMA, 10), (L16, 20), (L16_48, 20)):
        house.add(codec, 5, ptime_ms=ptime)
    house.play()
    house.bench.until(lambda: house.encodes(30) <= 8.3, "an encoding for each output")
    assert house.encodes(30) + house.encodes(30) >= 14.2
    speak(house.phones[0], house, 10)
    speak(house.phones[11], house, 10)
    house.drain()
    for index, phone in enumerate(house.phones):
        sound = whole(phone)
        rest = strange(sound[phone.rate // 5 :], phone.rate, MUSIC)
        spoken = level(sound, phone.rate, VOICE)
        assert np.sum(spoken > 0.1) >= (1 if index in (0, 11) else 2), NAMES[phone.codec]
        assert np.median(rest) < 0.1


def test_a_leader_who_hangs_up_or_plays_leaves_the_others_whole(house: House) -> None:
    """His packet may still be on its way from the helper thread; they get it."""
    phones = [*house.add(OPUS, 4), *house.add(G722, 4)]
    house.settle(2)
    house.play()
    for gone in (phones[0], phones[4]):
        house.engine.close(gone.stream)
    house.settle(2)
    clip = house.engine.add_clip(bytes(8000))
    for plays in (phones[1], phones[5]):
        house.engine.play(plays.stream, [clip])
    house.settle(4)
    house.engine.leave_room(phones[2].stream)
    house.engine.configure(phones[6].stream, codec=PCMU, remote_ip=phones[6].phone.ip, remote_port=phones[6].phone.port)
    house.settle(5)
    for phone in (phones[3], phones[7]):
        sound = whole(phone)
        begin = int(np.argmax(level(sound, phone.rate, MUSIC) > 0.6)) + 2
        rest = strange(sound, phone.rate, MUSIC)[5 * begin :]
        assert len(rest) >= 20
        assert np.max(rest) < (0.02 if phone.codec == G722 else 0.12), NAMES[phone.codec]


def report_loss(phone: CodecPhone, share: float) -> None:
    """A receiver report (RFC 3550 section 6.4.2) on what it is sent."""
    source = phone.heard[-1].ssrc
    block = struct.pack("!IIIIII", source, int(share * 256) << 24, 0, 0, 0, 0)
    phone.phone.raw(struct.pack("!BBHI", 0x81, 201, 7, 5) + block)


def test_who_reports_loss_gets_an_encoding_of_his_own(house: House) -> None:
    """The others' bits do not go into redundancy that they do not need."""
    phones = house.add(OPUS, 6, rtcp_mux=True)
    for phone in phones:
        phone.say()
    house.settle(1)
    house.play()
    house.drain()
    for phone in (phones[0], phones[3]):
        report_loss(phone, 0.2)
    house.settle(3)
    house.engine.stop_room_play(house.room)
    house.settle(2)
    house.play()
    house.encodes(70)
    for phone in phones:
        assert np.all(level(whole(phone), 16000, MUSIC)[-10:] > 0.9 * 4000 / AMPLITUDE)


@pytest.mark.parametrize("codec", [PCMU, OPUS], ids=NAMES.__getitem__)
def test_silence_is_left_out_for_all_who_share(bench: Bench, codec: int) -> None:
    house = House(bench, 16000)
    phones = house.add(codec, 4, suppress_silence=True, noise_payload_type=CN if codec == PCMU else -1)
    bench.until(lambda: house.encodes(20) < 1.3, "one encoding, or none")
    house.drain()
    before = [len(phone.heard) for phone in phones]
    house.encodes(50)
    house.drain()
    assert all(len(phone.heard) - count < 12 for phone, count in zip(phones, before, strict=True))
    house.play()
    house.encodes(50)
    house.drain()
    for phone in phones:
        sound = decode(codec, [p.payload for p in phone.heard if p.payload_type != CN][-30:])
        assert np.min(level(sound, phone.rate, MUSIC)[1:]) > 0.8 * 4000 / AMPLITUDE
        stamps = [p.timestamp for p in phone.heard]
        assert all(((b - a) & 0xFFFFFFFF) % (CLOCKS[codec] // 50) == 0 for a, b in itertools.pairwise(stamps))


def test_each_gets_the_shared_packet_under_his_own_keys(house: House) -> None:
    secured = [secure_call(house.bench, f"127.11.65.{200 + n}", codec=G722) for n in range(3)]
    for stream, far_end in secured:
        far_end.say(pt=G722)
        house.engine.join_room(house.room, stream)
    (plain,) = house.add(G722)
    house.settle(1)
    house.play()
    house.encodes(40)
    wanted = [p.payload for p in plain.heard[-20:]]
    house.engine.close_room(house.room)
    for _, far_end in secured:
        heard = [p.payload for p in far_end.hear(1000, timeout_s=0.2)]
        at = heard.index(wanted[0])
        assert heard[at : at + 20] == wanted
