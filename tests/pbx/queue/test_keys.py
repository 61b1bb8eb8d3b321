"""Keys of callers who wait: obeyed at once, whatever is being said."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.call import Call
from pbx.events import CallEvent, Kind
from pbx.queue.waiting import QueueResult
from tests.pbx.queue.house import House

NEVER = {"answer_after_s": None}
KEYS = {"1": "callback", "2": "voicemail", "9": "leave"}


class Callbacks:
    """Opens an item for whoever says yes: `answers` are taken one after the other."""

    def __init__(self, house: House, *answers: bool, hang_up: bool = False) -> None:
        self.house = house
        self.answers = list(answers)
        self.hang_up = hang_up
        self.asked: list[tuple[str, float]] = []
        house.harness.services.extra["callbacks"] = self

    async def request_from_queue(self, call: Call, queue: str, since: float) -> Any:
        self.asked.append((queue, since))
        await call.say({"en": "Do you want to be called back?"})
        if not self.answers.pop(0):
            return None
        data = {"origin_call": call.id, "queue": queue}
        call.services.bus.publish(CallEvent(Kind.CONTACT_OPENED, "f" * 32, "a", since, data))
        if self.hang_up:
            self.house.harness.callers[-1].hang_up()
        await call.say({"en": "We will call you."})
        await call.hangup()
        return object()


def house_of(**more: Any) -> House:
    house = House({"101": NEVER}, keys=KEYS, missed_offers_until_break=0, **more)

    async def voicemail(call: Call) -> None:
        await call.say({"en": "Leave a message."})

    house.harness.services.applications.register_one("voicemail", voicemail)
    return house


async def test_a_key_leads_to_an_application() -> None:
    house = house_of()
    caller = house.call()
    await house.sleep(3)
    caller.press("52")
    await caller.over()
    assert house.one(Kind.QUEUE_LEFT) == {"queue": "sales", "wait_s": pytest.approx(3), "reason": "key", "key": "2"}
    assert caller.heard[-1][1] == "en:Leave a message."
    assert house.queues.snapshot()[0].left == {"key": 1}
    assert [event.data["application"] for event in house.journey(Kind.CALL_ROUTED)] == ["queue:sales", "voicemail"]
    await house.close()


async def test_a_key_is_obeyed_during_an_announcement() -> None:
    house = house_of(announce_position=True, announce_first_s=1.0)
    caller = house.call()
    await house.sleep(1.01)
    assert house.journey(Kind.QUEUE_ANNOUNCED)
    caller.press("2")
    await house.sleep(0.001)
    assert house.one(Kind.QUEUE_LEFT)["wait_s"] == pytest.approx(1.01)
    await caller.over()
    await house.close()


async def test_a_callback_is_no_abandonment_and_keeps_the_age() -> None:
    house = house_of()
    callbacks = Callbacks(house, True)
    caller = house.call()
    await house.sleep(30)
    caller.press("1")
    await caller.over()
    assert callbacks.asked[0][0] == "sales"
    assert house.harness.clock.unix() - callbacks.asked[0][1] == pytest.approx(30, abs=10)
    assert house.one(Kind.QUEUE_LEFT)["reason"] == "callback"
    assert not house.journey(Kind.QUEUE_ABANDONED)
    assert house.queues.snapshot()[0].left == {"callback": 1}
    assert house.state("101") == "available", "nobody is offered a caller who is asked"
    await house.close()


async def test_whoever_hangs_up_while_he_is_told_when_we_call_is_called() -> None:
    house = house_of()
    Callbacks(house, True, hang_up=True)
    caller = house.call()
    await house.sleep(5)
    caller.press("1")
    await caller.over()
    assert house.one(Kind.QUEUE_LEFT)["reason"] == "callback"
    assert not house.journey(Kind.QUEUE_ABANDONED)
    await house.close()


async def test_whoever_says_no_waits_on_at_his_place() -> None:
    house = house_of()
    Callbacks(house, False, False)
    first = house.call()
    await house.sleep(1)
    second = house.call()
    await house.sleep(5)
    first.press("1")
    await house.sleep(20)
    rows = house.queues.snapshot()[0].callers
    assert [row.call_id for row in rows if row.position == 1] == [first.call.id]
    first.press("1")  # asked again: the keys work as before
    await house.sleep(20)
    house.phones["101"].answer_after_s, house.phones["101"].talk_s = 1, 5
    await house.sleep(60)
    answered = [event.call_id for event in house.journey(Kind.QUEUE_ANSWERED)]
    assert answered == [first.call.id, second.call.id]
    await house.close()


async def test_the_limit_of_the_wait_counts_while_the_caller_is_asked() -> None:
    house = house_of(max_wait_s=10)
    Callbacks(house, False)
    caller = house.call()
    await house.sleep(9.9)
    caller.press("1")
    await house.sleep(20)
    assert house.one(Kind.QUEUE_LEFT)["reason"] == "timeout"
    await house.close()


async def test_a_flow_goes_on_by_the_exit_of_the_key() -> None:
    house = house_of()
    results: list[QueueResult] = []

    async def flow(call: Call) -> None:
        results.append(await house.queues.join(call, "sales", exits=("2", "7")))
        await call.say({"en": "And on."})

    caller = house.harness.call(flow)
    await house.sleep(4)
    caller.press("7")
    await caller.over()
    assert [(result.outcome, result.key) for result in results] == [("key", "7")]
    assert caller.heard[-1][1] == "en:And on."
    await house.close()


async def test_other_keys_do_nothing() -> None:
    house = house_of()
    caller = house.call()
    await house.sleep(1)
    caller.press("34567#")
    await house.sleep(5)
    assert house.queues.snapshot()[0].waiting == 1
    caller.hang_up()
    await house.close()


async def test_a_caller_whose_agent_is_lost_is_first_in_line_again() -> None:
    house = House({"101": {"answer_after_s": 1}, "102": {"answer_after_s": 1, "talk_s": 10}})
    house.queues.set_agent("102", "offline")
    caller = house.call()
    await house.sleep(10)
    late = house.call()
    await house.sleep(1)
    leg = caller.call.legs[0]
    leg.media.on_timeout(30.0)  # type: ignore[union-attr]
    await house.sleep(0.1)
    assert house.state("101") == "unreachable"
    assert [row.call_id for row in house.queues.snapshot()[0].callers] == [caller.call.id, late.call.id]
    house.queues.set_agent("102", "available")
    await caller.over()
    answered = [(event.call_id, event.data["agent"]) for event in house.journey(Kind.QUEUE_ANSWERED)]
    assert answered == [(caller.call.id, "101"), (caller.call.id, "102")]
    joined = house.journey(Kind.QUEUE_JOINED, caller)
    assert [event.data.get("again", False) for event in joined] == [False, True]
    late.hang_up()
    await house.close()
