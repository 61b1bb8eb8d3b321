"""Random conferences in virtual time: who hears whom, how loud, and how often it is encoded is what a model says."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.conference_model import Conference, Member
from tests.support.codec_phone import CLOCKS, G722, L16, L16_48, OPUS, PCMA, PCMU, RATES, decode, encoder
from tests.support.rtp_phone import Phone, rtp

E = pytest.importorskip("core.engine.engine", reason="build the core first")
probe = pytest.importorskip("tests.core._probe_turns", reason="CENTRALA_TEST_EXTENSIONS=1 builds it")

CODECS = (PCMU, PCMA, G722, OPUS, L16, L16_48)
PHONES = 6
AMPLITUDE = 2000.0
TONES = tuple(400.0 + 350.0 * n for n in range(PHONES))  # Hz; whole periods in a packet, so that all packets are alike
CLIP, OVERLAY = (2700.0, 1500.0), (2950.0, 1500.0)  # Hz, amplitude
QUIET, TALK, JUDGED = 60, 32, 10  # packets: a talker is one for half a second longer; then listeners share; the latest
GAINS_DB = (0.0, -6.0, 3.0)
EXAMPLES = int(os.environ.get("CENTRALA_CONFERENCES", "6"))


def sine(tone: float, amplitude: float, rate: int, seconds: float = 0.02) -> bytes:
    t = np.arange(round(rate * seconds)) / rate
    return (amplitude * np.sin(2 * np.pi * tone * t)).astype(np.int16).tobytes()


class Far:
    """The far end of a member: says its tone or silence, hears packets."""

    def __init__(self, world: World, number: int, codec: int) -> None:
        self.world, self.engine = world, world.engine
        self.member = Member(TONES[number], AMPLITUDE, codec)
        self.phone = Phone(f"127.11.67.{number + 1}")
        self.phone.socket.setblocking(False)
        self.frames = 0
        self.heard: list[bytes] = []
        self.open()

    def open(self) -> None:
        self.stream, port = self.engine.open(self.world.local_ip)
        self.phone.far = (self.world.local_ip, port)
        self.configure(self.member.codec)

    def configure(self, codec: int) -> None:
        self.member.codec = codec
        self.encode = encoder(codec)
        settings = {"codec": codec, "event_payload_type": 101}
        self.engine.configure(self.stream, remote_ip=self.phone.ip, remote_port=self.phone.port, **settings)

    def say(self, talks: bool) -> None:
        codec = self.member.codec
        payload = self.encode(sine(self.member.tone, AMPLITUDE * talks, RATES[codec]))
        pieces = (payload[:960], payload[960:]) if codec == L16_48 else (payload,)
        for piece in pieces:
            stamp = self.frames * CLOCKS[codec] // (50 * len(pieces))
            self.phone.raw(rtp(100 + self.frames, stamp, piece, pt=codec))
            self.frames += 1

    def hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := self.phone.socket.recv(4096):
                if not 200 <= data[1] <= 207 and data[1] & 0x7F == self.member.codec:
                    self.heard.append(data[12:])

    def amplitudes(self) -> dict[float, float]:
        """Of each tone that there is, in the latest fifth of a second."""
        rate = RATES[self.member.codec]
        sound = decode(self.member.codec, self.heard)[-rate * JUDGED // 50 :]
        t = np.arange(len(sound)) / rate
        tones = (*TONES, CLIP[0], OVERLAY[0])
        return {tone: float(2 * np.abs(np.mean(sound * np.exp(-2j * np.pi * tone * t)))) for tone in tones}


class World:
    """An engine whose worker is turned by hand, a conference, and phones."""

    def __init__(self, rate: int, codecs: list[int], folder: Path) -> None:
        self.local_ip = f"127.11.{os.getpid() % 250}.9"
        self.engine: Any = E.Engine(workers=1, port_min=29200, port_max=29299, max_streams=32, realtime=False)
        self.turns = probe.Turns(self.engine)
        self.folder, self.tapes = folder, 0
        clips = [self.clip(*CLIP), self.clip(*OVERLAY)]
        self.announcement, self.overlay = clips
        self.fars = [Far(self, number, codec) for number, codec in enumerate(codecs)]
        self.model = Conference([far.member for far in self.fars], rate, CLIP, OVERLAY)
        self.room = self.engine.open_room(rate=rate)
        self.recordings: dict[tuple[str, int], int] = {}

    def clip(self, tone: float, amplitude: float) -> int:
        pcm = (sine(tone, amplitude, rate, 1.0) for rate in (8000, 16000, 48000))
        added: int = self.engine.add_clip(*pcm)
        return added

    def frames(self, count: int, talk: bool) -> None:
        for _ in range(count):
            there = [far for far in self.fars if far.member.open]
            for far in there:
                far.say(talk and far.member.talks)
            self.turns.arrived([far.stream for far in there])
            self.turns.turn(10)
            self.turns.turn(10)
            for far in there:
                far.hear()

    def check(self) -> None:
        """Quiet, so that who can share does; then all who talk talk, and everybody hears what he should."""
        self.frames(QUIET, False)
        if self.model.announces:
            self.engine.play_in_room(self.room, [self.announcement], repeat=True)
        for far in self.fars:
            far.heard.clear()
        self.frames(TALK - JUDGED, True)
        before = self.engine.worker_stats(0)
        self.frames(JUDGED, True)
        encoded = self.engine.worker_stats(0).room_encodes - before.room_encodes
        if self.model.announces:
            self.engine.stop_room_play(self.room)
        for far in self.fars:
            if far.member.open:
                self.compare(far)
        least, most = self.model.encodes()
        assert least * JUDGED <= encoded <= most * JUDGED
        events = self.engine.drain(0)
        assert not [event for event in events if event[0] == E.EV_COMMAND_FAILED]

    def compare(self, far: Far) -> None:
        wanted = self.model.hears(far.member)
        if not wanted and not far.heard:
            return
        lossy = OPUS in (far.member.codec, *(other.member.codec for other in self.fars))
        near, trace = (0.45, 0.2) if lossy else (0.12, 0.04)
        for tone, found in far.amplitudes().items():
            due = wanted.get(tone, 0.0)
            assert abs(found - due) <= max(near * due, trace * AMPLITUDE), (self.fars.index(far), tone, found, wanted)

    def close(self) -> None:
        """Nothing is left of all that."""
        for far in self.fars:
            if far.member.open:
                self.engine.close(far.stream)
            far.phone.close()
        self.engine.close_room(self.room)
        for recording in self.recordings.values():
            self.engine.stop_record(recording)
        left = {"?": 1}
        for _ in range(100):
            self.turns.turn(20)
            self.engine.drain(0)
            left = {name: count for name, count in self.turns.kept().items() if count}
            if not left:
                break
        self.turns.end()
        assert left == {}, left

    # -- what may happen ------------------------------------------------------------------------------------------

    def join(self, far: Far, _: Far) -> None:
        member = far.member
        member.watches, member.how, member.joined = None, 0, True
        self.engine.join_room(self.room, far.stream, muted=member.muted, deaf=member.deaf)

    def leave(self, far: Far, _: Far) -> None:
        if far.member.joined:
            far.member.joined = far.member.muted = far.member.deaf = False
            self.engine.leave_room(far.stream)

    def mute(self, far: Far, _: Far) -> None:
        if far.member.joined:
            far.member.muted = not far.member.muted
            self.join(far, far)

    def deafen(self, far: Far, _: Far) -> None:
        if far.member.joined:
            far.member.deaf = not far.member.deaf
            self.join(far, far)

    def talk(self, far: Far, _: Far) -> None:
        far.member.talks = not far.member.talks

    def louder(self, far: Far, other: Far) -> None:
        gain_db = GAINS_DB[self.fars.index(other) % len(GAINS_DB)]
        far.member.gain = 10 ** (gain_db / 20)
        self.engine.gain(far.stream, gain_db)

    def recode(self, far: Far, other: Far) -> None:
        far.configure(CODECS[self.fars.index(other)])

    def reopen(self, far: Far, _: Far) -> None:
        """The phone hangs up and another call of it begins."""
        self.engine.close(far.stream)
        for supervisor in self.model.supervisors(far.member):
            supervisor.watches, supervisor.how = None, 0
        tone, talks = far.member.tone, far.member.talks
        far.member.__init__(tone, AMPLITUDE, far.member.codec, talks=talks)  # type: ignore[misc]
        self.recordings.pop(("said", far.stream), None)
        far.open()

    def supervise(self, far: Far, other: Far, how: int) -> None:
        member, watched = far.member, other.member
        if far is other or watched.watches is not None or self.model.supervisors(member):
            return
        member.joined = member.muted = member.deaf = False
        member.watches, member.how = watched, how
        self.engine.supervise(far.stream, other.stream, how)

    def listen(self, far: Far, other: Far) -> None:
        self.supervise(far, other, 1)

    def whisper(self, far: Far, other: Far) -> None:
        self.supervise(far, other, 2)

    def barge(self, far: Far, other: Far) -> None:
        self.supervise(far, other, 3)

    def unsupervise(self, far: Far, _: Far) -> None:
        if far.member.watches is not None:
            far.member.watches, far.member.how = None, 0
            self.engine.supervise(far.stream, 0, 0)

    def announce(self, _: Far, __: Far) -> None:
        self.model.announces = not self.model.announces

    def overlay_on(self, far: Far, _: Far) -> None:
        far.member.overlay = not far.member.overlay
        if far.member.overlay:
            self.engine.play(far.stream, [self.overlay], repeat=True, mix=True)
        else:
            self.engine.stop_play(far.stream, mix=True)

    def tape(self, kind: str, far: Far, start: Callable[[str], int]) -> bool:
        """True when it runs from now on."""
        found = self.recordings.pop((kind, far.stream), None)
        if found is not None:
            self.engine.stop_record(found)
            return False
        self.tapes += 1
        self.recordings[kind, far.stream] = start(str(self.folder / f"{self.tapes}.wav"))
        return True

    def tape_said(self, far: Far, _: Far) -> None:
        far.member.said_tape = self.tape("said", far, lambda path: self.engine.record(path, far.stream))

    def tape_room(self, _: Far, __: Far) -> None:
        self.tape("room", self.fars[0], lambda path: self.engine.record_room(path, self.room))


ACTS = ("join", "join", "join", "leave", "mute", "deafen", "talk", "talk", "louder", "recode", "reopen")
ACTS += ("listen", "whisper", "barge", "unsupervise", "announce", "overlay_on", "tape_said", "tape_room")
WHO = st.integers(0, PHONES - 1)
STEP = st.lists(st.tuples(st.sampled_from(ACTS), WHO, WHO), min_size=1, max_size=6)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    rate=st.sampled_from((8000, 16000, 48000)),
    codecs=st.lists(st.sampled_from(CODECS), min_size=PHONES, max_size=PHONES),
    steps=st.lists(STEP, min_size=3, max_size=5),
)
def test_everybody_hears_what_the_model_says(
    tmp_path_factory: pytest.TempPathFactory, rate: int, codecs: list[int], steps: list[list[tuple[str, int, int]]]
) -> None:
    world = World(rate, codecs, tmp_path_factory.mktemp("tapes"))
    try:
        for number in range(4):
            world.join(world.fars[number], world.fars[number])
        world.talk(world.fars[0], world.fars[0])
        for step in steps:
            for act, one, other in step:
                getattr(world, act)(world.fars[one], world.fars[other])
            world.check()
    finally:
        world.close()


REGRESSIONS: dict[str, list[list[tuple[str, int, int]]]] = {
    "the deaf share an encoder, also who talks": [[("deafen", n, n) for n in (0, 1, 2)], [("deafen", 0, 0)]],
    "a supervisor who joins becomes a member": [[("listen", 4, 0)], [("join", 4, 4)], [("leave", 4, 4)]],
    "a supervisor's tape hears him when the other one has gone": [
        [("barge", 5, 4), ("tape_said", 5, 5), ("talk", 5, 5)],
        [("reopen", 4, 4)],
    ],
    "who takes a plain codec is on the tick no more": [[("recode", 4, 2), ("tape_said", 4, 4)], [("recode", 4, 0)]],
}


@pytest.mark.parametrize("steps", REGRESSIONS.values(), ids=REGRESSIONS)
def test_what_was_wrong_once(tmp_path: Path, steps: list[list[tuple[str, int, int]]]) -> None:
    world = World(16000, [G722] * PHONES, tmp_path)
    try:
        for far in world.fars[:4]:
            world.join(far, far)
        world.talk(world.fars[0], world.fars[0])
        for step in steps:
            for act, one, other in step:
                getattr(world, act)(world.fars[one], world.fars[other])
            world.check()
    finally:
        world.close()
