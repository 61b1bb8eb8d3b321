"""What a supervisor does for a caller who waits: another queue with his age, an agent of choice, an end."""

from __future__ import annotations

import pytest

from pbx.api.control import Refused
from pbx.app.distribution_control import AppDistributionControl
from pbx.config import Queue
from pbx.events import Kind
from pbx.queue.refusal import AgentRefused, QueueError
from tests.pbx.queue.house import QUIET, House

QUEUES = [
    Queue(**{**QUIET, "name": "sales", "agents": ["201"]}),
    Queue(**{**QUIET, "name": "service", "agents": ["202"]}),
]


async def test_a_caller_who_is_moved_keeps_his_age() -> None:
    house = House({"201": {}, "202": {}}, QUEUES, signed_in=False)
    older, moved = house.call("service"), house.call("sales")
    await house.sleep(30)
    newer = house.call("service")
    await house.sleep(1)
    house.queues.queues["sales"].waiting[moved.call.id].move(
        house.harness.services.applications.find("queue:service"), "queue:service"
    )
    await house.sleep(1)
    waiting = house.queues.queues["service"].waiting
    positions = {call: waiting[call].row().position for call in waiting}
    assert positions == {older.call.id: 1, moved.call.id: 2, newer.call.id: 3}
    left = house.one(Kind.QUEUE_LEFT, moved)
    assert (left["queue"], left["reason"]) == ("sales", "moved")
    assert not house.journey(Kind.QUEUE_ABANDONED)
    assert house.queues.queues["sales"].left == {"moved": 1}
    house.queues.set_agent("202", "available")
    await house.sleep(2)
    for caller in (older, moved, newer):
        caller.hang_up()
    await house.close()


async def test_a_caller_is_moved_away_from_phones_that_ring() -> None:
    house = House({"201": {"answer_after_s": None}, "202": {}}, QUEUES)
    caller = house.call("sales")
    await house.sleep(1)
    assert house.phones["201"].ringing
    house.queues.queues["sales"].waiting[caller.call.id].move(
        house.harness.services.applications.find("queue:service"), "queue:service"
    )
    await house.sleep(4)
    assert not house.phones["201"].ringing
    assert house.state("201") == "available"
    assert house.one(Kind.QUEUE_ANSWERED, caller)["agent"] == "202"
    caller.hang_up()
    await house.close()


async def test_a_caller_is_given_to_an_agent_before_everybody_else() -> None:
    house = House({"201": {}, "202": {}})
    served = house.call()
    other = house.call()
    await house.sleep(3)  # both agents talk
    first, second = house.call(), house.call()
    await house.sleep(1)
    wanted = house.one(Kind.QUEUE_ANSWERED, served)["agent"]
    house.queues.queues["sales"].waiting[second.call.id].give(wanted)
    other.hang_up()  # the other agent is free: he gets who is the oldest, not who waits for somebody else
    await house.sleep(3)
    served.hang_up()
    await house.sleep(3)
    assert house.one(Kind.QUEUE_ANSWERED, second)["agent"] == wanted
    assert house.one(Kind.QUEUE_ANSWERED, first)["agent"] != wanted
    first.hang_up()
    second.hang_up()
    await house.close()


async def test_who_is_no_agent_of_the_queue_or_off_duty_gets_nobody() -> None:
    house = House({"201": {}, "202": {}}, QUEUES, signed_in=False)
    caller = house.call("sales")
    await house.sleep(1)
    stay = house.queues.queues["sales"].waiting[caller.call.id]
    with pytest.raises(QueueError, match="no agent of queue"):
        stay.give("202")
    with pytest.raises(AgentRefused, match="offline"):
        stay.give("201")
    caller.hang_up()
    await house.close()


async def test_a_caller_who_is_removed_goes_on_as_after_a_timeout() -> None:
    house = House({"201": {}}, signed_in=False)
    caller = house.call()
    await house.sleep(5)
    stay = house.queues.queues["sales"].waiting[caller.call.id]
    stay.remove()
    with pytest.raises(AgentRefused):
        stay.remove()
    await house.sleep(20)
    assert house.one(Kind.QUEUE_LEFT, caller)["reason"] == "removed"
    assert caller.call.ended
    assert caller.call.ended_by == "pbx"
    await house.close()


async def test_nobody_is_moved_to_where_he_would_be_turned_away() -> None:
    full = Queue(**{**QUIET, "name": "service", "agents": ["202"], "max_length": 1})
    house = House({"201": {}, "202": {}}, [QUEUES[0], full], signed_in=False)
    house.call("service")
    waits = house.call("sales")
    await house.sleep(1)
    control = AppDistributionControl(house.queues, None)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="it is full"):
        control.move("sales", waits.call.id, "queue:service")
    assert list(house.queues.queues["sales"].waiting) == [waits.call.id]
    await house.close()
