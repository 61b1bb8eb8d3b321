"""Click-to-dial: A is rung and shown B, then B is dialled with A's number, rights and limits."""

import pytest

from pbx.call.fakes import HELD
from pbx.events import Kind
from pbx.features.originate import OriginateError, originate
from tests.pbx.features.world import Company


async def test_both_talk() -> None:
    company = Company(extension=[{"number": "101", "name": "Anna"}, {"number": "102", "name": "Bogdan"}])
    first, second = company.phone("101"), company.phone("102")
    call = originate(company.services, "101", "102")
    await company.sleep(0.5)
    assert '"Bogdan" <sip:102@' in first.invites[0]["from_"]
    assert not second.sessions
    await company.sleep(3)
    assert '"Anna" <sip:101@' in second.invites[0]["from_"]
    ours, theirs = first.sessions[0].observer.media, second.sessions[0].observer.media
    assert ours.partner is theirs
    assert company.kinds(call)[:3] == [Kind.CALL_STARTED, Kind.CALL_ROUTED, Kind.LEG_STARTED]
    assert company.services.limits.in_use("extension:101") == 1
    assert call.answered
    second.hang_up()
    await company.services.running.idle()
    assert not first.talking
    ended = company.journey(call, Kind.CALL_ENDED)[0].data
    assert (ended["cause"], ended["ended_by"]) == ("normal", "callee")
    await company.close()


async def test_the_first_hears_that_the_second_rings() -> None:
    company = Company()
    first, second = company.phone("101"), company.phone("102", answer_after_s=None)
    originate(company.services, "101", "102")
    await company.sleep(3)
    assert second.ringing
    assert first.sessions[0].observer.media.playing == ["tone:ringback"]
    first.hang_up()
    await company.services.running.idle()
    assert not second.ringing
    await company.close()


async def test_by_itself() -> None:
    company = Company()
    phone = company.phone("101")
    company.phone("102")
    originate(company.services, "101", "102", answer=True)
    await company.sleep(1)
    assert any("answer-after=0" in line for line in phone.invites[0]["headers"])
    phone.hang_up()
    await company.services.running.idle()
    await company.close()


@pytest.mark.parametrize(
    ("behaviour", "cause"), [({"answer_after_s": None}, "no_answer"), ({"refuse": 486}, "busy"), (None, "unregistered")]
)
async def test_the_first_does_not_come(behaviour: dict[str, object] | None, cause: str) -> None:
    company = Company()
    second = company.phone("102")
    if behaviour is not None:
        company.phone("101", **behaviour)
    call = originate(company.services, "101", "102", timeout_s=10)
    await company.services.running.idle()
    assert not second.sessions
    assert company.journey(call, Kind.CALL_ENDED)[0].data["cause"] == cause
    await company.close()


@pytest.mark.parametrize(
    ("caller", "target", "status"), [("999", "102", 404), ("101", "999", 404), ("101", "+48", 403)]
)
async def test_what_cannot_be_begun(caller: str, target: str, status: int) -> None:
    company = Company()
    with pytest.raises(OriginateError) as caught:
        originate(company.services, caller, target)
    assert caught.value.status == status
    await company.close()


async def test_outside_with_the_callers_number() -> None:
    company = Company(extension=[{"number": "101", "outbound": True}])
    first, carrier = company.phone("101"), company.phone("carrier")
    company.agent.phones[("10.0.0.1", 5060)] = carrier
    originate(company.services, "101", "+48600100200")
    await company.sleep(3)
    assert "sip:101@" in carrier.invites[0]["from_"]
    assert company.services.limits.in_use("outbound:101") == 1
    first.hang_up()
    await company.services.running.idle()
    await company.close()


async def test_what_was_originated_can_be_parked_like_any_call() -> None:
    company = Company()
    first, second = company.phone("101"), company.phone("102")
    call = originate(company.services, "101", "102")
    await company.sleep(4)
    assert call.legs
    second.sessions[0].observer.on_reinvite(second.sessions[0], HELD)
    await company.dial("102", "*68").over()
    assert first.talking
    assert company.features.parking.parked()[0].call is call
    assert company.services.limits.in_use("extension:101") == 1
    first.hang_up()
    await company.services.running.idle()
    await company.close()
