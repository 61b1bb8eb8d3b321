"""A caller who waits in a further queue too: his place there, and in whose figures he is."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.config import Queue
from pbx.config_distribution import Overflow
from pbx.events import Kind
from tests.pbx.queue.house import QUIET, House
from tests.pbx.queue.test_distribution import rung, why


def two_queues(**first: Any) -> list[Queue]:
    return [
        Queue(**{**QUIET, "name": "sales", "agents": ["101"], **first}),
        Queue(**{**QUIET, "name": "service", "agents": ["102"]}),
    ]


async def test_overflow_by_time_keeps_the_place_in_both_queues() -> None:
    phones = {"101": {"answer_after_s": 1.0}, "102": {"answer_after_s": 1.0}}
    house = House(phones, two_queues(overflow=[Overflow(queue="service", after_s=20)]))
    for agent in phones:
        house.queues.set_agent(agent, "break")
    caller = house.call("sales")
    await house.sleep(10)
    guest_first = house.call("service")
    await house.sleep(10.5)
    assert house.one(Kind.QUEUE_OVERFLOWED, caller) == {
        "queue": "sales",
        "to": "service",
        "wait_s": pytest.approx(20, abs=0.01),
    }
    assert why(house, caller).queues == {"sales": 1, "service": 1}
    assert why(house, guest_first).queues == {"service": 2}
    assert house.queues.dispatcher.waiting("service") == 1, "guests are counted at home"
    house.queues.set_agent("102", "available")
    assert await rung(house, caller) == "102"
    offered = house.one(Kind.QUEUE_OFFERED, caller)
    assert (offered["queue"], offered["through"]) == ("sales", "service")
    await house.sleep(2)
    assert house.one(Kind.QUEUE_LEFT, caller) == {
        "queue": "sales",
        "wait_s": pytest.approx(20, abs=0.01),
        "reason": "overflow",
        "to": "service",
    }
    _home, there = house.journey(Kind.QUEUE_JOINED, caller)
    waited_s = there.data.pop("waited_s")
    assert there.data == {"queue": "service", "position": 1, "overflowed_from": "sales"}
    answered = house.one(Kind.QUEUE_ANSWERED, caller)
    assert (answered["queue"], answered["wait_s"]) == ("service", waited_s)
    sales, service = (house.queues.queues[name] for name in ("sales", "service"))
    assert (sales.offered, sales.answered, dict(sales.left)) == (1, 0, {"overflow": 1})
    assert (service.offered, service.answered) == (2, 1)
    await house.close()


async def test_a_guest_who_gives_up_is_abandoned_in_his_own_queue_alone() -> None:
    phones = {"101": {"answer_after_s": 1.0}, "102": {"answer_after_s": 1.0}}
    house = House(phones, two_queues(overflow=[Overflow(queue="service", after_s=5)]))
    for agent in phones:
        house.queues.set_agent(agent, "break")
    caller = house.call("sales")
    await house.sleep(30)
    caller.hang_up()
    await house.sleep(1)
    assert house.one(Kind.QUEUE_ABANDONED, caller)["queue"] == "sales"
    assert [event.data["queue"] for event in house.journey(Kind.QUEUE_JOINED, caller)] == ["sales"]
    await house.close()


async def test_overflow_by_length_is_at_once_for_who_finds_too_many() -> None:
    phones = {"101": {"answer_after_s": 1.0}, "102": {"answer_after_s": 1.0}}
    house = House(phones, two_queues(overflow=[Overflow(queue="service", length=2)]))
    house.queues.set_agent("101", "break")
    callers = [house.call("sales") for _ in range(3)]
    assert [await rung(house, caller) for caller in callers] == ["", "", "102"]
    await house.close()
