"""An agent's phone that vanished without a word: the caller is offered on within seconds (security.md R15)."""

from __future__ import annotations

from pbx.events import Kind
from pbx.queue.offer import SILENCE_S
from tests.pbx.queue.house import House

OFFERED_ON_S = 5.0
GONE = {"answer_after_s": None, "rings": False}


async def test_the_caller_of_a_vanished_phone_is_offered_on() -> None:
    house = House({"101": GONE, "102": {"answer_after_s": 0.5, "talk_s": 10}}, ring_timeout_s=20)
    house.queues.set_agent("102", "break")
    caller = house.call()
    await house.sleep(0.001)
    house.phones["101"].sessions[-1].heard = False
    house.queues.set_agent("102", "available")
    await house.sleep(SILENCE_S - 0.1)
    assert house.one(Kind.QUEUE_OFFERED)["agent"] == "101"
    await house.sleep(OFFERED_ON_S - SILENCE_S)
    first, second = house.journey(Kind.QUEUE_OFFERED)
    assert (first.data["agent"], second.data["agent"]) == ("101", "102")
    assert second.at - first.at <= OFFERED_ON_S
    assert house.journey(Kind.QUEUE_OFFER_ENDED)[0].data["reason"] == "unreachable"
    assert house.states("101")[-1] == "unreachable"
    await caller.over()
    assert house.one(Kind.QUEUE_ANSWERED)["agent"] == "102"
    await house.close()


async def test_a_phone_that_said_trying_may_take_its_time() -> None:
    """Its user may still be told of the call by a push message, say."""
    house = House({"101": {**GONE, "answer_after_s": 12, "talk_s": 5}}, ring_timeout_s=20)
    caller = house.call()
    await caller.over()
    assert house.one(Kind.QUEUE_ANSWERED)["agent"] == "101"
    assert len(house.journey(Kind.QUEUE_OFFERED)) == 1
    await house.close()
