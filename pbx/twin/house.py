"""A day's agents and queues as they are configured, without phones: the real distributor decides who gets whom.

Skills and their levels, penalties, strategies, weights, priorities, relaxing needs, overflow and preferred agents are
those of `core.acd`, which the PBX itself asks. Each offer rings for as long as offers rang on the days that are known,
or is missed as often as they were. Agents have shifts and other work (calls out, callbacks of that day) of their own.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.acd import STRATEGIES, Distributor
from pbx.config import Config
from pbx.config import Queue as QueueConfig
from pbx.config_queue import members_of
from pbx.queue.kinds import NS, Kinds
from pbx.queue.roster import RETRY_PAUSE_S

Span = tuple[float, float]


class Timers(Protocol):
    """An event loop, or what stands for one. Seconds."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[..., object], /, *args: Any) -> Any: ...


class Waiting(Protocol):
    """Whoever waits for an agent."""

    def taken(self) -> float:
        """An agent has answered: for how long he is busy, seconds."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Of one person, seconds from the day's beginning. `like` is the extension whose queues and skills he has; `tasks`
    are (when, seconds) of other work, done as soon as he is free."""

    like: str
    spans: Sequence[Span]
    tasks: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Offers:
    """How offers went: seconds until those that were taken were answered, and the share of those that were missed."""

    rang_s: Sequence[float] = ()
    missed: float = 0.0


@dataclass(eq=False, slots=True)
class _Worker:
    shift: Shift
    index: int
    present: bool = False
    busy: bool = False  # with a caller, a ringing offer, other work
    calls: int = 0
    talked_s: float = 0.0
    tasks: deque[float] = field(default_factory=deque)


@dataclass(slots=True)
class _Entry:
    who: Waiting
    queue: str
    rings: dict[int, _Worker] = field(default_factory=dict)  # by token


class House:
    """One day of it. `begin` is the day's beginning on the timers' clock."""

    def __init__(
        self,
        config: Config,
        shifts: Sequence[Shift],
        offers: Offers,
        timers: Timers,
        dice: random.Random,
        begin: float = 0.0,
    ) -> None:
        self._timers, self._dice, self._offers, self._begin = timers, dice, offers, begin
        self._distributor = Distributor(seed=dice.randrange(1 << 31) + 1)
        self._configs: dict[str, QueueConfig] = {entry.name: entry for entry in config.queue}
        self._numbers = {
            name: self._distributor.add_queue(STRATEGIES[entry.strategy], round(entry.weight * 100))
            for name, entry in self._configs.items()
        }
        self._names = list(self._numbers)
        self._kinds = Kinds(config, self._distributor, self._numbers)
        self._members = {entry.name: members_of(entry, config.team) for entry in config.queue}
        self._waiting: dict[int, _Entry] = {}
        self._matching = self._again = False
        self._due: int | None = None
        self._timer: Any = None
        self.busy_s = 0.0  # with callers, not with other work
        abilities = {entry.extension: entry for entry in config.agent}
        self._workers: list[_Worker] = []
        for shift in shifts:
            ability = abilities.get(shift.like)
            weight = round(ability.weight * 100) if ability is not None else 100
            index = self._distributor.add_agent(self._places(shift.like), self._kinds.ability(ability), weight)
            self._workers.append(_Worker(shift, index))

    def _places(self, agent: str) -> list[tuple[int, int, int]]:
        return [
            (self._numbers[name], members.index(agent), self._configs[name].penalties.get(agent, 0))
            for name, members in self._members.items()
            if agent in members
        ]

    def start(self) -> None:
        """Sets the timers of the day's shifts and of other work."""
        for worker in self._workers:
            for begin, end in worker.shift.spans:
                self._timers.call_at(self._begin + begin, self._comes, worker)
                self._timers.call_at(self._begin + end, self._goes, worker)
            for at, seconds in worker.shift.tasks:
                self._timers.call_at(self._begin + at, self._has_to, worker, seconds)

    # -- agents ----------------------------------------------------------------------------------------------------

    def _comes(self, worker: _Worker) -> None:
        worker.present = True
        if not worker.busy:
            self._rests(worker)
            self.match()

    def _goes(self, worker: _Worker) -> None:
        worker.present = False
        if not worker.busy:
            self._distributor.away(worker.index)

    def _has_to(self, worker: _Worker, seconds: float) -> None:
        worker.tasks.append(seconds)
        if not worker.busy:
            self._rests(worker)

    def _rests(self, worker: _Worker) -> None:
        """He does what else he has to, or is free if he is at work."""
        worker.busy = bool(worker.tasks)
        if worker.tasks:
            self._distributor.away(worker.index)
            self._timers.call_at(self._timers.time() + worker.tasks.popleft(), self._done, worker)
        elif worker.present:
            now_ns = int(self._timers.time() * NS)
            self._distributor.idle(worker.index, now_ns, worker.calls, int(worker.talked_s * NS))
        else:
            self._distributor.away(worker.index)

    def _done(self, worker: _Worker) -> None:
        self._rests(worker)
        self.match()

    # -- callers ---------------------------------------------------------------------------------------------------

    def join(
        self, queue: str, who: Waiting, *, priority: int = 0, skills: Sequence[str] = (), preferred: str = ""
    ) -> int:
        """He waits from now on; the key to `leave` by. An agent may take him before this returns."""
        config, number, now = self._configs[queue], self._numbers[queue], self._timers.time()
        wanted = next((one for one in self._workers if one.shift.like == preferred), None) if preferred else None
        until = config.preferred_grace_s if wanted is not None and wanted.present else 0.0
        key = self._distributor.arrive(
            number,
            int(now * NS),
            rank_ns=int((now - (config.priority + priority) * config.priority_credit_s) * NS),
            plan=self._kinds.plan(queue, skills, self._distributor.waiting(number) if config.overflow else 0),
            preferred=wanted.index if wanted is not None else -1,
            until_ns=int((now + until) * NS) if until else 0,
        )
        self._waiting[key] = _Entry(who, queue)
        self.match()
        return key

    def leave(self, key: int) -> None:
        """He waits no longer; whoever rang for him is free."""
        entry = self._waiting.pop(key, None)
        if entry is None:
            return
        self._distributor.leave(key)
        for worker in entry.rings.values():
            self._rests(worker)
        self.match()

    def waiting(self, queue: str) -> int:
        return self._distributor.waiting(self._numbers[queue])

    def free(self, queue: str) -> int:
        return self._distributor.free_agents(self._numbers[queue])

    def there(self, queue: str) -> int:
        """Agents of the queue who are at work."""
        members = self._members[queue]
        return sum(worker.present and worker.shift.like in members for worker in self._workers)

    def __contains__(self, queue: str) -> bool:
        return queue in self._numbers

    # -- offers ----------------------------------------------------------------------------------------------------

    def match(self) -> None:
        """Makes the offers that are possible now."""
        if self._matching:
            self._again = True
            return
        self._matching = self._again = True
        while self._again:
            self._again = False
            for key, index, token, queue in self._distributor.match(int(self._timers.time() * NS)):
                self._offer(key, self._workers[index], token, self._configs[self._names[queue]])
            self._distributor.changes()
        self._matching = False
        due = self._distributor.next_due()
        if due is not None and due != self._due:
            self._timers.call_at(due / NS + 1e-6, self._time_has_come)
        self._due = due

    def _time_has_come(self) -> None:
        self._due = None
        self.match()

    def _offer(self, key: int, worker: _Worker, token: int, config: QueueConfig) -> None:
        entry = self._waiting.get(key)
        if entry is None:
            self._distributor.decline(token)
            self._rests(worker)
            self._again = True
            return
        worker.busy = True
        entry.rings[token] = worker
        missed = self._dice.random() < self._offers.missed
        rings_s = self._dice.choice(self._offers.rang_s) if self._offers.rang_s else 0.0
        if missed:
            self._timers.call_at(self._timers.time() + config.ring_timeout_s, self._missed, key, worker, token)
        elif rings_s > 0:
            self._timers.call_at(self._timers.time() + rings_s, self._answered, key, worker, token)
        else:
            self._answered(key, worker, token)

    def _missed(self, key: int, worker: _Worker, token: int) -> None:
        entry = self._waiting.get(key)
        if entry is None or entry.rings.pop(token, None) is None:
            return
        self._distributor.decline(token)
        self._timers.call_at(self._timers.time() + RETRY_PAUSE_S, self._done, worker)
        self.match()

    def _answered(self, key: int, worker: _Worker, token: int) -> None:
        entry = self._waiting.get(key)
        if entry is None or token not in entry.rings or self._distributor.accept(token) is None:
            return
        del self._waiting[key]
        del entry.rings[token]
        for other in entry.rings.values():  # the others stop ringing
            self._rests(other)
        seconds = entry.who.taken()
        worker.calls += 1
        worker.talked_s += seconds
        self.busy_s += seconds
        self._timers.call_at(self._timers.time() + seconds, self._done, worker)
        if entry.rings:
            self.match()


def present(shifts: Sequence[Shift], at: float) -> int:
    """How many people are at work then."""
    return sum(any(begin <= at < end for begin, end in shift.spans) for shift in shifts)


def people(shifts: Sequence[Shift], slots: int, slot_s: float) -> list[int]:
    """The same by slot of the day, rounded."""
    seconds = [0.0] * slots
    for shift in shifts:
        for begin, end in shift.spans:
            for slot in range(max(int(begin // slot_s), 0), min(int(-(-end // slot_s)), slots)):
                seconds[slot] += max(min(end, (slot + 1) * slot_s) - max(begin, slot * slot_s), 0.0)
    return [round(one / slot_s) for one in seconds]


def staffed(shifts: Sequence[Shift], members: Sequence[str], counts: Sequence[int], slot_s: float) -> list[Shift]:
    """Other numbers of people by slot among `members`: those who were there stay, others of them come, and where all
    are there, people like them. Who is no member keeps his shift."""
    ours = [shift for shift in shifts if shift.like in members]
    by_like: Mapping[str, Shift] = {shift.like: shift for shift in ours}
    ours += [Shift(name, ()) for name in members if name not in by_like]
    ours += [Shift(members[n % len(members)], ()) for n in range(max(counts, default=0) - len(ours))]
    spans: list[list[Span]] = [[] for _ in ours]
    for slot, count in enumerate(counts):
        begin, end = slot * slot_s, (slot + 1) * slot_s
        order = sorted(range(len(ours)), key=lambda n: (-_overlap(ours[n].spans, begin, end), not spans[n], n))
        for n in order[:count]:
            if spans[n] and spans[n][-1][1] == begin:
                spans[n][-1] = (spans[n][-1][0], end)
            else:
                spans[n].append((begin, end))
    rest = [shift for shift in shifts if shift.like not in members]
    return rest + [Shift(one.like, some, one.tasks if some else ()) for one, some in zip(ours, spans, strict=True)]


def _overlap(spans: Sequence[Span], begin: float, end: float) -> float:
    return sum(max(min(end, last) - max(begin, first), 0.0) for first, last in spans)
