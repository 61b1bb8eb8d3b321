"""Attended transfer by code to more than a phone: a group rings all its members; where nobody can be talked to first
(a parked call, a room) the party goes there at once.
"""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.testing import FakeCaller, FakePhone
from pbx.events import Kind
from tests.pbx.features.test_incall import press
from tests.pbx.features.world import Company, talking


async def company_of(by_caller: bool, **more: Any) -> tuple[Company, FakeCaller, FakePhone, Any]:
    """101, who may use codes, talks to somebody: to 104 whom it called, or to a caller from outside."""
    company = Company(
        extension=[{"number": "101", "incall_codes": True}],
        group=[{"name": "team", "members": ["102", "103"], "ring_s": 12}],
        room=[{"name": "daily"}],
        number=[{"number": "610", "application": "group:team"}, {"number": "800", "application": "room:daily"}],
        **more,
    )
    if by_caller:
        phone = company.phone("104")
        caller = company.dial("101", "104")
        await company.sleep(3)
        return company, caller, phone, caller.media
    phone = company.phone("101")
    caller = company.call("extension:101")
    await company.sleep(3)
    return company, caller, phone, caller.call.legs[0].media


@pytest.mark.parametrize("by_caller", [True, False])
async def test_a_group_is_consulted_and_the_party_joined_with_who_answered(by_caller: bool) -> None:
    company, caller, phone, mine = await company_of(by_caller)
    first, second = company.phone("102", answer_after_s=None), company.phone("103", answer_after_s=2)
    await press(company, mine, "*2610#")
    await company.sleep(0.5)
    assert first.ringing
    assert second.ringing
    await company.sleep(3)
    assert not first.ringing
    assert mine.partner is second.sessions[0].observer.media
    party = phone.sessions[0].observer.media if by_caller else caller.media
    assert party.playing == ["music:default"]
    caller.hang_up() if by_caller else phone.hang_up()
    await company.sleep(1)
    assert party.partner is second.sessions[0].observer.media
    second.hang_up()
    await company.services.running.idle()
    await company.close()


@pytest.mark.parametrize("by_caller", [True, False])
async def test_hanging_up_while_the_group_rings_leaves_the_party_to_it(by_caller: bool) -> None:
    company, caller, phone, mine = await company_of(by_caller)
    answers = company.phone("102", answer_after_s=4)
    await press(company, mine, "*2610#")
    await company.sleep(1)
    party = phone.sessions[0].observer.media if by_caller else caller.media
    caller.hang_up() if by_caller else phone.hang_up()
    await company.sleep(6)
    assert party.partner is not None
    assert answers.talking
    answers.hang_up()
    await company.services.running.idle()
    await company.close()


async def test_back_from_a_group_that_nobody_answers_or_by_the_code() -> None:
    company, caller, _, mine = await company_of(False)
    member = company.phone("102", answer_after_s=None)
    await press(company, mine, "*2610#")
    await company.sleep(1)
    await press(company, mine, "*0")
    await company.sleep(4)
    assert not member.ringing
    assert mine.partner is caller.media
    await press(company, mine, "*2610#")
    await company.sleep(20)
    assert mine.partner is caller.media
    assert len(company.journey(caller.call, Kind.TRANSFER_FAILED)) == 2
    caller.hang_up()
    await caller.over()
    await company.close()


async def test_a_parked_call_is_fetched_by_the_party() -> None:
    """Somebody waits in a slot: the party is connected with him, as by a blind transfer."""
    company, caller, _, mine = await company_of(False)
    company.phone("102")
    waiting = company.call("extension:102")
    await company.sleep(3)
    company.agent.sessions[-1].observer.on_reinvite(company.agent.sessions[-1], b"fake sendonly")
    await company.dial("102", "*68").over()
    await press(company, mine, "*2701#")
    await company.sleep(2)
    assert talking(waiting, caller)
    caller.hang_up()
    await company.services.running.idle()
    await company.close()


async def test_a_room_cannot_be_consulted_and_takes_the_party() -> None:
    company, caller, phone, mine = await company_of(False)
    await press(company, mine, "*2800#")
    await company.sleep(3)
    assert caller.media.room is not None
    assert not phone.talking
    caller.hang_up()
    await caller.over()
    await company.close()
