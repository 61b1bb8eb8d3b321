"""Forwarding on busy, no answer and when not registered, its loop guard, and recording."""

from typing import Any

import pytest

from pbx.call.call import Call
from pbx.call.testing import CallHarness
from pbx.config import Config
from pbx.events import Alarm, Kind


def plan(**forwards: dict[str, str]) -> Config:
    """Extensions 101 to 103; `e101={"forward_busy": "102"}` and so on."""
    numbers = ["101", "102", "103"]
    return Config.model_validate(
        {
            "extension": [
                {"number": n, "secret": "s", "ring_timeout_s": 10, **forwards.get(f"e{n}", {})} for n in numbers
            ],
            "number": [{"number": "601", "application": "echo"}],
        }
    )


@pytest.mark.parametrize(
    ("behaviour", "reason", "diversion"),
    [
        ({"refuse": 486}, "busy", "user-busy"),
        ({"answer_after_s": None}, "no_answer", "no-answer"),
        (None, "unregistered", "unavailable"),
    ],
)
async def test_forward(behaviour: dict[str, Any] | None, reason: str, diversion: str) -> None:
    harness = CallHarness(plan(e101={f"forward_{reason}": "102"}))
    if behaviour is not None:
        harness.phone("101", **behaviour)
    other = harness.phone("102", talk_s=5)
    caller = harness.call("extension:101")
    await caller.over()
    line, history = other.invites[0]["headers"]
    assert line == f"Diversion: <sip:101@centrala.local>;reason={diversion};counter=1"
    assert history.startswith("History-Info: <sip:101@centrala.local?Reason=SIP%3Bcause%3D")
    assert history.endswith(">;index=1, <sip:102@centrala.local>;index=1.1;rc=1")
    assert harness.journey(kind=Kind.FORWARDED)[0].data == {"from_extension": "101", "to": "102", "reason": reason}
    assert caller.status == 200
    await harness.close()


async def test_a_ring_of_forwards_ends() -> None:
    harness = CallHarness(
        plan(**{f"e{a}": {"forward_unregistered": b} for a, b in (("101", "102"), ("102", "103"), ("103", "101"))})
    )
    caller = harness.call("extension:101")
    await caller.over()
    assert caller.status == 482
    assert len(harness.journey(kind=Kind.FORWARDED)) == 2
    await harness.close()


async def test_forward_to_an_application() -> None:
    harness = CallHarness(plan(e101={"forward_unregistered": "601"}))
    caller = harness.call("extension:101")
    await harness.sleep(2)
    assert caller.media.echoing
    await harness.close()


async def test_forward_outside_needs_the_right() -> None:
    harness = CallHarness(plan(e101={"forward_unregistered": "+48500"}))
    caller = harness.call("extension:101")
    await caller.over()
    assert caller.status == 403
    await harness.close()


async def test_ringback_is_played_to_a_caller_who_was_answered_before() -> None:
    harness = CallHarness(extensions=("101",))
    harness.phone("101", answer_after_s=4, talk_s=5)

    async def greet_and_dial(call: Call) -> None:
        await call.answer()
        await call.say("hello")
        result = await call.dial("101", timeout_s=20)
        assert result.answered
        await call.say("bye")

    caller = harness.call(greet_and_dial)
    await caller.over()
    assert [text for _, text in caller.heard] == ["en:hello", "tone:ringback", "en:bye"]
    assert harness.events[-1].data["ended_by"] == "pbx"
    await harness.close()


async def test_a_recorded_extension() -> None:
    harness = CallHarness(plan(e101={"record": "true"}))
    harness.phone("101", talk_s=30)
    caller = harness.call("extension:101")
    await caller.over()
    await harness.sleep(1)
    started = harness.journey(kind=Kind.RECORDING_STARTED)[0]
    ended = harness.journey(kind=Kind.RECORDING_ENDED)[0]
    assert started.data["path"].endswith(f"/{started.call_id}.wav")
    assert started.data["path"].count("/") == 3
    assert ended.data["duration_s"] == pytest.approx(30)
    await harness.close()


async def test_a_full_disk_raises_an_alarm_and_the_call_goes_on() -> None:
    harness = CallHarness(plan(e101={"record": "true"}))
    harness.phone("101", talk_s=30)
    for fails in (OSError(28, "No space left on device"), None):
        caller = harness.call("extension:101")
        caller.media.record_fails = fails
        await caller.over()
        assert caller.status == 200
    assert [alarm.active for alarm in harness.events if isinstance(alarm, Alarm)] == [True, False]
    await harness.close()


async def test_both_sides_hold() -> None:
    harness = CallHarness(extensions=("101",))
    phone = harness.phone("101")
    caller = harness.call("extension:101")
    await harness.sleep(3)
    other = harness.media.sessions[1]
    caller.hold()
    assert other.playing == ["music:default"]
    phone.sessions[0].observer.on_reinvite(phone.sessions[0], b"fake inactive")
    assert caller.media.playing == ["music:default"]
    caller.resume()
    assert other.playing == []
    await harness.sleep(10)
    caller.hang_up()
    await caller.over()
    assert harness.kinds().count(Kind.HOLD_STARTED) == harness.kinds().count(Kind.HOLD_ENDED) == 2
    await harness.close()


async def test_timeout_of_a_held_stream_is_right() -> None:
    harness = CallHarness(extensions=("101",))
    harness.phone("101")
    caller = harness.call("extension:101")
    await harness.sleep(3)
    caller.hold()
    caller.media.on_timeout(30.0)
    assert not caller.call.ended
    caller.resume()
    caller.media.on_timeout(30.0)
    await caller.over()
    assert harness.events[-1].data["cause"] == "media_timeout"
    await harness.close()
