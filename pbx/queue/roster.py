"""All agents: built from the configuration, restored after a restart, kept in step with phones and other calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Protocol

from pbx.clock import Clock
from pbx.config import Config
from pbx.config_queue import members_of
from pbx.events import AgentStateChanged, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.queue.agent import Agent, AgentState
from pbx.queue.restoring import Stored, restore
from pbx.queue.strategy import Dispatcher
from pbx.queue.wrapup import WrapUps

RETRY_PAUSE_S = (
    3.0  # after a missed offer that does not take the agent out: a phone that refuses at once must not be hammered
)


RECHECK_S = 60.0  # a phone that was silent is given an offer again, unless it showed before that it lives
LINE_CALLEE = "agent-line"  # called party of the calls that keep a persistent line; they make no agent busy
UNRUNG = frozenset({AgentState.RESERVED, AgentState.CALLBACK_PREVIEW})
OFFERED = frozenset({AgentState.RESERVED, AgentState.RINGING})


class Vanishing(Protocol):
    """An offer that can be told that the phone is gone."""

    def vanish(self) -> None: ...


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
        lines: Container[str] = (),
    ) -> None:
        """`registered` tells whether an agent can be reached; registrations do not concern those in `lines`."""
        self._config = config
        self._bus = bus
        self._clock = clock
        self._dispatcher = dispatcher
        self._wrapups = wrapups
        self._registered = registered
        self._lines = lines
        self._rechecks: dict[str, asyncio.TimerHandle] = {}
        self._pauses: dict[str, asyncio.TimerHandle] = {}
        self._unsubscribe: list[Callable[[], None]] = []
        self._calling: dict[str, Agent] = {}  # call id: the agent who dialled it
        self._held: dict[str, set[str]] = {}  # call id: legs that hold
        self.legs: dict[tuple[str, str], Agent] = {}  # (call, leg) that rings at an agent, a queue's offer or not
        self.talking: dict[str, Agent] = {}  # call id: who serves it
        self.listeners: list[Callable[[Agent, str, float], None]] = []  # (agent, previous state, its seconds)
        self.offers: dict[str, Vanishing] = {}  # by extension: what it is offered now
        self.agents = {
            extension: Agent(extension, name, clock, self._changed) for extension, name in _people(config).items()
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

    def meet(self, config: Config) -> list[Agent]:
        """Takes in who is an agent from now on, and gives names; returns the new ones, whom nobody knows yet."""
        self._config = config
        people = self.rename(config)
        new = [
            Agent(extension, name, self._clock, self._changed)
            for extension, name in people.items()
            if extension not in self.agents
        ]
        self.agents.update({agent.extension: agent for agent in new})
        return new

    def rename(self, config: Config) -> dict[str, str]:
        """Agents are called as they are from now on; gives the names of all by extension."""
        people = _people(config)
        for extension, name in people.items():
            if extension in self.agents:
                self.agents[extension].name = name
        return people

    def welcome(self, agent: Agent) -> None:
        """A new agent who is in the queues that list him begins as after a start."""
        initial = {entry.extension: entry.initial_state for entry in self._config.agent}
        agent.set_registered(self._registered(agent.extension))
        restore(agent, None, initial.get(agent.extension, "offline"), self._bus)

    def strangers(self) -> list[Agent]:
        """Those who are in no queue, team or [[agent]] any more."""
        known = _people(self._config)
        return [agent for agent in self.agents.values() if agent.extension not in known]

    def drop(self, agent: Agent) -> None:
        """He is no agent any more."""
        self._forget_pause(agent)
        self._forget_recheck(agent.extension)
        self.agents.pop(agent.extension, None)

    def on_call(self, agent: Agent, call_id: str, leg: str, *, outbound: bool = False) -> None:
        """A new agent who is in a call that no queue gave."""
        if leg == "a":
            self._calling[call_id] = agent
        else:
            self.legs[call_id, leg] = agent
        agent.set_busy(call_id, leg, True, outbound=outbound)

    def start(self, stored: Mapping[str, Stored]) -> None:
        """Takes up what agents had chosen before the restart (else their initial state), and begins to listen."""
        self._unsubscribe = [
            self._bus.subscribe(RegistrationChanged, self._registration_changed),
            *(self._bus.subscribe(CallEvent, handler, (kind,)) for kind, handler in self._handlers.items()),
        ]
        initial = {entry.extension: entry.initial_state for entry in self._config.agent}
        for extension, agent in self.agents.items():
            agent.set_registered(self._registered(extension))
            restore(agent, stored.get(extension), initial.get(extension, "offline"), self._bus)

    def stop(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        for timer in (*self._pauses.values(), *self._rechecks.values()):
            timer.cancel()
        self._pauses.clear()
        self._rechecks.clear()
        self._wrapups.close()

    def missed(self, agent: Agent, reason: str, limit: int) -> None:
        """The agent did not take an offer."""
        agent.miss(reason, limit)
        if agent.paused:
            loop = asyncio.get_running_loop()
            self._forget_pause(agent)
            self._pauses[agent.extension] = loop.call_later(RETRY_PAUSE_S, self._pause_over, agent)

    def silent(self, agent: Agent) -> None:
        """The phone did not answer at all: nothing is offered until it shows that it lives, or for a while."""
        agent.set_registered(False)
        self._forget_recheck(agent.extension)
        loop = asyncio.get_running_loop()
        self._rechecks[agent.extension] = loop.call_later(RECHECK_S, self.alive, agent)

    def alive(self, agent: Agent) -> None:
        """The phone may be reached again: the registrar knows."""
        self._forget_recheck(agent.extension)
        agent.set_registered(self._registered(agent.extension))

    def reachable(self, extension: str, reachable: bool) -> None:
        """The line of an agent without a phone came or went."""
        agent = self.agents[extension]
        agent.set_registered(reachable)
        if not reachable:
            self._vanished(agent)

    def by_state(self, extensions: Iterable[str] | None = None) -> dict[str, int]:
        """How many agents are in each state, zeros included; of all agents unless `extensions` names some."""
        counts = {state.value: 0 for state in AgentState}
        for extension in self.agents if extensions is None else extensions:
            counts[self.agents[extension].state.value] += 1
        return counts

    # -- changes of state ------------------------------------------------------------------------------------------

    def _changed(self, agent: Agent, previous: str, previous_s: float, reason: str) -> None:
        code = ""
        if previous == AgentState.WRAPUP:
            code = self._wrapups.forget(agent, previous_s)
            code = code or (reason if agent.state is not AgentState.BREAK else "")
        for listener in self.listeners:
            listener(agent, previous, previous_s)
        self._bus.publish(
            AgentStateChanged(
                agent.extension, agent.state.value, previous, agent.since_unix, previous_s, reason, agent.call_id, code
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
        if agent is None or event.extension in self._lines:
            return
        if event.registered:
            self._forget_recheck(event.extension)
            agent.set_registered(True)
        elif not self._registered(event.extension):
            agent.set_registered(False)
            self._vanished(agent)

    def _vanished(self, agent: Agent) -> None:
        """Whom the phone rang for is offered on at once."""
        if agent.state in OFFERED and agent.extension in self.offers:
            self.offers[agent.extension].vanish()

    def _forget_recheck(self, extension: str) -> None:
        timer = self._rechecks.pop(extension, None)
        if timer is not None:
            timer.cancel()

    def _call_started(self, event: CallEvent) -> None:
        data = event.data
        direction = data.get("direction")
        if direction == "inbound" or data.get("contact") or data.get("callee") == LINE_CALLEE:
            return  # a trunk may claim any caller number; a callback is an offer, a line waits for offers
        agent = self.agents.get(data.get("caller", ""))
        if agent is not None:
            self._calling[event.call_id] = agent
            if agent.extension in self._rechecks:
                self.alive(agent)
            agent.set_busy(event.call_id, "a", True, outbound=direction == "outbound")

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
        if agent is not None and agent.call_id == event.call_id and agent.state in UNRUNG:
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


def _people(config: Config) -> dict[str, str]:
    """Names by extension: of all agents, those without an [[agent]] of their own too."""
    names = {entry.extension: entry.name for entry in config.agent}
    members = [one for team in config.team for one in team.members]
    members += [one for queue in config.queue for one in members_of(queue, config.team)]
    people = {extension: names.get(extension, "") for extension in (*names, *members)}
    for phone in config.extension:  # as his phone is called, unless his [[agent]] says otherwise
        if people.get(phone.number) == "":
            people[phone.number] = phone.name
    return people
