"""Breaks: reasons, limits, what happens when one lasts too long; the next state outlives the process."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.config import BreakReason
from pbx.events import AgentBreakExceeded, AgentStateChanged, Alarm
from pbx.queue.refusal import AgentRefused
from tests.pbx.queue.house import House

REASONS = [
    BreakReason(name="lunch", code="1", max_minutes=30, label={"pl": "obiad"}),
    BreakReason(name="coffee", code="2", max_minutes=5, when_exceeded="return"),
    BreakReason(name="training"),
]


def house_of(*agents: str, **more: Any) -> House:
    return House({name: {} for name in agents}, config={"break_reason": REASONS}, **more)


def told(house: House, kind: type) -> list[Any]:
    return [event for event in house.harness.events if isinstance(event, kind)]


async def test_unknown_reasons_are_refused_with_the_list() -> None:
    house = house_of("101")
    with pytest.raises(AgentRefused, match="'nap' is no reason for a break; known: lunch, coffee, training"):
        house.queues.set_agent("101", "break", "nap")
    with pytest.raises(AgentRefused, match="a break needs a reason; known: lunch"):
        house.queues.set_agent("101", "break")
    assert house.queues.set_agent("101", "break", "training") == "break"
    await house.close()


async def test_any_reason_will_do_without_a_list() -> None:
    house = House({"101": {}})
    assert house.queues.set_agent("101", "break", "nap") == "break"
    await house.close()


async def test_a_break_over_its_limit_is_an_alarm_until_it_ends() -> None:
    house = house_of("101", "102")
    house.queues.set_agent("101", "break", "lunch")
    await house.sleep(60)
    house.queues.set_agent("102", "break", "lunch")
    await house.sleep(29 * 60 + 1)
    (exceeded,) = told(house, AgentBreakExceeded)
    assert (exceeded.agent, exceeded.reason, exceeded.limit_s, exceeded.returned) == ("101", "lunch", 1800, False)
    assert [agent.break_over for agent in house.queues.agents()] == [True, False]
    await house.sleep(60)
    house.queues.set_agent("101", "available")
    house.queues.set_agent("102", "available")
    alarms = told(house, Alarm)
    assert {alarm.name for alarm in alarms} == {"break_overrun"}
    assert [alarm.active for alarm in alarms] == [True, True, True, False]
    assert "101 (lunch), 102 (lunch)" in alarms[1].text
    await house.close()


async def test_a_break_may_end_by_itself() -> None:
    house = house_of("101")
    house.queues.set_agent("101", "break", "coffee")
    await house.sleep(301)
    assert house.state("101") == "available"
    assert told(house, AgentBreakExceeded)[0].returned
    assert not told(house, Alarm)
    await house.close()


async def test_another_reason_begins_another_break() -> None:
    house = house_of("101")
    house.queues.set_agent("101", "break", "coffee")
    await house.sleep(200)
    house.queues.set_agent("101", "break", "lunch")
    await house.sleep(200)
    assert house.state("101") == "break"
    assert not told(house, AgentBreakExceeded)
    moves = [(event.previous, event.previous_s, event.reason) for event in told(house, AgentStateChanged)]
    assert moves[-1] == ("break", 200, "lunch")
    await house.close()


async def test_a_break_that_a_restart_interrupts_goes_on_to_its_limit() -> None:
    class Kept:
        state, reason, call_id = "break", "lunch", ""

        def __init__(self, unix: float) -> None:
            self.since = self.until = unix - 25 * 60

    house = house_of("102")
    unix = house.harness.clock.unix()
    await house.close()
    again = house_of("101", stored={"101": Kept(unix)})
    await again.sleep(5 * 60 - 1)
    assert not told(again, AgentBreakExceeded)
    await again.sleep(2)
    assert told(again, AgentBreakExceeded)[0].agent == "101"
    await again.close()


async def test_the_reason_is_chosen_by_key_when_the_code_is_dialled_alone() -> None:
    house = house_of("101")
    phone = house.harness.call("feature:on_break", caller="101", direction="internal", extension="101")
    await house.sleep(1)
    phone.press("1")
    await phone.over()
    spoken = [text for _, text in phone.heard]
    assert spoken[0] == "en:Choose the reason of the break."
    assert spoken[-1] == "en:You are on a break."
    assert house.queues.agents()[0].reason == "lunch"
    wrong = house.harness.call("feature:on_break=9", caller="101", direction="internal", extension="101")
    await wrong.over()
    assert wrong.heard[-1][1] == "en:There is no such code."
    await house.close()


async def test_what_was_chosen_for_after_the_call_outlives_the_process() -> None:
    house = House({"101": {"answer_after_s": 1}})
    house.call()
    await house.sleep(5)
    house.queues.set_agent("101", "break", "lunch")
    keeper = house.harness.services.keeper
    assert isinstance(keeper, MemoryKeeper)
    assert keeper.load("agent_next") == {"101": {"state": "break", "reason": "lunch"}}
    house.queues.clear_next("101")
    assert keeper.load("agent_next") == {}
    house.queues.set_agent("101", "break", "lunch")
    kept = keeper.load("agent_next")["101"]
    await house.close()
    assert keeper.load("agent_next") == {}, "the call is over, and so is the wish"

    again = House({"101": {}})
    again.harness.services.keeper.put("agent_next", "101", kept)
    again.queues.desk.restore()
    assert (again.state("101"), again.queues.agents()[0].reason) == ("break", "lunch")
    await again.close()
