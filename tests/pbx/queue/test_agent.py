"""The agent's table: every state meets every trigger, and the two rules hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.clock import VirtualClock
from pbx.queue.agent import SERVING, TABLE, Agent, AgentState, Presence, Trigger, WrongState

S = AgentState
Change = tuple[str, str, float, str]

WAYS: dict[AgentState, list[Callable[[Agent], None]]] = {
    S.OFFLINE: [],
    S.AVAILABLE: [lambda agent: agent.choose(Presence.AVAILABLE)],
    S.BREAK: [lambda agent: agent.choose(Presence.BREAK, "lunch")],
    S.UNREACHABLE: [lambda agent: agent.choose(Presence.AVAILABLE), lambda agent: agent.set_registered(False)],
    S.BUSY: [lambda agent: agent.choose(Presence.AVAILABLE), lambda agent: agent.set_busy("c", "a", True)],
    S.OUTBOUND: [
        lambda agent: agent.choose(Presence.AVAILABLE),
        lambda agent: agent.set_busy("c", "a", True, outbound=True),
    ],
}
WAYS[S.RESERVED] = [*WAYS[S.AVAILABLE], lambda agent: agent.reserve("call")]
WAYS[S.NOT_RESPONDING] = [*WAYS[S.RESERVED], lambda agent: agent.miss("no_answer", 1)]
WAYS[S.CALLBACK_PREVIEW] = [*WAYS[S.RESERVED], Agent.preview]
WAYS[S.RINGING] = [*WAYS[S.RESERVED], Agent.ring]
WAYS[S.TALKING] = [*WAYS[S.RINGING], Agent.answer]
WAYS[S.HOLD] = [*WAYS[S.TALKING], Agent.hold]
WAYS[S.WRAPUP] = [*WAYS[S.TALKING], Agent.end]

FIRE: dict[Trigger, Callable[[Agent], None]] = {
    Trigger.CHOSE: lambda agent: agent.choose(Presence.AVAILABLE),
    Trigger.FACTS: Agent.pause_over,
    Trigger.RESERVE: lambda agent: agent.reserve("next"),
    Trigger.PREVIEW: Agent.preview,
    Trigger.RING: Agent.ring,
    Trigger.ANSWER: Agent.answer,
    Trigger.MISS: lambda agent: agent.miss("busy", 1),
    Trigger.RELEASE: Agent.release,
    Trigger.HOLD: Agent.hold,
    Trigger.RESUME: Agent.resume,
    Trigger.END: Agent.end,
    Trigger.DONE: lambda agent: agent.done("code"),
}


def agent_in(state: AgentState) -> tuple[Agent, VirtualClock, list[Change]]:
    clock, changes = VirtualClock(), []
    agent = Agent("101", "Anna", clock, lambda who, *change: changes.append((who.state.value, *change)))
    agent.set_registered(True)
    for step in WAYS[state]:
        step(agent)
    assert agent.state is state
    changes.clear()
    return agent, clock, changes


@pytest.mark.parametrize("state", AgentState)
@pytest.mark.parametrize("trigger", Trigger)
def test_a_trigger_that_does_not_fit_changes_nothing(state: AgentState, trigger: Trigger) -> None:
    agent, _, changes = agent_in(state)
    if trigger in TABLE[state]:
        FIRE[trigger](agent)
        return
    before = {name: getattr(agent, name) for name in Agent.__slots__ if name != "changed"}
    with pytest.raises(WrongState, match=f"101 is {state}"):
        FIRE[trigger](agent)
    assert {name: getattr(agent, name) for name in Agent.__slots__ if name != "changed"} == before
    assert not changes


@pytest.mark.parametrize("state", sorted(SERVING))
def test_what_is_chosen_while_serving_comes_afterwards(state: AgentState) -> None:
    agent, _, changes = agent_in(state)
    agent.choose(Presence.BREAK, "lunch")
    assert (agent.state, agent.next) == (state, (Presence.BREAK, "lunch"))
    assert not changes
    if state in (S.TALKING, S.HOLD):
        agent.end()
        assert agent.state is S.WRAPUP
        agent.done("")
    else:
        agent.release()
    assert (agent.state, agent.reason, agent.next) == (S.BREAK, "lunch", None)


def test_choosing_during_wrap_up_ends_it() -> None:
    agent, _, _ = agent_in(S.WRAPUP)
    agent.choose(Presence.OFFLINE)
    assert agent.state is S.OFFLINE


def test_the_phone_goes_and_comes_while_serving() -> None:
    agent, _, changes = agent_in(S.TALKING)
    agent.set_registered(False)
    assert not changes
    agent.end()
    agent.done("")
    assert agent.state is S.UNREACHABLE
    agent.set_registered(True)
    assert agent.state is S.AVAILABLE


def test_two_other_calls_are_one_busy_time() -> None:
    agent, _, changes = agent_in(S.AVAILABLE)
    agent.set_busy("c1", "a", True)
    agent.set_busy("c2", "b1", True)
    agent.set_busy("c1", "a", False)
    assert agent.state is S.BUSY
    agent.set_busy("c2", "b1", False)
    assert [change[0] for change in changes] == ["busy", "available"]


def test_the_agents_own_call_outside_is_told_from_others() -> None:
    agent, _, changes = agent_in(S.AVAILABLE)
    agent.set_busy("internal", "b1", True)
    agent.set_busy("outside", "a", True, outbound=True)
    agent.set_busy("internal", "b1", False)
    agent.set_busy("outside", "a", False)
    assert [change[0] for change in changes] == ["busy", "outbound", "available"]


def test_an_agent_who_is_bound_to_wrap_up_leaves_it_when_done() -> None:
    agent, _, _ = agent_in(S.WRAPUP)
    agent.bound = True
    agent.choose(Presence.BREAK, "lunch")
    assert (agent.state, agent.next) == (S.WRAPUP, (Presence.BREAK, "lunch"))
    agent.done("order")
    assert (agent.state, agent.reason, agent.bound) == (S.BREAK, "lunch", False)


def test_a_break_is_restored_since_it_began() -> None:
    agent, clock, changes = agent_in(S.OFFLINE)
    clock.advance(1000)
    agent.restore(clock.unix() - 300, "lunch")
    assert (agent.state, agent.reason, clock.monotonic() - agent.since) == (S.BREAK, "lunch", 300)
    agent.choose(Presence.AVAILABLE)
    assert changes == [("available", "break", 300, "")]


def test_times_and_idle_order() -> None:
    agent, clock, changes = agent_in(S.AVAILABLE)
    idle_since = agent.idle_since
    clock.advance(5)
    agent.reserve("call")
    clock.advance(2)
    agent.release()
    assert [(state, previous, seconds) for state, previous, seconds, _ in changes] == [
        ("reserved", "available", 5),
        ("available", "reserved", 2),
    ]
    assert agent.idle_since == idle_since  # an offer that came to nothing does not send the agent to the back
    agent.reserve("call")
    agent.answer()
    clock.advance(60)
    agent.end()
    agent.done("")
    assert agent.idle_since == clock.monotonic()


def test_a_new_reason_for_a_break_is_a_change() -> None:
    agent, clock, changes = agent_in(S.BREAK)
    clock.advance(60)
    agent.choose(Presence.BREAK, "meeting")
    assert changes == [("break", "break", 60, "meeting")]


@given(st.lists(st.sampled_from(sorted(FIRE)), max_size=60))
def test_no_way_leads_out_of_the_table(triggers: list[Trigger]) -> None:
    agent, _, _ = agent_in(S.OFFLINE)
    for trigger in triggers:
        try:
            FIRE[trigger](agent)
        except WrongState:
            continue
        assert (agent.state in SERVING or agent.state is S.WRAPUP) == bool(agent.call_id)
