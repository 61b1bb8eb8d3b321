"""Ring groups: the order of each strategy, who is told what, and members outside."""

import random
from typing import Any

import pytest

from pbx.events import Kind
from pbx.features.ring_groups import RingGroups
from tests.pbx.features.world import Company


def group(**more: Any) -> Company:
    members = ["101", "102", "103"]
    return Company(group=[{"name": "sales", "members": members, "member_ring_s": 5, "ring_s": 30, **more}])


async def test_all_ring_and_one_answers() -> None:
    company = group()
    phones = [company.phone(n, answer_after_s=None) for n in ("101", "102", "103")]
    phones[1].answer_after_s = 3
    caller = company.call("group:sales")
    await company.sleep(1)
    assert all(phone.ringing for phone in phones)
    assert caller.session.sent.count(("progress", 180)) == 1
    await company.sleep(3)
    assert phones[1].talking
    for phone in (phones[0], phones[2]):
        assert any("completed elsewhere" in line for line in phone.sessions[0].headers)
    answered = company.journey(caller.call, Kind.GROUP_ANSWERED)[0]
    assert (answered.data["group"], answered.data["member"], answered.leg) == ("sales", "102", "b2")
    phones[1].hang_up()
    await caller.over()
    await company.close()


async def test_hunt_rings_one_after_the_other_and_passes_the_busy_ones() -> None:
    company = group(strategy="hunt")
    first = company.phone("101", answer_after_s=None)
    company.phone("102", refuse=486, answer_after_s=0.5)
    third = company.phone("103", answer_after_s=1, talk_s=1)
    caller = company.call("group:sales")
    await company.sleep(4)
    assert first.ringing
    assert not third.sessions
    await caller.over()
    assert caller.status == 200
    assert third.sessions
    await company.close()


async def test_memory_begins_after_who_answered_last() -> None:
    company = group(strategy="memory")
    for number in ("101", "102", "103"):
        company.phone(number, talk_s=1)
    winners = []
    for _ in range(4):
        caller = company.call("group:sales")
        await caller.over()
        winners.append(company.journey(caller.call, Kind.GROUP_ANSWERED)[0].data["member"])
    assert winners == ["101", "102", "103", "101"]
    await company.close()


async def test_random_begins_with_anyone() -> None:
    company = group(strategy="random")
    groups = RingGroups(company.services, random.Random(4))
    orders = {tuple(groups._order(company.config.group[0])) for _ in range(100)}
    assert len(orders) == 6
    await company.close()


@pytest.mark.parametrize("no_answer", ["", "echo"])
async def test_nobody_answers(no_answer: str) -> None:
    company = group(ring_s=8, no_answer=no_answer)
    phones = [company.phone(n, answer_after_s=None) for n in ("101", "102", "103")]
    caller = company.call("group:sales")
    await company.sleep(9)
    assert not any(phone.ringing for phone in phones)
    assert company.journey(caller.call, Kind.GROUP_UNANSWERED)[0].data["reason"] == "no_answer"
    if no_answer:
        assert caller.media.echoing
    else:
        await caller.over()
        assert caller.status == 480
    await company.close()


async def test_a_group_of_busy_phones_is_busy() -> None:
    company = group()
    for number in ("101", "102", "103"):
        company.phone(number, refuse=486)
    caller = company.call("group:sales")
    await caller.over()
    assert caller.status == 486
    await company.close()


async def test_a_member_outside_confirms_while_the_others_ring_on() -> None:
    company = Company(
        extension=[{"number": "101", "outbound": True}],
        group=[{"name": "sales", "members": ["102", "+48600"], "account": "101"}],
    )
    desk = company.phone("102", answer_after_s=None)
    mobile = company.phone("mobile", port=5060)
    company.agent.phones[("10.0.0.1", 5060)] = mobile
    caller = company.call("group:sales")
    await company.sleep(3)
    assert mobile.talking
    assert desk.ringing
    assert caller.status == 0
    mobile.sessions[0].observer.media.digit("1")
    await company.sleep(1)
    assert caller.status == 200
    assert not desk.ringing
    await company.close()


async def test_the_caller_hangs_up_and_all_stop_ringing() -> None:
    company = group()
    phones = [company.phone(n, answer_after_s=None) for n in ("101", "102", "103")]
    caller = company.call("group:sales")
    await company.sleep(1)
    caller.hang_up()
    await caller.over()
    assert not any(phone.ringing for phone in phones)
    assert not any("completed elsewhere" in line for phone in phones for line in phone.sessions[0].headers)
    await company.close()
