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


NUMBERS = {"number": [{"number": "+48221234567", "application": "extension:102", "trunks": ["carrier"]}]}


async def test_two_numbers_outside_at_the_expense_of_an_extension() -> None:
    company = Company(extension=[{"number": "101", "outbound": True}], **NUMBERS)
    carrier = company.phone("carrier")
    company.agent.phones[("10.0.0.1", 5060)] = carrier
    call = originate(
        company.services, "+48600100200", "+48600100300", account="101", caller_id="+48221234567", tag="crm"
    )
    await company.sleep(0.5)
    assert [invite["to"].partition("@")[0] for invite in carrier.invites] == ["<sip:+48600100200"]
    await company.sleep(4)
    assert [invite["to"].partition("@")[0] for invite in carrier.invites[1:]] == ["<sip:+48600100300"]
    assert all("sip:+48221234567@" in invite["from_"] for invite in carrier.invites)
    assert company.services.limits.in_use("outbound:101") == 2
    started = company.journey(call, Kind.CALL_STARTED)[0].data
    assert (started["direction"], started["tag"], started["source"]) == ("outbound", "crm", "click-to-dial")
    assert not list(company.services.running.of_extension("101"))  # it pays, and does not talk
    call.terminate("normal")
    await company.services.running.idle()
    assert company.services.limits.in_use("outbound:101") == 0
    await company.close()


async def test_somebody_outside_is_rung_and_then_a_phone_of_ours() -> None:
    company = Company(extension=[{"number": "101", "outbound": True}])
    carrier, phone = company.phone("carrier"), company.phone("102")
    company.agent.phones[("10.0.0.1", 5060)] = carrier
    call = originate(company.services, "+48600100200", "102", account="101")
    await company.sleep(6)
    assert phone.talking
    phone.hang_up()
    await company.services.running.idle()
    assert company.journey(call, Kind.CALL_ENDED)[0].data["cause"] == "normal"
    await company.close()


async def test_the_second_is_busy() -> None:
    company = Company(extension=[{"number": "101", "outbound": True}])
    carrier = company.phone("carrier")
    company.phone("102", refuse=486)
    company.agent.phones[("10.0.0.1", 5060)] = carrier
    call = originate(company.services, "+48600100200", "102", account="101")
    await company.services.running.idle()
    assert company.journey(call, Kind.CALL_ENDED)[0].data["cause"] == "busy"
    await company.close()


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"caller": "+48600100200", "target": "102"}, 404),  # nobody pays
        ({"caller": "+48600100200", "target": "102", "account": "999"}, 404),
        ({"caller": "+48600100200", "target": "102", "account": "103"}, 403),  # who may not call outside
        ({"caller": "*68", "target": "102", "account": "101"}, 404),  # a code is nobody's number
        ({"caller": "101", "target": "102", "caller_id": "+48999"}, 403),  # not a number of ours
    ],
)
async def test_what_is_refused(asked: dict[str, str], status: int) -> None:
    company = Company(extension=[{"number": "101", "outbound": True}], **NUMBERS)
    with pytest.raises(OriginateError) as caught:
        originate(company.services, **asked)
    assert caught.value.status == status
    assert company.services.limits.in_use("total") == 0
    await company.close()
