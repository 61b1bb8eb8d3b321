"""The queues of this node: callers join, agents are moved, and everybody may look."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.events import Kind
from pbx.queue.agent import Agent, AgentState, Presence
from pbx.queue.item_offers import ItemOffers
from pbx.queue.memory import Memory
from pbx.queue.pacing import Pacing
from pbx.queue.phrases import texts_to_preload
from pbx.queue.promise import Promises
from pbx.queue.queue import Queue, QueueSnapshot
from pbx.queue.roster import Roster, Stored
from pbx.queue.strategy import Dispatcher
from pbx.queue.waiting import QueueResult, Waiting
from pbx.queue.wrapup import WrapUps

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.services import Services

CLOSED: dict[str, str] = {
    "pl": "W tej chwili nie możemy odebrać połączenia. Prosimy zadzwonić później.",
    "ru": "Сейчас мы не можем ответить на ваш звонок. Пожалуйста, позвоните позже.",
    "en": "We cannot take your call right now. Please call again later.",
}


class QueueError(LookupError):
    """A queue, agent or state that is not there; the text names the remedy."""


@dataclass(slots=True, frozen=True)
class AgentSnapshot:
    """An agent at one instant; `next_state` is what was chosen for afterwards, "" for nothing."""

    extension: str
    name: str
    state: str
    since_s: float  # in this state
    reason: str
    next_state: str
    queues: list[str]
    call_id: str
    wrapup_left_s: float
    missed_offers: int  # in a row
    calls: int  # answered since the start


class QueueService:
    """Built by the composition root; sets `services.queues` to itself. Use: `start`, `join` from applications,
    `stop`.
    """

    def __init__(self, services: Services) -> None:
        config = services.config
        self.services = services
        self.dispatcher = Dispatcher()
        self.wrapups = WrapUps()
        self.pacing = Pacing(services.clock, self.wrapups)
        self.roster = Roster(
            config, services.bus, services.clock, self.dispatcher, self.wrapups, services.registrar.registered
        )
        self.queues: dict[str, Queue] = {}
        for entry in config.queue:
            agents = [self.roster.agents[extension] for extension in dict.fromkeys(entry.agents)]
            self.queues[entry.name] = Queue(entry, self.dispatcher.add_queue(entry.name, entry.strategy), agents)
        for agent in self.roster.agents.values():
            self.dispatcher.add_agent(agent, [queue.index for queue in self.queues.values() if agent in queue.agents])
        self._unaccounted: dict[str, tuple[Queue, float]] = {}  # agent in wrap-up: (queue, seconds talked)
        self.roster.listeners += [self._agent_moved, self.pacing.moved]
        self.promises = Promises(self.queues, self.dispatcher, self.pacing, services.clock)
        self.memory = Memory(self.queues, services.keeper)
        self.items = ItemOffers(self)
        services.queues = self

    def start(self, stored: Mapping[str, Stored] | None = None) -> None:
        """Restores the agents (`stored` by extension, as the store loads them) and begins to listen."""
        self.memory.start()
        self.roster.start(stored or {})

    def stop(self) -> None:
        """Stops timers and listening; callers who still wait are ended by the call layer."""
        self.memory.stop()
        self.roster.stop()

    # -- callers ---------------------------------------------------------------------------------------------------

    async def join(self, call: Call, name: str, *, max_wait_s: float | None = None) -> QueueResult:
        """The caller waits in queue `name` and talks to an agent; returns when the agent hung up, or why nobody
        answered.

        Answers the call first. `max_wait_s` overrides the queue's (0: no limit). Raises QueueError for an unknown
        queue.
        The caller's hang-up cancels it like everything else in a call.
        """
        queue = self.queues.get(name)
        if queue is None:
            raise QueueError(f"there is no queue {name!r}; queues: {', '.join(sorted(self.queues)) or 'none'}")
        await call.answer()
        queue.offered += 1
        refusal = queue.refusal()
        if refusal:
            queue.count_left(refusal, 0.0)
            call.emit(Kind.QUEUE_LEFT, queue=name, wait_s=0.0, reason=refusal)
            return QueueResult(refusal, 0.0)
        return await Waiting(self, queue, call).run(queue.config.max_wait_s if max_wait_s is None else max_wait_s)

    def application(self, name: str) -> Callable[[Call], Awaitable[None]] | None:
        """The application "queue:<name>": whoever is not served is told so before the call ends."""
        if name not in self.queues:
            return None

        async def run(call: Call) -> None:
            result = await self.join(call, name)
            if result.outcome != "answered":
                await self.turn_away(call)

        return run

    async def turn_away(self, call: Call) -> None:
        """Tells a caller who was not served that nobody can answer now."""
        await call.say(CLOSED)

    def texts(self) -> list[tuple[str, str]]:
        """(text, language) of everything that waiting callers often hear, for preloading."""
        language = self.services.config.server.language
        flows = {flow.language for flow in self.services.config.flow if flow.language}
        found: list[tuple[str, str]] = []
        for spoken in sorted({language, *flows}):
            for queue in self.queues.values():
                found += [(text, spoken) for text in texts_to_preload(queue.config, spoken)]
            found.append((CLOSED[spoken], spoken))
        return list(dict.fromkeys(found))

    def talk_over(self, queue: Queue, call_id: str, agent: Agent, talk_s: float) -> None:
        """The bridge of `agent` ended: wrap-up begins, and with its end the handling time is known."""
        self.roster.talking.pop(call_id, None)
        self._unaccounted[agent.extension] = (queue, talk_s)
        self.pacing.talk_ended(queue, agent, talk_s)
        self.wrapups.start(agent, queue.config.wrapup_s)

    def soon_free(self, queue: str, within_s: float) -> float:
        """How many agents of `queue` are expected to be free within `within_s` seconds: see pbx.queue.pacing."""
        return self.pacing.soon_free(self.queues[queue], within_s)

    # -- agents ----------------------------------------------------------------------------------------------------

    def agent(self, extension: str) -> Agent:
        agent = self.roster.agents.get(extension)
        if agent is None:
            text = f"{extension!r} is no agent; list the extension in [[agent]] or in the agents of a queue"
            raise QueueError(text)
        return agent

    def set_agent(self, extension: str, state: str, reason: str = "") -> str:
        """Moves an agent to "available", "break" or "offline": now, or after the caller being served. Returns the state
        that the agent is in now."""
        agent = self.agent(extension)
        try:
            presence = Presence(state)
        except ValueError:
            raise QueueError(f"an agent cannot be set to {state!r}; use available, break or offline") from None
        agent.choose(presence, reason)
        return agent.state.value

    def clear_next(self, extension: str) -> None:
        """Forgets the state that was chosen for after the call."""
        self.agent(extension).clear_next()

    def finish_wrapup(self, extension: str, code: str = "") -> bool:
        """Ends an agent's wrap-up with a code; False when there is none."""
        return self.wrapups.finish(self.agent(extension), code)

    def _agent_moved(self, agent: Agent, previous: str, previous_s: float) -> None:
        if previous == AgentState.WRAPUP:
            known = self._unaccounted.pop(agent.extension, None)
            if known is not None:
                queue, talk_s = known
                queue.estimator.handled(talk_s + previous_s)
        if agent.state in (AgentState.OFFLINE, AgentState.UNREACHABLE):
            for queue in self.queues.values():
                if queue.waiting and agent in queue.agents and queue.empty:
                    for stay in tuple(queue.waiting.values()):
                        stay.leave("no_agents")

    # -- looking ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> list[QueueSnapshot]:
        return [queue.snapshot() for queue in self.queues.values()]

    def agents(self) -> list[AgentSnapshot]:
        now = self.services.clock.monotonic()
        return [
            AgentSnapshot(
                extension=agent.extension,
                name=agent.name,
                state=agent.state.value,
                since_s=now - agent.since,
                reason=agent.reason if agent.state is AgentState.BREAK else "",
                next_state=agent.next[0].value if agent.next is not None else "",
                queues=[queue.name for queue in self.queues.values() if agent in queue.agents],
                call_id=agent.call_id,
                wrapup_left_s=self.wrapups.left_s(agent),
                missed_offers=agent.missed,
                calls=agent.calls,
            )
            for agent in self.roster.agents.values()
        ]

    def agents_by_state(self) -> dict[str, int]:
        """How many agents are in each state, zeros included."""
        return self.roster.by_state()
