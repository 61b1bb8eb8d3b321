"""All agents: built from the configuration, restored after a restart, kept in step with phones and other calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from pbx.clock import Clock
from pbx.config import Config
from pbx.events import AgentStateChanged, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.strategy import Dispatcher
from pbx.queue.wrapup import WrapUps

RETRY_PAUSE_S = (
    3.0  # after a missed offer that does not take the agent out: a phone that refuses at once must not be hammered
)


class Stored(Protocol):
    """What the store kept of an agent: the last AgentStateChanged."""

    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Roster:
    """Agents by extension. Each change of state is published and told to the distributor in the same turn."""

    def __init__(
        self,
        config: Config,
        bus: EventBus,
        clock: Clock,
        dispatcher: Dispatcher,
        wrapups: WrapUps,
        registered: Callable[[str], bool],
    ) -> None:
        self._config = config
        self._bus = bus
        self._dispatcher = dispatcher
        self._wrapups = wrapups
        self._registered = registered
        self._pauses: dict[str, asyncio.TimerHandle] = {}
        self._unsubscribe: list[Callable[[], None]] = []
        self._calling: dict[str, Agent] = {}  # call id: the agent who dialled it
        self._held: dict[str, set[str]] = {}  # call id: legs that hold
        self.legs: dict[tuple[str, str], Agent] = {}  # (call, leg) that rings at an agent, a queue's offer or not
        self.talking: dict[str, Agent] = {}  # call id: who serves it
        self.listeners: list[Callable[[Agent, str, float], None]] = []  # (agent, previous state, its seconds)
        names = {entry.extension: entry.name for entry in config.agent}
        extensions = dict.fromkeys([*names, *(name for queue in config.queue for name in queue.agents)])
        self.agents = {
            extension: Agent(extension, names.get(extension, ""), clock, self._changed) for extension in extensions
        }
        self._handlers: dict[Kind, Callable[[CallEvent], None]] = {
            Kind.CALL_STARTED: self._call_started,
            Kind.CALL_ENDED: self._call_ended,
            Kind.LEG_STARTED: self._leg_started,
            Kind.LEG_RINGING: self._leg_ringing,
            Kind.LEG_ENDED: self._leg_ended,
            Kind.TRANSFER_RETURNED: self._transfer_returned,
            Kind.HOLD_STARTED: self._hold_started,
            Kind.HOLD_ENDED: self._hold_ended,
        }

    def start(self, stored: Mapping[str, Stored]) -> None:
        """Takes up what agents had chosen before the restart (else their initial state), and begins to listen."""
        initial = {entry.extension: entry.initial_state for entry in self._config.agent}
        self._unsubscribe = [
            self._bus.subscribe(RegistrationChanged, self._registration_changed),
            *(self._bus.subscribe(CallEvent, handler, (kind,)) for kind, handler in self._handlers.items()),
        ]
        for extension, agent in self.agents.items():
            agent.set_registered(self._registered(extension))
            kept = stored.get(extension)
            state = kept.state if kept is not None else initial.get(extension, "offline")
            reason = kept.reason if kept is not None else ""
            if state == AgentState.OFFLINE:
                continue
            if state == AgentState.BREAK:
                agent.choose(Presence.BREAK, reason)
            else:  # in the middle of a call or without a phone: he had chosen to serve
                agent.choose(Presence.AVAILABLE)
                if state == AgentState.NOT_RESPONDING and reason != "retry":
                    agent.take_out()

    def stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        for timer in self._pauses.values():
            timer.cancel()
        self._pauses.clear()
        self._wrapups.close()

    def missed(self, agent: Agent, reason: str, limit: int) -> None:
        """The agent did not take an offer."""
        agent.miss(reason, limit)
        if agent.paused:
            loop = asyncio.get_running_loop()
            self._forget_pause(agent)
            self._pauses[agent.extension] = loop.call_later(RETRY_PAUSE_S, self._pause_over, agent)

    def by_state(self, extensions: Iterable[str] | None = None) -> dict[str, int]:
        """How many agents are in each state, zeros included; of all agents unless `extensions` names some."""
        counts = {state.value: 0 for state in AgentState}
        for extension in self.agents if extensions is None else extensions:
            counts[self.agents[extension].state.value] += 1
        return counts

    # -- changes of state ------------------------------------------------------------------------------------------

    def _changed(self, agent: Agent, previous: str, previous_s: float, reason: str) -> None:
        if previous == AgentState.WRAPUP:
            self._wrapups.forget(agent)
        for listener in self.listeners:
            listener(agent, previous, previous_s)
        self._bus.publish(
            AgentStateChanged(
                agent.extension, agent.state.value, previous, agent.since_unix, previous_s, reason, agent.call_id
            )
        )
        if agent.state is AgentState.AVAILABLE:
            self._dispatcher.free(agent)
        elif previous == AgentState.AVAILABLE and agent.state is not AgentState.RESERVED:
            self._dispatcher.not_free(agent)

    def _pause_over(self, agent: Agent) -> None:
        self._pauses.pop(agent.extension, None)
        agent.pause_over()

    def _forget_pause(self, agent: Agent) -> None:
        timer = self._pauses.pop(agent.extension, None)
        if timer is not None:
            timer.cancel()

    # -- facts from the bus ----------------------------------------------------------------------------------------

    def _registration_changed(self, event: RegistrationChanged) -> None:
        agent = self.agents.get(event.extension)
        if agent is not None:
            agent.set_registered(event.registered or self._registered(event.extension))

    def _call_started(self, event: CallEvent) -> None:
        data = event.data
        if data.get("direction") == "inbound" or data.get("contact"):
            return  # a trunk may claim any caller number; a callback is an offer
        agent = self.agents.get(data.get("caller", ""))
        if agent is not None:
            self._calling[event.call_id] = agent
            agent.set_busy(event.call_id, "a", True)

    def _call_ended(self, event: CallEvent) -> None:
        self._held.pop(event.call_id, None)
        agent = self._calling.pop(event.call_id, None)
        if agent is not None:
            agent.set_busy(event.call_id, "a", False)

    def _leg_started(self, event: CallEvent) -> None:
        if event.data.get("role") == "agent" or event.data.get("trunk"):
            return
        agent = self.agents.get(event.data.get("target", ""))
        if agent is not None:
            self.legs[event.call_id, event.leg] = agent
            agent.set_busy(event.call_id, event.leg, True)

    def _leg_ringing(self, event: CallEvent) -> None:
        agent = self.legs.get((event.call_id, event.leg))
        if agent is not None and agent.call_id == event.call_id and agent.state is AgentState.RESERVED:
            agent.ring()

    def _leg_ended(self, event: CallEvent) -> None:
        agent = self.legs.pop((event.call_id, event.leg), None)
        if agent is not None:
            agent.set_busy(event.call_id, event.leg, False)

    def _transfer_returned(self, event: CallEvent) -> None:
        """The agent's transfer failed: he talks again to a caller whom his queue counts as served."""
        agent = self.agents.get(event.data.get("extension", ""))
        if agent is not None and (event.call_id, event.leg) not in self.legs:
            self.legs[event.call_id, event.leg] = agent
            agent.set_busy(event.call_id, event.leg, True)

    def _hold_started(self, event: CallEvent) -> None:
        agent = self.talking.get(event.call_id)
        if agent is not None:
            self._held.setdefault(event.call_id, set()).add(event.leg)
            agent.hold()

    def _hold_ended(self, event: CallEvent) -> None:
        legs = self._held.get(event.call_id)
        agent = self.talking.get(event.call_id)
        if legs is None or agent is None:
            return
        legs.discard(event.leg)
        if not legs:
            agent.resume()
