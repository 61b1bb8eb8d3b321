"""Parties that move between calls: dialogs and streams are handed over whole, nothing is left, no SIP goes out."""

from pbx.call.call import Call
from pbx.call.moving import detach, new_leg, take_caller
from pbx.call.testing import CallHarness
from pbx.call.trunks.ledger import Caps
from pbx.call.trunks.meter import Meter
from pbx.events import Kind


async def wait(call: Call) -> None:
    await call.answer()
    await call.loop.create_future()


async def test_a_caller_answers_what_rings_elsewhere() -> None:
    harness = CallHarness(extensions=("101", "102"))
    phone = harness.phone("101", answer_after_s=None)
    first = harness.call("extension:101")
    await harness.sleep(1)
    second = harness.call(wait, caller="102", extension="102")
    await harness.sleep(1)
    ringing = next(harness.services.running.ringing({"101"}))
    take_caller(second.call, ringing, "picked_up")
    await second.over()
    await harness.sleep(1)
    assert first.status == 200
    assert first.media.partner is second.media
    assert second.session.sent[-1] == ("accept",)  # its dialog goes on
    assert ("cancel",) in phone.sessions[0].sent
    assert any("completed elsewhere" in line for line in phone.sessions[0].headers)
    assert harness.journey(second.call, Kind.CALL_ENDED)[0].data["cause"] == "picked_up"
    second.session.observer.on_ended(second.session, "bye")
    await first.over()
    assert harness.journey(first.call, Kind.CALL_ENDED)[0].data["ended_by"] == "callee"
    await harness.close()


async def test_a_callee_becomes_the_caller_of_a_new_call() -> None:
    harness = CallHarness(extensions=("101", "102"))
    phone = harness.phone("101")
    first = harness.call("extension:101", caller="102", extension="102")
    await harness.sleep(3)
    assert harness.services.limits.in_use("extension:101") == 1
    call = detach(first.call.legs[0], wait, "test", callee="700", cause="parked")
    await first.over()
    assert first.session.state == "terminated"
    assert phone.talking
    assert harness.services.limits.in_use("extension:101") == 1
    assert list(harness.services.running.calls) == [call.id]
    assert [event.kind for event in harness.journey(call)][:3] == [
        Kind.CALL_STARTED,
        Kind.CALL_ROUTED,
        Kind.CALL_ANSWERED,
    ]
    phone.hang_up()
    await harness.services.running.idle()
    await harness.close()


async def test_what_was_detached_still_counts_against_the_allowance() -> None:
    harness = CallHarness(extensions=("101", "102"))
    harness.phone("101")
    first = harness.call("extension:101", caller="102", extension="102")
    await harness.sleep(3)
    leg = first.call.legs[0]
    assert leg._dialled is not None
    ledger = harness.services.ledger
    ledger.cap("extension:102", Caps(day_s=60))
    leg._dialled.meter = meter = Meter(ledger, "extension:102", "trunk:carrier")
    meter.start(leg.finish)
    call = detach(leg, wait, "test", callee="700", cause="parked")
    await harness.sleep(70)
    assert call.ended
    assert call.cause == "limit"
    assert 59 < ledger.spent("extension:102").day_s < 61
    await harness.close()


async def test_another_application_takes_a_call() -> None:
    harness = CallHarness(extensions=("101",))
    phone = harness.phone("101")
    first = harness.call("extension:101")
    await harness.sleep(3)
    first.call.redirect(wait, "test")
    await harness.sleep(1)
    assert not first.call.ended
    assert not phone.talking
    routed = [event.data["application"] for event in harness.journey(first.call, Kind.CALL_ROUTED)]
    assert routed == ["extension:101", "test"]
    await harness.close()


async def test_a_caller_is_fetched_into_a_leg_made_for_it() -> None:
    harness = CallHarness(extensions=("102",))

    async def fetched(call: Call) -> None:
        await call.answer()
        await call.loop.create_future()

    async def bridge(call: Call) -> None:
        leg = new_leg(call, "102")
        take_caller(second.call, leg, "retrieved")
        await call.bridge(leg)

    second = harness.call(fetched, caller="102", extension="102")
    await harness.sleep(1)
    first = harness.call(bridge)
    await harness.sleep(1)
    assert first.media.partner is second.media
    second.session.observer.on_ended(second.session, "bye")
    await first.over()
    await harness.close()
