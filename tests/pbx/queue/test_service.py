"""Callers in a queue, on fakes in virtual time."""

from __future__ import annotations

import pytest

from pbx.config import Queue
from pbx.events import Kind
from tests.pbx.queue.house import QUIET, House

NEVER = {"answer_after_s": None}


async def test_a_free_agent_is_rung_in_the_turn_of_the_arrival_and_bridged() -> None:
    house = House({"101": {"answer_after_s": 2, "talk_s": 60}}, record=True)
    caller = house.call()
    await house.sleep(0.001)
    assert house.phones["101"].ringing
    assert caller.heard[0][1] == "music:default"
    await caller.over()
    assert [kind for kind in house.harness.kinds() if kind.startswith(("queue", "bridge", "recording"))] == [
        Kind.QUEUE_JOINED,
        Kind.QUEUE_OFFERED,
        Kind.QUEUE_ANSWERED,
        Kind.BRIDGE_STARTED,
        Kind.RECORDING_STARTED,
        Kind.BRIDGE_ENDED,
        Kind.RECORDING_ENDED,
    ]
    assert house.one(Kind.QUEUE_ANSWERED) == {"queue": "sales", "agent": "101", "wait_s": pytest.approx(2)}
    assert house.one(Kind.BRIDGE_ENDED)["talk_s"] == pytest.approx(60)
    assert house.states("101") == ["available", "reserved", "ringing", "talking", "wrapup", "available"]
    snapshot = house.queues.snapshot()[0]
    assert (snapshot.offered, snapshot.answered, snapshot.answered_in_time, snapshot.abandoned) == (1, 1, 1, 0)
    await house.close()


async def test_callers_are_served_in_the_order_of_their_arrival() -> None:
    house = House({"101": {"answer_after_s": 0.5, "talk_s": 30}})
    callers = []
    for _ in range(5):
        callers.append(house.call())
        await house.sleep(1)
    await house.sleep(400)
    served = [event.call_id for event in house.journey(Kind.QUEUE_ANSWERED)]
    assert served == [event.call_id for event in house.journey(Kind.QUEUE_JOINED)]
    assert [event.data["position"] for event in house.journey(Kind.QUEUE_JOINED)] == [1, 1, 2, 3, 4]
    await house.close()


async def test_a_caller_who_was_not_answered_returns_to_the_head() -> None:
    house = House({"101": NEVER, "102": {"answer_after_s": 1, "talk_s": 10}}, ring_timeout_s=15)
    house.queues.set_agent("102", "break")
    first = house.call()
    await house.sleep(1)
    second = house.call()
    await house.sleep(20)
    assert house.state("101") == "not_responding"
    assert house.one(Kind.QUEUE_OFFER_ENDED)["reason"] == "no_answer"
    house.queues.set_agent("102", "available")
    await house.sleep(5)
    assert house.one(Kind.QUEUE_ANSWERED, first)["wait_s"] == pytest.approx(22, abs=0.1)
    assert not house.journey(Kind.QUEUE_ANSWERED, second)
    await house.sleep(10)
    assert house.one(Kind.QUEUE_ANSWERED, second)
    await house.close()


async def test_missed_offers_below_the_limit_pause_the_agent_for_a_moment() -> None:
    house = House({"101": {"answer_after_s": 0.5, "refuse": 486}}, missed_offers_until_break=3)
    house.call()
    await house.sleep(1)
    assert house.state("101") == "not_responding"
    await house.sleep(60)
    assert [event.data["reason"] for event in house.journey(Kind.QUEUE_OFFER_ENDED)] == ["busy"] * 3
    assert house.state("101") == "not_responding"
    house.phones["101"].refuse = 0
    house.queues.set_agent("101", "available")
    await house.sleep(1)
    assert house.state("101") == "talking"
    assert house.queues.agent("101").missed == 0
    await house.close()


async def test_an_agent_who_refuses_at_once_is_not_hammered() -> None:
    house = House({"101": {"answer_after_s": 0.0, "refuse": 603}}, missed_offers_until_break=0)
    house.call()
    await house.sleep(30)
    assert 5 <= len(house.journey(Kind.QUEUE_OFFERED)) <= 12
    await house.close()


async def test_the_longest_idle_agent_is_next() -> None:
    house = House({name: {"answer_after_s": 1, "talk_s": 5} for name in ("101", "102", "103")})
    for _ in range(6):
        house.call()
        await house.sleep(10)
    assert [event.data["agent"] for event in house.journey(Kind.QUEUE_ANSWERED)] == ["101", "102", "103"] * 2
    await house.close()


async def test_ring_all_first_answer_wins_and_the_others_stop() -> None:
    house = House(
        {"101": NEVER, "102": {"answer_after_s": 3, "talk_s": 5}, "103": NEVER}, strategy="ring-all", wrapup_s=5
    )
    caller = house.call()
    await house.sleep(1)
    assert all(phone.ringing for phone in house.phones.values())
    await house.sleep(3)
    for name in ("101", "103"):
        session = house.phones[name].sessions[0]
        assert session.sent[-1] == ("cancel",)
        assert any("Call completed elsewhere" in header for header in session.headers)
        assert house.state(name) == "available"
        assert house.queues.agent(name).missed == 0
    assert house.state("102") == "talking"
    await caller.over()
    assert {event.data["reason"] for event in house.journey(Kind.QUEUE_OFFER_ENDED)} == {"lost"}
    await house.close()


async def test_two_agents_answer_in_the_same_instant() -> None:
    house = House({"101": {"answer_after_s": 2}, "102": {"answer_after_s": 2}}, strategy="ring-all")
    house.call()
    await house.sleep(3)
    assert sorted(house.state(name) for name in ("101", "102")) == ["available", "talking"]
    loser = next(name for name in ("101", "102") if house.state(name) == "available")
    assert house.queues.agent(loser).missed == 0
    assert house.phones[loser].sessions[0].state == "terminated"
    assert len(house.journey(Kind.QUEUE_ANSWERED)) == 1
    await house.close()


async def test_ring_all_serves_two_callers_one_after_the_other() -> None:
    house = House(
        {"101": {"answer_after_s": 2, "talk_s": 50}, "102": {"answer_after_s": 4, "talk_s": 50}}, strategy="ring-all"
    )
    first, second = house.call(), house.call()
    await house.sleep(20)
    assert house.one(Kind.QUEUE_ANSWERED, first)["agent"] == "101"
    assert house.one(Kind.QUEUE_ANSWERED, second)["agent"] == "102"
    await house.close()


@pytest.mark.parametrize("after_s", [0.0, 0.001, 0.5, 1.0, 1.0001, 1.5])
async def test_the_caller_hangs_up_at_any_instant_and_the_agent_is_free_at_once(after_s: float) -> None:
    house = House({"101": {"answer_after_s": 1}})
    caller = house.call()
    await house.sleep(after_s)
    caller.hang_up()
    await caller.over()
    assert house.state("101") == "available"
    assert house.queues.agent("101").missed == 0
    assert house.phones["101"].talking is False
    outcomes = [kind for kind in house.harness.kinds() if kind in (Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED)]
    assert len(outcomes) == 1
    if outcomes == [Kind.QUEUE_ABANDONED]:
        abandoned = house.one(Kind.QUEUE_ABANDONED)
        assert abandoned == {"queue": "sales", "wait_s": pytest.approx(after_s), "position": abandoned["position"]}
    await house.close()


async def test_a_phone_that_rings_for_a_gone_caller_is_not_told_elsewhere() -> None:
    house = House({"101": NEVER})
    caller = house.call()
    await house.sleep(1)
    caller.hang_up()
    await caller.over()
    assert house.phones["101"].sessions[0].sent[-1] == ("cancel",)
    assert not any("elsewhere" in header for header in house.phones["101"].sessions[0].headers)
    await house.close()


async def test_abandoning_is_recorded_with_wait_and_position() -> None:
    house = House({"101": {"answer_after_s": 1}})
    house.call()
    await house.sleep(2)
    second, third = house.call(), house.call()
    await house.sleep(7)
    third.hang_up()
    await third.over()
    assert house.one(Kind.QUEUE_ABANDONED, third) == {"queue": "sales", "wait_s": pytest.approx(7), "position": 2}
    await house.sleep(1)
    second.hang_up()
    await second.over()
    assert house.one(Kind.QUEUE_ABANDONED, second)["position"] == 1
    snapshot = house.queues.snapshot()[0]
    assert (snapshot.abandoned, snapshot.short_abandoned) == (2, 0)
    await house.close()


async def test_an_agent_who_hangs_up_right_after_answering_does_not_cost_the_caller_the_place() -> None:
    house = House({"101": {"answer_after_s": 1}, "102": {"answer_after_s": 2}})
    house.queues.set_agent("102", "break")
    caller = house.call()
    phone = house.phones["101"]
    await house.sleep(0.5)
    session = phone.sessions[0]
    session.state = "confirmed"
    session.observer.on_answer(session, b"fake sendrecv", None)
    session.state = "terminated"
    session.observer.on_ended(session, "bye")
    await house.sleep(0.1)
    assert house.state("101") == "not_responding"
    assert house.one(Kind.QUEUE_OFFER_ENDED)["reason"] == "rejected"
    assert not house.journey(Kind.QUEUE_ANSWERED)
    house.queues.set_agent("102", "available")
    await house.sleep(3)
    assert house.one(Kind.QUEUE_ANSWERED, caller)["agent"] == "102"
    await house.close()


async def test_wrap_up_belongs_to_the_agent_in_all_queues() -> None:
    queues = [Queue(**{**QUIET, "name": name, "agents": ["101"], "wrapup_s": 20}) for name in ("sales", "service")]
    house = House({"101": {"answer_after_s": 1, "talk_s": 10}}, queues)
    await house.call("sales").over()
    waiting = house.call("service")
    await house.sleep(19)
    assert house.state("101") == "wrapup"
    assert not house.journey(Kind.QUEUE_OFFERED, waiting)
    assert house.queues.agents()[0].wrapup_left_s == pytest.approx(1, abs=0.1)
    await house.sleep(2)
    assert house.journey(Kind.QUEUE_OFFERED, waiting)
    await house.close()


async def test_wrap_up_can_be_ended_early_with_a_code() -> None:
    house = House({"101": {"answer_after_s": 1, "talk_s": 10}}, wrapup_s=60)
    await house.call().over()
    assert house.state("101") == "wrapup"
    assert house.queues.finish_wrapup("101", "order")
    assert not house.queues.finish_wrapup("101", "order")
    assert house.state("101") == "available"
    assert house.harness.events[-1].reason == "order"
    await house.close()


async def test_wrap_up_that_runs_out_gets_the_default_code() -> None:
    house = House({"101": {"answer_after_s": 1, "talk_s": 10}}, wrapup_s=5)
    await house.call().over()
    await house.sleep(6)
    assert (house.harness.events[-1].state, house.harness.events[-1].reason) == ("available", "TIMEOUT")
    await house.close()


async def test_a_break_chosen_during_a_call_comes_after_wrap_up_and_can_be_taken_back() -> None:
    house = House({"101": {"answer_after_s": 1, "talk_s": 10}, "102": {"answer_after_s": 1, "talk_s": 10}}, wrapup_s=5)
    house.call()
    house.call()
    await house.sleep(5)
    for name in ("101", "102"):
        assert house.queues.set_agent(name, "break", "lunch") == "talking"
    house.queues.clear_next("102")
    assert [agent.next_state for agent in house.queues.agents()] == ["break", ""]
    await house.sleep(20)
    assert (house.state("101"), house.state("102")) == ("break", "available")
    assert house.queues.agents()[0].reason == "lunch"
    await house.close()


async def test_a_full_queue_and_an_empty_house_turn_callers_away_with_a_word() -> None:
    house = House({"101": {"answer_after_s": 1}}, max_length=1, when_no_agents="leave")
    house.call()
    await house.sleep(2)
    house.call()
    full = house.call()
    await full.over()
    assert house.one(Kind.QUEUE_LEFT, full) == {"queue": "sales", "wait_s": 0.0, "reason": "full"}
    assert full.heard[-1][1].startswith("en:We cannot take your call")
    house.phones["101"].hang_up()
    house.queues.set_agent("101", "offline")
    await house.sleep(0.1)
    assert house.journey(Kind.QUEUE_LEFT)[-1].data["reason"] == "no_agents"  # who waited when the last agent left
    nobody = house.call()
    await nobody.over()
    assert house.one(Kind.QUEUE_LEFT, nobody)["reason"] == "no_agents"
    await house.close()


async def test_the_longest_wait_ends_even_while_an_agent_rings() -> None:
    house = House({"101": NEVER}, max_wait_s=10, ring_timeout_s=60)
    caller = house.call()
    await caller.over()
    assert house.one(Kind.QUEUE_LEFT)["wait_s"] == pytest.approx(10)
    assert house.state("101") == "available"
    assert house.phones["101"].sessions[0].sent[-1] == ("cancel",)
    await house.close()


async def test_nobody_waits_without_end() -> None:
    house = House({"101": NEVER}, max_wait_s=0)
    caller = house.call()
    house.queues.set_agent("101", "offline")
    await caller.over()
    left = house.one(Kind.QUEUE_LEFT)
    assert (left["reason"], left["wait_s"]) == ("timeout", pytest.approx(86_400))
    await house.close()


async def test_an_agent_on_another_call_is_not_offered() -> None:
    house = House({"101": {"answer_after_s": 1}})
    own = house.harness.call("echo", caller="101", direction="internal", extension="101")
    await house.sleep(1)
    assert house.state("101") == "busy"
    caller = house.call()
    await house.sleep(5)
    assert not house.phones["101"].sessions
    own.hang_up()
    await own.over()
    await house.sleep(2)
    assert house.one(Kind.QUEUE_ANSWERED, caller)
    await house.close()


async def test_a_direct_call_to_an_agent_makes_him_busy() -> None:
    house = House({"101": {"answer_after_s": 1, "talk_s": 10}})

    async def direct(call) -> None:  # type: ignore[no-untyped-def]
        await call.dial("101", timeout_s=20)

    caller = house.harness.call(direct)
    await house.sleep(0.5)
    assert house.state("101") == "busy"
    await caller.over()
    assert house.state("101") == "available"
    await house.close()


async def test_a_trunk_cannot_make_an_agent_busy_by_his_number() -> None:
    house = House({"101": {}})
    house.harness.call("echo", caller="101", direction="inbound")
    await house.sleep(1)
    assert house.state("101") == "available"
    await house.close()


async def test_an_agent_without_a_phone_is_unreachable_and_gets_nothing() -> None:
    house = House({"101": {"answer_after_s": 1}})
    house.harness.unregister("101")
    assert house.state("101") == "unreachable"
    caller = house.call()
    await house.sleep(5)
    assert not house.journey(Kind.QUEUE_OFFERED)
    house.phones["101"] = house.harness.phone("101", answer_after_s=1)
    await house.sleep(2)
    assert house.one(Kind.QUEUE_ANSWERED, caller)["agent"] == "101"
    await house.close()


async def test_hold_is_seen_on_the_agent() -> None:
    house = House({"101": {"answer_after_s": 1}})
    caller = house.call()
    await house.sleep(2)
    caller.hold()
    assert house.state("101") == "hold"
    caller.resume()
    assert house.state("101") == "talking"
    caller.hold()
    caller.hang_up()
    await caller.over()
    assert house.state("101") == "available"
    await house.close()
