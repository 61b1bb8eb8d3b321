"""Who gets whom, as configured: strategies, skills, priority, preferred agents, overflow, weights; and why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.call.keeping import MemoryKeeper
from pbx.call.testing import FakeCaller
from pbx.config import Queue
from pbx.config_distribution import CallerList, Relax
from pbx.events import Kind
from pbx.queue.kinds import parse_skill
from pbx.queue.wishes import Wishes
from tests.pbx.queue.house import QUIET, House

PHONES = {"101": {"answer_after_s": 1.0}, "102": {"answer_after_s": 1.0}, "103": {"answer_after_s": 1.0}}
VIP = "+48601000001"


async def served_one_by_one(house: House, calls: int, talk_s: float = 10.0, pause_s: float = 5.0) -> list[str]:
    """Calls that never overlap; the agent of each."""
    agents = []
    for _ in range(calls):
        caller = house.call()
        await house.sleep(2)
        agents.append(house.one(Kind.QUEUE_ANSWERED, caller)["agent"])
        await house.sleep(talk_s)
        caller.hang_up()
        await house.sleep(pause_s)
    return agents


async def rung(house: House, caller: FakeCaller) -> str:
    """Whose phone rings for the caller now, "" for nobody."""
    await house.sleep(0.01)
    offers = house.journey(Kind.QUEUE_OFFERED, caller)
    ended = house.journey(Kind.QUEUE_OFFER_ENDED, caller)
    return offers[-1].data["agent"] if len(offers) > len(ended) else ""


def why(house: House, caller: FakeCaller) -> Any:
    return house.queues.explainer.why(caller.call.id, asyncio.get_running_loop().time())


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("longest-idle", ["101", "102", "103", "101"]),
        ("linear", ["101", "101", "101", "101"]),
        ("round-robin", ["101", "102", "103", "101"]),
        ("fewest-calls", ["101", "102", "103", "101"]),
    ],
)
async def test_strategies(strategy: str, expected: list[str]) -> None:
    house = House(PHONES, strategy=strategy)
    assert await served_one_by_one(house, 4) == expected
    await house.close()


async def test_round_robin_goes_on_after_the_last_one_whoever_was_free_for_longer() -> None:
    house = House(PHONES, strategy="round-robin")
    assert await served_one_by_one(house, 1) == ["101"]
    house.queues.set_agent("102", "break")
    assert await served_one_by_one(house, 1) == ["103"]
    house.queues.set_agent("102", "available")
    assert await served_one_by_one(house, 2) == ["101", "102"]
    await house.close()


async def test_the_turn_survives_a_restart_and_an_agent_who_is_gone() -> None:
    keeper = MemoryKeeper()
    house = House(PHONES, strategy="round-robin", keeper=keeper)
    assert await served_one_by_one(house, 2) == ["101", "102"]
    await house.close()
    house = House(PHONES, strategy="round-robin", keeper=keeper)
    assert await served_one_by_one(house, 2) == ["103", "101"]
    await house.close()
    left = {name: phone for name, phone in PHONES.items() if name != "101"}
    house = House(left, strategy="round-robin", keeper=keeper)
    assert await served_one_by_one(house, 2) == ["102", "103"], "whoever stands where 101 stood is next"
    await house.close()
    assert keeper.load("queue_turn") == {"sales": ["103", 1]}


async def test_least_talk_counts_seconds_and_weights_half_a_day_double() -> None:
    house = House(PHONES, strategy="least-talk", abilities={"102": {"weight": 0.5}})
    assert await served_one_by_one(house, 3, talk_s=10.0) == ["101", "102", "103"]
    # 11 s each, but 102 works half the day: his count as 22
    assert await served_one_by_one(house, 2, talk_s=5.0) == ["101", "103"]
    assert await served_one_by_one(house, 2, talk_s=5.0) == ["101", "103"]  # 17, 17 and 22: the least again
    assert await served_one_by_one(house, 1) == ["102"]
    await house.close()


async def test_fewest_calls_survives_a_restart_and_begins_anew_with_the_day() -> None:
    keeper = MemoryKeeper()
    house = House(PHONES, strategy="fewest-calls", keeper=keeper)
    assert await served_one_by_one(house, 2) == ["101", "102"]
    await house.close()
    house = House(PHONES, strategy="fewest-calls", keeper=keeper)
    assert await served_one_by_one(house, 1) == ["103"]
    assert house.queues.tally.figures(house.queues.agent("101")) == (1, pytest.approx(11e9, rel=0.01))
    await house.sleep(24 * 3600)
    assert house.queues.tally.figures(house.queues.agent("101")) == (0, 0)
    await house.close()


async def test_penalties_go_before_every_strategy() -> None:
    house = House(PHONES, strategy="longest-idle", penalties={"101": 2, "102": 1})
    first, second, third = house.call(), house.call(), house.call()
    assert [await rung(house, caller) for caller in (first, second, third)] == ["103", "102", "101"]
    await house.close()


async def test_skills_keep_a_caller_from_agents_who_lack_them_until_they_relax() -> None:
    house = House(
        PHONES,
        abilities={"101": {}, "102": {"skills": {"russian": 2}}, "103": {"skills": {"russian": 5}}},
        skills={"russian": 4},
        relax=[Relax(after_s=10, lower={"russian": 2}), Relax(after_s=20, drop=["*"])],
    )
    house.queues.set_agent("103", "break")
    caller = house.call()
    await house.sleep(9.9)
    assert await rung(house, caller) == ""
    assert {agent.agent: agent.why for agent in why(house, caller).agents} == {
        "101": "russian 4 is needed, has 0",
        "102": "russian 4 is needed, has 2",
        "103": "is break",
    }
    await house.sleep(0.2)
    assert await rung(house, caller) == "102"
    relaxed = house.one(Kind.QUEUE_RELAXED, caller)
    assert (relaxed["needs"], relaxed["wait_s"]) == ({"russian": 2}, pytest.approx(10))
    await house.sleep(1)  # he answers; the next caller has to wait until nothing is needed
    second = house.call()
    await house.sleep(19.9)
    assert await rung(house, second) == ""
    await house.sleep(0.2)
    assert await rung(house, second) == "101"
    assert [event.data["needs"] for event in house.journey(Kind.QUEUE_RELAXED, second)] == [{"russian": 2}, {}]
    await house.close()


async def test_the_skills_strategy_takes_the_highest_level() -> None:
    levels = {"101": 3, "102": 9, "103": 5}
    house = House(
        PHONES,
        strategy="skills",
        abilities={name: {"skills": {"boilers": level}} for name, level in levels.items()},
        skills={"boilers": 2},
    )
    first, second = house.call(), house.call()
    assert [await rung(house, first), await rung(house, second)] == ["102", "103"]
    await house.close()


async def test_a_flow_asks_for_more_skills_and_an_unknown_one_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    house = House(PHONES, abilities={"102": {"skills": {"polish": 3}}})

    async def asks(call: Any) -> None:
        await house.queues.join(call, "sales", wishes=Wishes(skills=("polish:2", "klingon")))

    caller = house.harness.call(asks)
    assert await rung(house, caller) == "102"
    assert house.one(Kind.QUEUE_JOINED, caller)["skills"] == ["polish:2", "klingon"]
    assert "no agent has the skill 'klingon'" in caplog.text
    assert parse_skill("a:7") == ("a", 7)
    with pytest.raises(ValueError, match="is no skill"):
        parse_skill("a:0")
    await house.close()


async def test_a_vip_passes_those_of_the_last_minutes_but_not_who_has_waited_for_longer() -> None:
    house = House(
        {"101": {"answer_after_s": 1.0, "talk_s": 10}},
        caller_lists=[CallerList(name="vip", numbers=["+48601*"], priority=2)],
        priority_credit_s=30,
    )
    house.queues.set_agent("101", "break")
    early = house.call(caller="+48700000001")
    await house.sleep(100)
    late = house.call(caller="+48700000002")
    await house.sleep(1)
    vip = house.call(caller=VIP)
    await house.sleep(1)
    assert [house.queues.dispatcher.position(house.queues.dispatcher.keys[c.call.id]) for c in (early, vip, late)] == [
        1,
        2,
        3,
    ]
    house.queues.set_agent("101", "available")
    await house.sleep(60)
    order = [event.call_id for event in house.journey(Kind.QUEUE_ANSWERED)]
    assert order == [early.call.id, vip.call.id, late.call.id]
    assert house.one(Kind.QUEUE_JOINED, vip)["priority"] == 2
    await house.close()


async def test_a_supervisor_moves_a_caller_by_priority() -> None:
    house = House({"101": {"answer_after_s": None}}, priority_credit_s=60)
    house.queues.set_agent("101", "break")
    first = house.call()
    await house.sleep(30)
    second = house.call()
    await house.sleep(1)
    dispatcher = house.queues.dispatcher
    key = dispatcher.keys[second.call.id]
    assert dispatcher.position(key) == 2
    assert dispatcher.set_priority(key, 1)
    assert dispatcher.position(key) == 1
    assert why(house, second).priority == 1
    second.hang_up()
    first.hang_up()
    await house.sleep(1)
    assert not dispatcher.set_priority(key, 2)
    await house.close()


async def test_the_last_agent_is_waited_for_and_remembered_over_a_restart() -> None:
    keeper = MemoryKeeper()
    settings: dict[str, Any] = {"preferred": "last", "preferred_grace_s": 15, "strategy": "linear"}
    house = House(PHONES, keeper=keeper, **settings)
    house.queues.set_agent("101", "break")
    caller = house.call()
    await house.sleep(2)
    assert house.one(Kind.QUEUE_ANSWERED, caller)["agent"] == "102"
    caller.hang_up()
    await house.sleep(1)
    await house.close()
    house = House(PHONES, keeper=keeper, **settings)
    other = house.call(caller=VIP)
    assert await rung(house, other) == "101"
    again = house.call()
    assert await rung(house, again) == "102"
    assert house.one(Kind.QUEUE_OFFERED, again)["by"] == "preferred"
    await house.sleep(2)
    third = house.call()  # 102 talks to `again`: he is waited for, though 103 is free
    assert await rung(house, third) == ""
    assert why(house, third).grace_s == pytest.approx(15, abs=0.1)
    assert {agent.agent: agent.why for agent in why(house, third).agents}["103"] == "102 is preferred and waited for"
    await house.sleep(15)
    assert await rung(house, third) == "103"
    assert house.one(Kind.QUEUE_FORGONE, third)["agent"] == "102"
    await house.close()


async def test_who_prefers_an_agent_that_goes_on_a_break_waits_for_everybody_at_once() -> None:
    house = House(PHONES, caller_lists=[CallerList(name="key", numbers=[VIP], preferred="102")], preferred_grace_s=60)
    busy = house.call(caller=VIP)
    await house.sleep(2)
    assert house.one(Kind.QUEUE_ANSWERED, busy)["agent"] == "102"
    second = house.call(caller=VIP)
    assert await rung(house, second) == ""
    house.queues.set_agent("102", "break")
    assert await rung(house, second) == "", "he goes on his break when the talk is over"
    busy.hang_up()
    assert await rung(house, second) == "101"
    await house.close()


async def test_one_agent_of_two_queues_gets_the_oldest_and_a_weight_makes_waiting_count_more() -> None:
    def queues(weight: float) -> list[Queue]:
        return [
            Queue(**{**QUIET, "name": "sales", "agents": ["101"]}),
            Queue(**{**QUIET, "name": "gold", "agents": ["101"], "weight": weight}),
        ]

    for weight, expected in ((1.0, "sales"), (3.0, "gold")):
        house = House({"101": {"answer_after_s": 1.0}}, queues(weight))
        house.queues.set_agent("101", "break")
        house.call("sales")
        await house.sleep(20)
        house.call("gold")
        await house.sleep(20)
        house.queues.set_agent("101", "available")
        await house.sleep(2)
        (answered,) = house.journey(Kind.QUEUE_ANSWERED)
        assert answered.data["queue"] == expected
        await house.close()


async def test_why_tells_of_a_served_caller_whom_he_got_and_whom_not() -> None:
    house = House(PHONES, strategy="longest-idle", penalties={"103": 1})
    await house.sleep(5)
    caller = house.call()
    await house.sleep(2)
    found = why(house, caller)
    assert (found.waiting, found.queue) == (False, "sales")
    (decision,) = found.decisions
    assert (decision.agent, decision.by, decision.outcome, decision.position) == ("101", "longest-idle", "accepted", 1)
    assert decision.free == 3
    assert {other.agent: other.why for other in decision.others} == {
        "102": "free for 0 s less",
        "103": "has penalty 1, the chosen one 0",
    }
    assert house.queues.explainer.why("unheard", 0.0) is None
    await house.close()


async def test_the_timer_stands_only_while_something_is_due() -> None:
    house = House(
        PHONES, relax=[Relax(after_s=30, drop=["*"])], skills={"x": 1}, abilities={"103": {"skills": {"x": 1}}}
    )
    dispatcher = house.queues.dispatcher
    house.queues.set_agent("103", "break")
    caller = house.call()
    await house.sleep(1)
    assert dispatcher._timer is not None
    caller.hang_up()
    await house.sleep(1)
    assert dispatcher._timer is None
    await house.close()


async def test_an_offer_goes_out_before_the_turn_ends_and_its_time_is_measured_from_what_made_it_possible() -> None:
    house = House({"101": {"answer_after_s": 1.0}})
    measured: list[float] = []
    sent: list[int] = []
    house.queues.dispatcher.observe = measured.append
    house.harness.services.hasten = lambda: sent.append(len(house.journey(Kind.QUEUE_OFFERED)))
    house.queues.set_agent("101", "break")
    caller = house.call()
    await house.sleep(10)
    assert not measured, "nothing was possible: no time is running"
    house.queues.set_agent("101", "available")
    assert sent == [1], "the INVITE is handed over before it is told"
    assert len(measured) == 1
    assert 0 < measured[0] < 5, "of the offer, not of the ten seconds in which nobody was there"
    await house.sleep(2)
    caller.hang_up()
    await house.sleep(1)
    house.call()
    await house.sleep(1)
    assert len(measured) == len(sent) == 2
    await house.close()
