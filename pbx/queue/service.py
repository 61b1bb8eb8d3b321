"""The queues of this node: callers join, agents are moved, and everybody may look."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pbx.config_queue import longest_wait_s, members_of
from pbx.events import CallEvent, Kind
from pbx.queue.agent import Agent, AgentState
from pbx.queue.breaks import Breaks
from pbx.queue.desk import Desk
from pbx.queue.explain import Explainer
from pbx.queue.item_offers import ItemOffers
from pbx.queue.keys import KEY_LEAVE
from pbx.queue.lines import Lines
from pbx.queue.memory import Memory
from pbx.queue.pacing import Pacing
from pbx.queue.phrases import texts_to_preload
from pbx.queue.promise import Promise, Promises
from pbx.queue.queue import Queue, QueueSnapshot
from pbx.queue.reconfigure import Reconfiguration
from pbx.queue.refusal import AgentRefused, QueueError
from pbx.queue.restoring import Stored
from pbx.queue.roster import Roster
from pbx.queue.shifts import Shifts
from pbx.queue.strategy import Change, Dispatcher
from pbx.queue.tally import Tally
from pbx.queue.views import AgentSnapshot, snapshot_of
from pbx.queue.waiting import QueueResult, Waiting
from pbx.queue.wishes import NONE, WishBook, Wishes
from pbx.queue.wrapup import Slip, WrapUps

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.services import Services
    from pbx.contact.ports import Candidate

__all__ = ["AgentRefused", "AgentSnapshot", "QueueError", "QueueResult", "QueueService"]

TOLD_S = 0.001  # a shorter wrap-up was none
UNSERVED = frozenset({"timeout", "full", "no_agents"})  # outcomes of callers who did not go by themselves
CLOSED: dict[str, str] = {
    "pl": "W tej chwili nie możemy odebrać połączenia. Prosimy zadzwonić później.",
    "ru": "Сейчас мы не можем ответить на ваш звонок. Пожалуйста, позвоните позже.",
    "en": "We cannot take your call right now. Please call again later.",
}


class QueueService:
    """Built by the composition root; sets `services.queues` to itself. Use: `start`, `join` from applications,
    `stop`.
    """

    def __init__(self, services: Services) -> None:
        config, keeper = services.config, services.keeper
        self.services = services
        self.tally = Tally(config, services.clock, services.keeper)
        self.wishes = WishBook(config, services.clock, services.keeper)
        self.dispatcher = Dispatcher(config, self.tally.figures, seed=secrets.randbits(63), keeper=keeper)
        self.dispatcher.offered = lambda: services.hasten()
        self.wrapups = WrapUps()
        self.wrapups.noted, self.wrapups.closed = self._noted, self._closed
        self.breaks = Breaks(config.break_reason, services.bus, services.clock)
        self.pacing = Pacing(services.clock, self.wrapups)
        self.lines = Lines(services)
        self.roster = Roster(
            config, services.bus, services.clock, self.dispatcher, self.wrapups, self.lines.reachable, self.lines.agents
        )
        self.desk = Desk(self.roster, self.wrapups, self.breaks, self.lines, keeper)
        self.shifts = Shifts(config, services.dialplan, services.clock, keeper, self.desk.shift_moved)
        self.desk.shifts = self.shifts
        self.queues: dict[str, Queue] = {}
        for entry in config.queue:
            agents = [self.roster.agents[name] for name in members_of(entry, config.team)]
            self.queues[entry.name] = Queue(entry, self.dispatcher.index(entry.name), agents)
        for agent in self.roster.agents.values():
            self.dispatcher.add_agent(agent)
        self.teams = {team.name: [self.roster.agents[name] for name in team.members] for team in config.team}
        self._unaccounted: dict[str, tuple[Queue, float]] = {}  # agent in wrap-up: (queue, seconds talked)
        self.roster.listeners += [
            *(self._agent_moved, self.pacing.moved, self.breaks.moved, self.desk.moved, self.lines.moved),
            *(self.tally.moved, self.dispatcher.agent_moved),
        ]
        self.dispatcher.changed.append(_tell_change)
        self.items = ItemOffers(self)
        self.promises = Promises(self.queues, self.dispatcher, self.pacing, services.clock, self.items.older)
        self.memory = Memory(self.queues, services.keeper)
        self.explainer = Explainer(config, self.dispatcher, services.clock)
        self.reconfiguration = Reconfiguration(self)
        services.queues = self

    def start(self, stored: Mapping[str, Stored] | None = None) -> None:
        """Restores the agents (`stored` by extension, as the store loads them) and begins to listen."""
        self.memory.start()
        self.wishes.start()
        self.tally.start(self.roster.agents)
        self.roster.start(stored or {})
        for agent in self.roster.agents.values():
            if agent.state is AgentState.BREAK:
                self.breaks.watch(agent)
        self.desk.restore()
        self.lines.start(self.roster)
        self.shifts.start()

    def stop(self) -> None:
        """Stops timers and listening; callers who still wait are ended by the call layer."""
        self.memory.stop()
        self.shifts.stop()
        self.breaks.stop()
        self.lines.stop()
        self.tally.stop()
        self.dispatcher.stop()
        self.roster.stop()

    def drain(self) -> None:
        """No new calls come: lines that wait for one are hung up."""
        self.lines.stop()

    # -- callers ---------------------------------------------------------------------------------------------------

    async def join(
        self,
        call: Call,
        name: str,
        *,
        max_wait_s: float | None = None,
        exits: Sequence[str] = (),
        wishes: Wishes = NONE,
    ) -> QueueResult:
        """The caller waits in queue `name` and talks to an agent; returns when the agent hung up, or why nobody
        answered.

        Answers the call first. `max_wait_s` overrides the queue's (0: a day); the keys `exits` leave the queue,
        whatever they do in its configuration; `wishes` are the flow's. Raises QueueError for an unknown queue.
        The caller's hang-up cancels it like everything else in a call.
        """
        queue = self._queue(name)
        await call.answer()
        queue.offered += 1
        refusal = queue.refusal()
        if refusal:
            queue.count_left(refusal, 0.0)
            call.emit(Kind.QUEUE_LEFT, queue=name, wait_s=0.0, reason=refusal)
            return QueueResult(refusal, 0.0)
        keys = {**queue.config.keys, **dict.fromkeys(exits, KEY_LEAVE)}
        stay = Waiting(self, queue, call, keys, self.wishes.of(call, queue.config, wishes))
        return await stay.run(longest_wait_s(max_wait_s, queue.config))

    @staticmethod
    def wish(priority: int, skills: tuple[str, ...], preferred: str) -> Wishes:
        """What a flow asks for a caller: flows know no classes of ours."""
        return Wishes(priority, skills, preferred)

    def application(self, name: str) -> Callable[[Call], Awaitable[None]] | None:
        """The application "queue:<name>": whoever is not served is told so before the call ends."""
        if name not in self.queues:
            return None

        async def run(call: Call) -> None:
            result = await self.join(call, name)
            if result.outcome in UNSERVED:
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
        self.wrapups.start(agent)

    def soon_free(self, queue: str, within_s: float) -> float:
        """How many agents of `queue` are expected to be free within `within_s` seconds: see pbx.queue.pacing."""
        return self.pacing.soon_free(self.queues[queue], within_s)

    def _queue(self, name: str) -> Queue:
        queue = self.queues.get(name)
        if queue is None:
            raise QueueError(f"there is no queue {name!r}; queues: {', '.join(sorted(self.queues)) or 'none'}")
        return queue

    # -- agents ----------------------------------------------------------------------------------------------------

    def agent(self, extension: str) -> Agent:
        return self.desk.agent(extension)

    def set_agent(self, extension: str, state: str, reason: str = "", *, force: bool = False) -> str:
        """Moves an agent to "available", "break" or "offline": now, or after the caller being served. Returns the state
        that the agent is in now."""
        return self.desk.set(extension, state, reason, force=force).state.value

    def clear_next(self, extension: str) -> None:
        """Forgets the state that was chosen for after the call."""
        self.desk.clear_next(extension)

    def finish_wrapup(self, extension: str, code: str = "", note: str = "") -> bool:
        """Ends an agent's wrap-up with a code; False when there is none."""
        return self.desk.finish_wrapup(extension, code, note)

    def _noted(self, agent: Agent, slip: Slip) -> None:
        self._publish(
            Kind.WRAPUP_NOTED, slip.call_id, queue=slip.queue, agent=agent.extension, code=slip.code, note=slip.note
        )

    def _closed(self, agent: Agent, slip: Slip, wrapup_s: float) -> None:
        if wrapup_s >= TOLD_S or slip.code or slip.note:
            self._publish(
                *(Kind.WRAPUP_ENDED, slip.call_id),
                queue=slip.queue,
                agent=agent.extension,
                code=slip.code,
                note=slip.note,
                wrapup_s=wrapup_s,
            )

    def _publish(self, kind: Kind, call_id: str, **data: Any) -> None:
        """A step of a call that may be over."""
        self.services.bus.publish(CallEvent(kind, call_id, "a", self.services.clock.unix(), data))

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
        return [snapshot_of(self, agent) for agent in self.roster.agents.values()]

    def figure(self, name: str, figure: str) -> float | None:
        """What flows may ask of a queue at this instant: "waiting", "agents_free", "promise_s" (the longest wait that
        would be promised to a newcomer; None when nothing can be). KeyError for anything else."""
        queue = self.queues[name]
        if figure == "waiting":
            return len(queue.waiting)
        if figure == "agents_free":
            return sum(agent.state is AgentState.AVAILABLE for agent in queue.agents)
        if figure != "promise_s":
            raise KeyError(figure)
        promise = self.promises.of_newcomer(name)
        return promise.high_s if isinstance(promise, Promise) else None

    def agents_by_state(self) -> dict[str, int]:
        """How many agents are in each state, zeros included."""
        return self.roster.by_state()


def _tell_change(who: Candidate, _queue: str, change: Change) -> None:
    """A listener of the dispatcher; items that wait have no journey of a call to write into."""
    if isinstance(who, Waiting):
        who.changed(change)
