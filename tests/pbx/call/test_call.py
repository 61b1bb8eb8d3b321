"""A call, its application and its legs, on fakes in virtual time."""

import asyncio
import contextlib
import gc
import weakref

import pytest

from pbx.call.call import Call
from pbx.call.errors import CallEnded, DialFailed
from pbx.call.testing import CallHarness
from pbx.events import Kind


async def test_an_application_answers_speaks_and_hangs_up() -> None:
    harness = CallHarness()

    async def greet(call: Call) -> None:
        await call.ring()
        await asyncio.sleep(2)
        await call.answer()
        await call.answer()
        await call.say("x" * 30)

    caller = harness.call(greet)
    await caller.over()
    assert [what[:2] for what in caller.session.sent] == [("progress", 180), ("accept",), ("bye",)]
    assert [text for _, text in caller.heard] == ["en:" + "x" * 30]
    assert harness.kinds() == [
        Kind.CALL_STARTED,
        Kind.CALL_ROUTED,
        Kind.CALL_ANSWERED,
        Kind.LEG_ENDED,
        Kind.CALL_ENDED,
    ]
    ended = harness.events[-1].data
    assert ended == {"cause": "normal", "sip_status": 200, "ended_by": "pbx", "setup_s": pytest.approx(2)}
    assert harness.events[-2].data["lost_packets"] == 1
    await harness.close()


async def test_hang_up_cancels_the_application_and_runs_its_clean_up() -> None:
    harness = CallHarness()
    seen: list[str] = []

    async def wait(call: Call) -> None:
        await call.answer()
        try:
            await asyncio.sleep(3600)
        finally:
            seen.append(call.ended_by)
            with pytest.raises(CallEnded):
                await call.play([])

    caller = harness.call(wait)
    await harness.sleep(5)
    caller.hang_up()
    await caller.over()
    assert seen == ["caller"]
    assert harness.events[-1].data["ended_by"] == "caller"
    await harness.close()


async def test_cancel_before_the_first_step_still_ends_the_call() -> None:
    harness = CallHarness()

    async def never(call: Call) -> None:
        raise AssertionError("the application must not run")

    caller = harness.call(never)
    caller.hang_up()
    await caller.over()
    ended = harness.events[-1]
    assert (ended.kind, ended.data["cause"], ended.data["sip_status"]) == (Kind.CALL_ENDED, "cancelled", 487)
    await harness.close()


async def test_an_exception_of_the_application_ends_the_call_with_500() -> None:
    harness = CallHarness()

    async def broken(call: Call) -> None:
        raise ZeroDivisionError

    caller = harness.call(broken)
    await caller.over()
    assert caller.status == 500
    assert harness.services.counters.application_errors == 1
    assert harness.events[-1].data["cause"] == "error"
    await harness.close()


@pytest.mark.parametrize("method", ["rfc4733", "info", "inband"])
async def test_digits_are_collected(method: str) -> None:
    harness = CallHarness()
    got: list[str] = []

    async def menu(call: Call) -> None:
        await call.answer()
        got.append(await call.say("x" * 150, interruptible=True))
        got.append(await call.collect(maximum=4, timeout_s=5, between_s=2))
        got.append(await call.collect(maximum=4, timeout_s=5, between_s=2))
        got.append(await call.collect(timeout_s=1))

    caller = harness.call(menu)
    await harness.sleep(1)
    caller.press("1", method)
    assert caller.media.playing == ["en:" + "x" * 150]
    await harness.sleep(0.1)
    assert caller.media.playing == []
    caller.press("23#", method)
    await harness.sleep(0.1)
    caller.press("456", method)
    await caller.over()
    assert got == ["1", "23", "456", ""]
    assert len(harness.journey(kind=Kind.DIGIT)) == 7
    await harness.close()


async def test_music_goes_on_after_an_announcement() -> None:
    harness = CallHarness()

    async def hold(call: Call) -> None:
        await call.answer()
        call.start_music("jazz")
        await asyncio.sleep(10)
        await call.say("position one")
        await asyncio.sleep(10)

    caller = harness.call(hold)
    await caller.over()
    assert [text for _, text in caller.heard] == ["music:jazz", "en:position one", "music:jazz"]
    await harness.close()


async def test_originate_bridge_and_the_callee_hangs_up() -> None:
    harness = CallHarness(extensions=("101",))
    phone = harness.phone("101", answer_after_s=3.0, talk_s=60.0)
    results: list[object] = []

    async def offer(call: Call) -> None:
        await call.answer()
        call.start_music()
        leg = call.originate("101", timeout_s=20, role="agent")
        assert await leg.answered()
        results.append(await call.bridge(leg, record=False))

    caller = harness.call(offer)
    await harness.sleep(10)
    assert caller.call.state == "bridged"
    assert caller.media.partner is harness.media.sessions[1]
    assert caller.media.playing == []
    assert harness.services.limits.in_use("extension:101") == 1
    await caller.over()
    assert results[0].talk_s == pytest.approx(60)
    assert results[0].ended_by == "callee"
    assert harness.events[-1].data["ended_by"] == "callee"
    assert caller.session.sent[-1] == ("bye",)
    kinds = harness.kinds()
    assert kinds[3:7] == [Kind.LEG_STARTED, Kind.LEG_RINGING, Kind.LEG_ANSWERED, Kind.BRIDGE_STARTED]
    assert kinds[7:] == [Kind.LEG_ENDED, Kind.BRIDGE_ENDED, Kind.LEG_ENDED, Kind.CALL_ENDED]
    assert not phone.talking
    await harness.close()


async def test_caller_hangs_up_while_the_agent_rings() -> None:
    harness = CallHarness(extensions=("101",))
    phone = harness.phone("101", answer_after_s=None)

    async def offer(call: Call) -> None:
        await call.answer()
        await call.originate("101", timeout_s=20).answered()

    caller = harness.call(offer)
    await harness.sleep(2)
    assert phone.ringing
    caller.hang_up()
    await caller.over()
    assert phone.sessions[0].sent == [("cancel",)]
    await harness.close()


@pytest.mark.parametrize(
    ("behaviour", "status", "cause"),
    [
        ({"answer_after_s": None}, 480, "no_answer"),
        ({"answer_after_s": None, "rings": False}, 408, "no_answer"),
        ({"refuse": 486}, 486, "busy"),
        ({"refuse": 603}, 603, "rejected"),
        ({"answer_sdp": b"bad"}, 488, "incompatible"),
    ],
)
async def test_why_a_leg_was_not_answered(behaviour: dict, status: int, cause: str) -> None:
    harness = CallHarness(extensions=("101",))
    harness.phone("101", **behaviour)
    failures: list[DialFailed] = []

    async def offer(call: Call) -> None:
        try:
            await call.originate("101", timeout_s=20).answered()
        except DialFailed as failure:
            failures.append(failure)

    caller = harness.call(offer)
    await caller.over()
    assert (failures[0].status, failures[0].cause) == (status, cause)
    await harness.close()


async def test_nothing_is_left_in_memory_without_the_collector() -> None:
    harness = CallHarness(extensions=("101",))
    harness.phone("101", answer_after_s=1.0, talk_s=5.0)
    harness.phone("101", port=7000, answer_after_s=None)

    async def offer(call: Call) -> None:
        await call.answer()
        with contextlib.suppress(DialFailed):
            await call.originate("102", timeout_s=1).answered()
        await call.dial("101", timeout_s=20)

    gc.collect()
    gc.disable()
    try:
        caller = harness.call(offer)
        call = weakref.ref(caller.call)
        leg = weakref.ref(caller.call.a)
        await harness.sleep(3)
        other = weakref.ref(caller.call.legs[0])
        await caller.over()
        caller.forget()
        await asyncio.sleep(0)
        assert (call(), leg(), other()) == (None, None, None)
    finally:
        gc.enable()
    await harness.close()


async def test_work_beside_the_application_ends_with_the_call_and_cannot_harm_it() -> None:
    harness = CallHarness()
    seen: list[str] = []

    async def beside() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            seen.append("cancelled")

    async def broken() -> None:
        raise ValueError("beside")

    async def application(call: Call) -> None:
        await call.answer()
        call.spawn(beside())
        call.spawn(broken())
        await asyncio.sleep(10)

    caller = harness.call(application)
    await caller.over()
    await harness.sleep(0)
    assert seen == ["cancelled"]
    assert harness.events[-1].data["cause"] == "normal"
    assert harness.services.counters.application_errors == 1
    await harness.close()
