"""Wrap-up by the rules of the queue: how long, who ends it, with which code."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.events import AgentStateChanged, Kind
from pbx.queue.refusal import AgentRefused
from tests.pbx.queue.house import House

PHONE = {"101": {"answer_after_s": 1, "talk_s": 10}}
CODES = ["order", "complaint"]


async def after_a_talk(**queue: Any) -> House:
    house = House(PHONE, **{"wrapup_s": 5.0, "wrapup_codes": CODES, **queue})
    house.call()
    await house.sleep(11.5)
    return house


def log_code(house: House) -> str:
    """The code of the wrap-up that ended last, as the agent's log keeps it."""
    moves = [event for event in house.harness.events if isinstance(event, AgentStateChanged)]
    return [event.code for event in moves if event.previous == "wrapup"][-1]


async def test_optional_ends_by_itself_and_the_code_is_timeout() -> None:
    house = await after_a_talk(wrapup_mode="optional")
    assert house.state("101") == "wrapup"
    await house.sleep(5)
    assert house.state("101") == "available"
    ended = house.one(Kind.WRAPUP_ENDED)
    assert (ended["code"], ended["wrapup_s"], ended["queue"], ended["agent"]) == ("TIMEOUT", 5, "sales", "101")
    assert log_code(house) == "TIMEOUT"
    await house.close()


async def test_a_code_of_the_queue_ends_it_and_others_are_refused_with_the_list() -> None:
    house = await after_a_talk(wrapup_mode="mandatory_timeboxed")
    with pytest.raises(AgentRefused, match="no code 'sale'; known: order, complaint"):
        house.queues.finish_wrapup("101", "sale")
    with pytest.raises(AgentRefused, match="sales wants a code: order, complaint"):
        house.queues.finish_wrapup("101")
    assert house.queues.finish_wrapup("101", "order", "two pairs, size 42")
    assert house.state("101") == "available"
    ended = house.one(Kind.WRAPUP_ENDED)
    assert (ended["code"], ended["note"], log_code(house)) == ("order", "two pairs, size 42", "order")
    await house.close()


async def test_mandatory_lasts_until_there_is_a_code_and_choosing_a_state_waits_for_it() -> None:
    house = await after_a_talk(wrapup_mode="mandatory")
    await house.sleep(3600)
    assert house.queues.set_agent("101", "break", "lunch") == "wrapup"
    assert house.queues.agents()[0].wrapup_bound
    assert house.queues.finish_wrapup("101", "complaint")
    assert (house.state("101"), log_code(house)) == ("break", "complaint")
    await house.close()


async def test_a_code_that_is_only_noted_ends_mandatory_wrap_up_too() -> None:
    house = await after_a_talk(wrapup_mode="mandatory")
    house.queues.desk.note("101", note="two pairs")
    assert house.state("101") == "wrapup"
    house.queues.desk.note("101", "order")
    assert (house.state("101"), log_code(house)) == ("available", "order")
    await house.close()


async def test_mandatory_is_over_at_once_when_the_code_came_during_the_call() -> None:
    house = House(PHONE, wrapup_mode="mandatory", wrapup_codes=CODES)
    house.call()
    await house.sleep(5)
    house.queues.desk.note("101", "order")
    assert house.one(Kind.WRAPUP_NOTED)["code"] == "order"
    await house.sleep(7)
    assert house.state("101") == "available"
    assert house.one(Kind.WRAPUP_ENDED)["code"] == "order"
    await house.close()


async def test_without_early_exit_it_lasts_its_time_whatever_is_chosen() -> None:
    house = await after_a_talk(wrapup_mode="mandatory_timeboxed_no_early")
    assert house.queues.finish_wrapup("101", "order")
    assert house.state("101") == "wrapup"
    with pytest.raises(AgentRefused, match="lasts 5 s and cannot be ended earlier"):
        house.queues.finish_wrapup("101")
    house.queues.set_agent("101", "offline")
    assert house.state("101") == "wrapup"
    await house.sleep(5)
    assert (house.state("101"), log_code(house)) == ("offline", "order")
    await house.close()


async def test_the_agent_gets_wrap_up_only_when_he_asks_for_it() -> None:
    house = await after_a_talk(wrapup_mode="agent_requested")
    assert house.state("101") == "available"
    house.call()
    await house.sleep(5)
    house.queues.desk.request_wrapup("101")
    await house.sleep(7)
    assert house.state("101") == "wrapup"
    await house.sleep(5)
    assert house.state("101") == "available"
    with pytest.raises(AgentRefused, match="asked for during a call"):
        house.queues.desk.request_wrapup("101")
    await house.close()


async def test_a_code_without_a_call_is_refused() -> None:
    house = House(PHONE)
    with pytest.raises(AgentRefused, match="101 is available: a code and a note belong to a call"):
        house.queues.desk.note("101", "order")
    assert not house.queues.finish_wrapup("101", "order")
    await house.close()


async def test_codes_and_notes_have_limits() -> None:
    house = await after_a_talk(wrapup_codes=[])
    with pytest.raises(AgentRefused, match="29 characters at most"):
        house.queues.desk.note("101", "x" * 30)
    with pytest.raises(AgentRefused, match="2000 are kept"):
        house.queues.desk.note("101", note="x" * 2001)
    assert house.queues.finish_wrapup("101", "anything")
    await house.close()


async def dial(house: House, feature: str) -> str:
    """What the agent's phone is told who dials a code."""
    phone = house.harness.call(f"feature:{feature}", caller="101", direction="internal", extension="101")
    await phone.over()
    return phone.heard[-1][1]


async def test_codes_are_given_by_phone() -> None:
    house = await after_a_talk(wrapup_mode="mandatory")
    assert await dial(house, "wrapup=3") == "en:There is no such code."
    assert await dial(house, "wrapup") == "en:That is not possible now."
    assert await dial(house, "wrapup=2") == "en:Noted."
    assert (house.state("101"), log_code(house)) == ("available", "complaint")
    assert await dial(house, "request_wrapup") == "en:That is not possible now."
    await house.close()
