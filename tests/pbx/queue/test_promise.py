"""The wait as a promise: what it takes into account, and when it is better to say nothing."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pbx.call.testing import FakeCaller
from pbx.config import Queue
from pbx.queue.estimate import mean_wait_s, quantile_wait_s
from pbx.queue.promise import Promise, Silence
from tests.pbx.queue.house import QUIET, House

CAREFUL = 1 + math.sqrt(0.01 / 2)  # a standard error of the handling time
READY: dict[str, Any] = {**QUIET, "wait_after_calls": 0}


def outlook(house: House, caller: FakeCaller, queue: str = "sales") -> Promise | Silence:
    return house.queues.promises.of(house.queues.queues[queue].waiting[caller.call.id])


def promised(house: House, caller: FakeCaller, queue: str = "sales") -> Promise:
    found = outlook(house, caller, queue)
    assert isinstance(found, Promise), found
    return found


async def busy_house(count: int, **settings: Any) -> House:
    """`count` agents who all talk, with the handling time, ringing and patience of metrics' example."""
    names = [str(101 + number) for number in range(count)]
    house = House({name: {"answer_after_s": 0} for name in names}, **{"wait_after_calls": 0, **settings})
    for _ in names:
        house.call()
    await house.sleep(1)
    learned = house.queues.queues["sales"].estimator
    learned.aht_s, learned.ring_s = 179.9, 0.1
    if not settings.get("wait_after_calls"):
        learned.handled_calls = 1_000_000
    return house


@pytest.mark.parametrize(("position", "mean_s"), [(1, 30.0), (2, 57.27), (3, 82.27), (6, 146.78)])
async def test_the_mean_is_qlm_with_patience(position: int, mean_s: float) -> None:
    house = await busy_house(6)
    callers = [house.call() for _ in range(position)]
    await house.sleep(1)
    learned = house.queues.queues["sales"].estimator
    learned._waited_s = 300 * learned._abandoned
    found = promised(house, callers[-1])
    assert found.mean_s == pytest.approx(mean_s, abs=0.15)
    assert found.high_s == pytest.approx(quantile_wait_s(position, 6, 180 * CAREFUL, 300, 0.8), rel=0.03, abs=1)
    assert found.low_s == pytest.approx(quantile_wait_s(position, 6, 180, 300, 0.2), rel=0.03, abs=1)
    await house.close()


async def test_the_quantile_is_the_queues_own() -> None:
    house = await busy_house(2, wait_quantile=0.95)
    caller = house.call()
    await house.sleep(1)
    found = promised(house, caller)
    assert found.quantile == 0.95
    assert found.high_s == pytest.approx(quantile_wait_s(1, 2, 180 * CAREFUL, 300, 0.95), rel=0.03)
    await house.close()


async def test_the_less_was_seen_the_more_careful_is_the_upper_end() -> None:
    house = await busy_house(2)
    caller = house.call()
    await house.sleep(1)
    known = promised(house, caller)
    house.queues.queues["sales"].estimator.handled_calls = 20
    new = promised(house, caller)
    assert new.high_s > known.high_s * 1.08
    assert (new.low_s, new.mean_s) == pytest.approx((known.low_s, known.mean_s), abs=0.1)
    await house.close()


async def test_agents_who_leave_after_their_call_do_not_count() -> None:
    house = await busy_house(4)
    caller = house.call()
    await house.sleep(1)
    four = promised(house, caller).mean_s
    for name in ("101", "102"):
        house.queues.set_agent(name, "break")
    assert promised(house, caller).mean_s == pytest.approx(2 * four, rel=0.01)
    house.queues.clear_next("101")
    assert promised(house, caller).mean_s == pytest.approx(4 / 3 * four, rel=0.01)
    await house.close()


async def test_agents_on_a_break_do_not_count_and_those_in_wrapup_do() -> None:
    house = await busy_house(3, wrapup_s=60.0)
    caller = house.call()
    await house.sleep(1)
    three = promised(house, caller).mean_s
    house.phones["101"].hang_up()
    await house.sleep(1)
    assert house.state("101") == "wrapup"
    assert promised(house, caller).mean_s == pytest.approx(three, rel=0.01)
    house.queues.set_agent("101", "break")  # ends wrap-up
    assert house.state("101") == "break"
    house.queues.queues["sales"].estimator.aht_s = 179.9  # the short call was learned
    assert promised(house, caller).mean_s == pytest.approx(1.5 * three, rel=0.01)
    await house.close()


async def test_whose_phone_rings_is_told_of_ringing_only_and_the_next_is_first() -> None:
    house = House({"101": {"answer_after_s": 10}}, wait_after_calls=0)
    first = house.call()
    await house.sleep(1)
    second = house.call()
    await house.sleep(1)
    assert promised(house, first).high_s < 20
    assert promised(house, second).mean_s == pytest.approx(mean_wait_s(1, 1, 185, 300) + 5, rel=0.02)
    await house.close()


async def test_two_queues_with_the_same_agents_are_one_line() -> None:
    queues = [Queue(**{**READY, "name": name, "agents": ["101", "102"]}) for name in ("a", "b")]
    house = House({"101": {"answer_after_s": 0}, "102": {"answer_after_s": 0}}, queues)
    for _ in range(2):
        house.call("a")
    await house.sleep(1)
    for _ in range(4):
        house.call("b")
    await house.sleep(1)
    caller = house.call("a")  # the first of his queue, and the fifth in line
    await house.sleep(1)
    assert house.queues.queues["a"].waiting[caller.call.id].row().position == 1
    assert promised(house, caller, "a").mean_s == pytest.approx(mean_wait_s(5, 2, 185, 300) + 5, rel=0.02)
    await house.close()


async def test_only_the_shared_part_of_another_queues_line_counts() -> None:
    queues = [
        Queue(**{**READY, "name": "a", "agents": ["101"]}),
        Queue(**{**READY, "name": "b", "agents": ["101", "102"]}),
    ]
    house = House({"101": {"answer_after_s": 0}, "102": {"answer_after_s": 0}}, queues)
    for _ in range(6):
        house.call("b")
    await house.sleep(1)  # two talk, four wait: about two of them for 101
    caller = house.call("a")
    await house.sleep(1)
    assert promised(house, caller, "a").mean_s == pytest.approx(mean_wait_s(3, 1, 185, 300) + 5, rel=0.02)
    await house.close()


async def test_an_agent_counts_with_the_handling_time_of_the_queue_he_serves_now() -> None:
    queues = [Queue(**{**READY, "name": name, "agents": ["101"]}) for name in ("short", "long")]
    house = House({"101": {"answer_after_s": 0}}, queues)
    house.queues.queues["long"].estimator.aht_s = 595
    house.call("long")
    await house.sleep(1)
    caller = house.call("short")
    await house.sleep(1)
    assert promised(house, caller, "short").mean_s == pytest.approx(600 + 5, rel=0.01)
    await house.close()


# -- silence -----------------------------------------------------------------------------------------------------------


async def test_too_little_data() -> None:
    house = await busy_house(1, wait_after_calls=20)
    caller = house.call()
    await house.sleep(1)
    assert outlook(house, caller) is Silence.DATA
    house.queues.queues["sales"].estimator.handled_calls = 20
    assert isinstance(outlook(house, caller), Promise)
    await house.close()


async def test_nobody_serves() -> None:
    house = House({"101": {}, "102": {}}, wait_after_calls=0)
    house.queues.set_agent("101", "break")
    house.queues.set_agent("102", "offline")
    caller = house.call()
    await house.sleep(1)
    assert outlook(house, caller) is Silence.NO_AGENTS
    await house.close()


async def test_those_who_come_in_ahead_take_capacity_and_too_many_end_all_promises() -> None:
    house = await busy_house(4)  # one call every 45 s
    caller = house.call()
    await house.sleep(1)
    before = promised(house, caller).mean_s
    enter = house.queues.dispatcher.enter
    keys = []
    for _ in range(3):
        keys.append(enter("sales", Item(), since_s=1.0))
        house.queues.promises.entered("sales", house.queues.dispatcher.position(keys[-1]))
    after = promised(house, caller).mean_s
    assert after > mean_wait_s(4, 4, 180, 0) > before
    for _ in range(5):
        keys.append(enter("sales", Item(), since_s=1.0))
        house.queues.promises.entered("sales", house.queues.dispatcher.position(keys[-1]))
    assert outlook(house, caller) is Silence.INFLOW
    for key in keys:
        house.queues.dispatcher.leave(key)
    await house.sleep(1200)
    assert isinstance(outlook(house, caller), Promise)  # what was long ago is forgotten
    await house.close()


class Item:
    """A callback in line."""

    id = "item"

    def offer(self, agent: Any, token: int) -> None:
        raise AssertionError("nobody is free")


async def test_callbacks_in_line_count_and_do_not_give_up() -> None:
    house = await busy_house(2)
    items = [house.queues.dispatcher.enter("sales", Item(), since_s=house.queues.services.clock.monotonic())]
    items += [house.queues.dispatcher.enter("sales", Item(), since_s=house.queues.services.clock.monotonic())]
    await house.sleep(1)
    caller = house.call()
    await house.sleep(1)
    found = promised(house, caller).mean_s
    assert mean_wait_s(3, 2, 180, 300) < found < mean_wait_s(3, 2, 180, 0)
    for key in items:
        house.queues.dispatcher.leave(key)
    assert promised(house, caller).mean_s == pytest.approx(mean_wait_s(1, 2, 180, 300), rel=0.01)
    await house.close()


async def test_a_wait_of_hours_is_not_said() -> None:
    house = await busy_house(1)
    house.queues.queues["sales"].estimator.aht_s = 6 * 3600
    caller = house.call()
    await house.sleep(1)
    assert outlook(house, caller) is Silence.TOO_LONG
    await house.close()


# -- skills ------------------------------------------------------------------------------------------------------------

SPEAKERS = {"102": {"skills": {"russian": 5}}}


def asks(house: House, *skills: str) -> FakeCaller:
    async def run(call: Any) -> None:
        await house.queues.join(call, "sales", wishes=house.queues.wish(0, skills, ""))

    return house.harness.call(run)


async def two_agents_one_of_whom_speaks_russian() -> House:
    house = House({"101": {"answer_after_s": 0}, "102": {"answer_after_s": 0}}, abilities=SPEAKERS, wait_after_calls=0)
    for _ in range(2):
        house.call()
    await house.sleep(1)
    learned = house.queues.queues["sales"].estimator
    learned.aht_s, learned.ring_s = 179.9, 0.1
    return house


async def test_only_agents_with_the_skill_count() -> None:
    house = await two_agents_one_of_whom_speaks_russian()
    caller = asks(house, "russian:3")
    await house.sleep(1)
    assert promised(house, caller).mean_s == pytest.approx(180, rel=0.01)
    house.queues.set_agent("102", "break")
    assert outlook(house, caller) is Silence.NO_AGENTS
    await house.close()


async def test_a_free_agent_without_the_skill_is_no_hope_and_no_lie() -> None:
    house = await two_agents_one_of_whom_speaks_russian()
    house.phones["101"].hang_up()
    await house.sleep(1)
    house.queues.queues["sales"].estimator.aht_s = 179.9
    assert house.state("101") == "available"
    caller = asks(house, "russian:3")
    await house.sleep(1)
    assert promised(house, caller).mean_s == pytest.approx(180, rel=0.01)
    await house.close()


async def test_those_ahead_who_ask_for_the_same_are_in_the_way_and_of_the_others_a_part() -> None:
    house = await two_agents_one_of_whom_speaks_russian()
    for _ in range(2):
        house.call()  # half of them for 102
    for _ in range(2):
        asks(house, "russian:3")  # both
    await house.sleep(1)
    caller = asks(house, "russian:3")
    await house.sleep(1)
    assert promised(house, caller).mean_s == pytest.approx(mean_wait_s(1 + 2 + 1, 1, 180, 300), rel=0.02)
    await house.close()


async def test_items_that_come_in_ahead_count_as_inflow() -> None:
    house = await busy_house(4)
    caller = house.call()
    await house.sleep(1)
    before = promised(house, caller).mean_s
    keys = [house.queues.items.enter("sales", Item(), since_s=1.0) for _ in range(3)]
    for key in keys:
        house.queues.items.leave(key)
    await house.sleep(1)
    assert promised(house, caller).mean_s > before * 1.1  # they are gone, and others like them may come
    await house.close()


async def test_the_agents_of_a_large_queue_are_looked_at_once_a_second() -> None:
    house = await busy_house(70)
    caller = house.call()
    await house.sleep(1)
    all_of_them = promised(house, caller).mean_s
    assert all_of_them == pytest.approx(180 / 70 + 0.1, rel=0.02)
    for number in range(35):
        house.queues.set_agent(str(101 + number), "break")
    assert promised(house, caller).mean_s == all_of_them
    await house.sleep(1)
    assert promised(house, caller).mean_s == pytest.approx(180 / 35 + 0.1, rel=0.02)
    await house.close()
