"""Agents without a desk phone: a number dialled for each call, or a leg that stays connected."""

from __future__ import annotations

from typing import Any

from pbx.config import Agent, Queue
from pbx.events import AgentStateChanged, Kind
from pbx.queue.roster import LINE_CALLEE
from tests.pbx.queue.house import QUIET, House

MOBILE: dict[str, Any] = {"answer_after_s": 2.0}


def house_of(line: str, phone: dict[str, Any] | None = None, **more: Any) -> House:
    """Agent "kim" is reached at the phone 300; agent 101 has a phone of his own and is offline."""
    agent = Agent(extension="kim", initial_state="available", line=line, line_number="300", **more)  # type: ignore[arg-type]
    queue = Queue(**{**QUIET, "name": "sales", "agents": ["kim"], "ring_timeout_s": 10.0})
    return House({"300": phone or MOBILE}, [queue], config={"agent": [agent]}, signed_in=False)


def states(house: House) -> list[str]:
    return [e.state for e in house.harness.events if isinstance(e, AgentStateChanged) and e.agent == "kim"]


async def press(house: House, key: str) -> None:
    """The agent's phone presses a key."""
    stream = house.harness.media.open_streams[-1]
    stream.digit(key, "rfc4733")
    await house.sleep(0.01)


# -- on demand ---------------------------------------------------------------------------------------------------------


async def test_on_demand_the_number_is_dialled_and_the_agent_presses_one() -> None:
    house = house_of("on-demand", line_confirm=True)
    assert house.state("kim") == "available"
    caller = house.call()
    await house.sleep(3)
    assert house.state("kim") == "ringing"
    assert house.journey(Kind.CONFIRM_ASKED)
    assert caller.heard[-1][1] == "music:default", "the caller waits on until somebody is there"
    assert not house.journey(Kind.QUEUE_ANSWERED)
    await press(house, "1")
    assert house.state("kim") == "talking"
    assert house.one(Kind.QUEUE_ANSWERED)["agent"] == "kim"
    caller.hang_up()
    await house.sleep(1)
    assert house.state("kim") == "available"
    assert not house.phones["300"].talking
    await house.close()


async def test_a_mailbox_does_not_take_the_call() -> None:
    house = house_of("on-demand", line_confirm=True)
    caller = house.call()
    await house.sleep(60)
    assert house.state("kim") == "not_responding"
    assert [event.data["reason"] for event in house.journey(Kind.QUEUE_OFFER_ENDED)] == ["no_answer"]
    assert not house.phones["300"].talking
    assert house.queues.snapshot()[0].callers[0].call_id == caller.call.id
    await house.close()


async def test_the_caller_hangs_up_while_the_agent_is_asked() -> None:
    house = house_of("on-demand", line_confirm=True)
    caller = house.call()
    await house.sleep(3)
    caller.hang_up()
    await house.sleep(1)
    assert house.state("kim") == "available"
    assert not house.phones["300"].talking
    await house.close()


# -- persistent --------------------------------------------------------------------------------------------------------


async def test_a_persistent_line_serves_two_callers_on_one_dialog() -> None:
    house = house_of("persistent")
    assert house.state("kim") == "unreachable"
    await house.sleep(3)
    assert house.state("kim") == "available"
    phone = house.phones["300"]
    for number in (1, 2):
        caller = house.call()
        await house.sleep(2)
        assert house.state("kim") == "talking"
        (leg,) = caller.call.legs
        assert leg.role == "agent"
        assert leg.media.played[-1][1] == "tone:beep"
        caller.hang_up()
        await house.sleep(1)
        assert house.state("kim") == "available"
        assert len(phone.sessions) == 1, f"caller {number} came by the same dialog"
        assert phone.talking
    assert [event.data["agent"] for event in house.journey(Kind.QUEUE_ANSWERED)] == ["kim", "kim"]
    started = house.journey(Kind.CALL_STARTED)
    assert sum(event.data["callee"] == LINE_CALLEE for event in started) == 4  # dialled, waited three times
    house.queues.set_agent("kim", "offline")
    await house.sleep(1)
    assert not phone.talking
    assert not house.harness.media.open_streams
    await house.close()


async def test_hanging_up_the_line_makes_the_agent_unreachable_until_he_comes_back() -> None:
    house = house_of("persistent")
    await house.sleep(3)
    house.phones["300"].hang_up()
    await house.sleep(0.1)
    assert house.state("kim") == "unreachable"
    caller = house.call()
    await house.sleep(30)
    assert house.queues.snapshot()[0].waiting == 1
    house.queues.set_agent("kim", "available")
    await house.sleep(5)
    assert house.state("kim") == "talking"
    house.phones["300"].hang_up()
    await caller.over()
    await house.sleep(1)
    assert house.state("kim") == "unreachable"
    assert caller.call.cause == "normal"
    await house.close()


async def test_keys_end_the_call_and_keep_the_line() -> None:
    house = house_of("persistent")
    await house.sleep(3)
    caller = house.call()
    await house.sleep(2)
    (leg,) = caller.call.legs
    leg.media.digit("*", "rfc4733")
    await house.sleep(5)
    leg.media.digit("*", "rfc4733")
    assert house.state("kim") == "talking", "too slow to be the code"
    leg.media.digit("*", "rfc4733")
    await caller.over()
    assert house.state("kim") == "available"
    assert len(house.phones["300"].sessions) == 1
    assert house.phones["300"].talking
    house.queues.set_agent("kim", "offline")
    await house.sleep(0.1)
    await house.close()


async def test_a_line_that_nobody_answers_leaves_the_agent_unreachable() -> None:
    house = house_of("persistent", {"answer_after_s": None})
    await house.sleep(60)
    assert house.state("kim") == "unreachable"
    house.phones["300"].answer_after_s = 1
    house.queues.set_agent("kim", "available")
    await house.sleep(3)
    assert house.state("kim") == "available"
    house.queues.set_agent("kim", "offline")
    await house.sleep(0.1)
    await house.close()


async def test_the_line_is_hung_up_during_the_signal() -> None:
    house = house_of("persistent")
    await house.sleep(3)
    caller = house.call()
    await house.sleep(0.01)
    assert house.state("kim") == "reserved"
    house.phones["300"].hang_up()
    await house.sleep(0.1)
    assert house.state("kim") == "unreachable"
    assert house.queues.snapshot()[0].callers[0].call_id == caller.call.id
    assert [event.data["reason"] for event in house.journey(Kind.QUEUE_OFFER_ENDED)] == ["unreachable"]
    await house.close()


async def test_the_caller_goes_during_the_signal_and_the_line_stays() -> None:
    house = house_of("persistent")
    await house.sleep(3)
    caller = house.call()
    await house.sleep(0.01)
    caller.hang_up()
    await house.sleep(0.1)
    assert house.state("kim") == "available"
    assert house.phones["300"].talking
    house.queues.set_agent("kim", "offline")
    await house.sleep(0.1)
    await house.close()


async def test_lines_are_hung_up_when_the_process_drains() -> None:
    house = house_of("persistent")
    await house.sleep(3)
    caller = house.call()
    await house.sleep(2)
    house.queues.drain()
    await house.sleep(5)
    assert house.state("kim") == "talking", "the caller is served to the end"
    caller.hang_up()
    await house.sleep(1)
    assert not house.phones["300"].talking
    await house.close()


# -- transfers ---------------------------------------------------------------------------------------------------------


def office(answers: float | None) -> House:
    """Agent 101 is reached at the phone 300 all day; the phone 102 answers after `answers` seconds."""
    agent = Agent(extension="101", initial_state="available", line="persistent", line_number="300")
    queue = Queue(**{**QUIET, "name": "sales", "agents": ["101"], "ring_timeout_s": 10.0})
    phones = {"300": MOBILE, "101": MOBILE, "102": {"answer_after_s": answers}}
    return House(phones, [queue], config={"agent": [agent]}, signed_in=False)


async def test_an_agent_who_transfers_keeps_his_line() -> None:
    house = office(2.0)
    await house.sleep(3)
    caller = house.call()
    await house.sleep(2)
    (leg,) = caller.call.legs
    house.harness.services.transfers.blind(leg, "102", method="code").release()
    await house.sleep(1)
    assert house.state("101") == "available", "his wrap-up of nothing is over, and his line is there"
    assert house.phones["300"].talking
    await house.sleep(3)
    assert house.phones["102"].talking
    second = house.call()
    await house.sleep(2)
    assert house.one(Kind.QUEUE_ANSWERED, second)["agent"] == "101"
    assert len(house.phones["300"].sessions) == 1, "the same dialog all day"
    assert house.phones["102"].talking, "who was transferred is not disturbed"
    for one in (caller, second):
        one.hang_up()
    await house.sleep(1)
    assert house.state("101") == "available"
    house.queues.set_agent("101", "offline")
    await house.sleep(1)
    assert not house.harness.media.open_streams
    await house.close()


async def test_a_transfer_that_comes_back_leaves_the_line_where_it_was() -> None:
    house = office(None)
    await house.sleep(3)
    caller = house.call()
    await house.sleep(2)
    (leg,) = caller.call.legs
    house.harness.services.transfers.blind(leg, "102")  # by the phone's key: it is told how it goes
    await house.sleep(5)
    other = house.call()
    await house.sleep(1)
    assert house.state("101") == "unreachable", "while his leg is needed"
    await house.sleep(60)
    assert house.journey(Kind.TRANSFER_RETURNED, caller)
    assert house.phones["300"].talking
    caller.hang_up()
    await house.sleep(3)
    assert house.one(Kind.QUEUE_ANSWERED, other)["agent"] == "101"
    assert len(house.phones["300"].sessions) == 1
    other.hang_up()
    await house.sleep(1)
    house.queues.set_agent("101", "offline")
    await house.sleep(1)
    assert not house.harness.media.open_streams
    await house.close()
