"""Taking up an agent after a restart: what he had chosen goes on, and the log has no hole and nothing invented."""

from __future__ import annotations

from typing import Protocol

from pbx.events import AgentStateChanged, CallEvent, EventBus, Kind
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.wrapup import TIMEOUT_CODE


class Stored(Protocol):
    """What the store kept of an agent: the last AgentStateChanged. Instants are UTC seconds."""

    @property
    def state(self) -> str: ...
    @property
    def since(self) -> float: ...
    @property
    def until(self) -> float:
        """The last sign of life of the process that kept it."""
        ...

    @property
    def reason(self) -> str: ...
    @property
    def call_id(self) -> str: ...


def restore(agent: Agent, kept: Stored | None, initial: str, bus: EventBus) -> None:
    """Puts `agent` into the state that follows from what was kept, or from the configuration's `initial` state.

    A break goes on since it began: the person did not come back meanwhile. Any other state ended with the process.
    """
    if kept is None:
        if initial != AgentState.OFFLINE:
            agent.choose(Presence.AVAILABLE)
        return
    if kept.state == AgentState.BREAK:
        agent.restore(kept.since, kept.reason)
        bus.publish(
            AgentStateChanged(agent.extension, agent.state.value, agent.state.value, kept.since, 0.0, kept.reason)
        )
        return
    if kept.state == AgentState.OFFLINE:
        agent.restore(kept.since)
        return
    until = max(kept.since, kept.until)
    if kept.state == AgentState.WRAPUP and kept.call_id:
        data = {"agent": agent.extension, "code": TIMEOUT_CODE, "note": "", "wrapup_s": until - kept.since}
        bus.publish(CallEvent(Kind.WRAPUP_ENDED, kept.call_id, "a", until, data))
    bus.publish(
        AgentStateChanged(
            *(agent.extension, AgentState.OFFLINE.value, kept.state, until, until - kept.since),
            call_id=kept.call_id,
            code=TIMEOUT_CODE if kept.state == AgentState.WRAPUP else "",
            previous_reason=kept.reason,
        )
    )
    agent.restore(until)
    # In the middle of a call or without a phone: he had chosen to serve.
    agent.choose(Presence.AVAILABLE)
    if kept.state == AgentState.NOT_RESPONDING and kept.reason != "retry":
        agent.take_out()
