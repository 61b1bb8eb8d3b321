"""A call has one recording, whoever the caller talks with: two hours of virtual time with a hold and another phone."""

from __future__ import annotations

import asyncio

import pytest

from pbx.call.fake_media import FakeMediaSession, FakeRecording
from pbx.call.recorder import LEFT, RIGHT, Tape, _take_up
from pbx.events import Kind
from tests.pbx.call.sip_world import config
from tests.pbx.call.test_replaces import GROUPS, replaces
from tests.pbx.call.test_transfer import Trio

HOUR = 3600.0


async def test_two_hours_on_one_tape() -> None:
    extensions = [{**GROUPS[0]}, {**GROUPS[1], "record": True}, GROUPS[2]]
    trio = await Trio(config(extension=extensions, sip={"session_timers": "never"})).register()
    world, carol = trio.world, trio.carol
    carol.call("102")
    await asyncio.sleep(HOUR)
    call = next(iter(world.service.calls.values()))
    tape = call.tape
    assert tape is not None
    left, right = tape.left, tape.right
    assert (left, right) == (call.a.media, call.legs[0].media)
    mobile = world.phone("102", "127.15.1.9")
    mobile.call("102", replaces(trio.bob.session))
    await asyncio.sleep(HOUR)
    assert call.tape is tape  # the same file
    assert tape.left is left
    assert tape.right is call.legs[0].media
    assert tape.right is not right
    carol.session.bye()
    await world.settle()
    assert trio.kinds().count(Kind.RECORDING_STARTED) == 1
    assert trio.kinds().count(Kind.RECORDING_ENDED) == 1
    ended = world.last(Kind.RECORDING_ENDED)
    assert ended["recording"] == call.id
    assert ended["duration_s"] == pytest.approx(2 * HOUR, abs=10)


async def test_who_comes_is_recorded_before_who_goes_is_left() -> None:
    """A recording ends with its last stream."""
    recording = FakeRecording("x.wav")
    a, b, c = FakeMediaSession(), FakeMediaSession(), FakeMediaSession()
    tape = Tape("x", recording, left=a, right=b)
    assert _take_up(tape, c, b)
    assert recording.taps == [("add", c, LEFT), ("drop", a, -1)]
    tape.idle = True
    assert _take_up(tape, c, a)
    assert recording.taps[2:] == [("add", a, RIGHT), ("drop", b, -1)]
    assert not tape.idle


async def test_a_pause_outlasts_a_talk() -> None:
    recording = FakeRecording("x.wav")
    a, b = FakeMediaSession(), FakeMediaSession()
    tape = Tape("x", recording, paused=True, idle=True, left=a)
    assert _take_up(tape, a, b)
    assert recording.paused


async def test_a_tape_that_is_full_or_over_is_followed_by_another() -> None:
    recording = FakeRecording("x.wav")
    a, b = FakeMediaSession(), FakeMediaSession()

    def refuse(_session: object, _channel: int, *, heard: bool = False) -> None:
        raise ValueError("it had 32 streams")

    recording.add = refuse  # type: ignore[method-assign]
    assert not _take_up(Tape("x", recording, left=a), a, b)
    recording.active = False
    assert not _take_up(Tape("x", recording, left=a, right=b), a, b)
