"""The tiles of a wallboard: what waits now and how today went, for each queue and for all together.

Counted are the queues' own counters less what they stood at at midnight, and what the database has of today before this
process began. Looked at once a second at most, and only while somebody watches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.app.live_sources import Mark, _Source, unix_offset
from pbx.contact.item import ItemKind
from pbx.contact.journal import ContactChanged
from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.live.topics import Row, Topic
from pbx.reporting.intervals import Interval
from pbx.reporting.queries import queue_figures
from pbx.reporting.service_level import Counts, Formula, service_level

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx
    from pbx.queue.queue import Queue

log = logging.getLogger("centrala.live")
ALL = "*"  # the id of the row of all queues
EVERY_S = 1.0
ASKED = frozenset({ItemKind.CALLBACK, ItemKind.WIDGET})
KINDS = frozenset(
    {Kind.QUEUE_JOINED, Kind.QUEUE_ANSWERED, Kind.QUEUE_ABANDONED, Kind.QUEUE_LEFT, Kind.CALL_STARTED, Kind.CALL_ENDED}
)


@dataclass(slots=True)
class Sums:
    offered: int = 0
    answered: int = 0
    answered_in_time: int = 0
    abandoned: int = 0
    short_abandoned: int = 0

    def plus(self, other: Sums, sign: int = 1) -> Sums:
        return Sums(*(max(0, getattr(self, name) + sign * getattr(other, name)) for name in Sums.__slots__))


class TodayRows(_Source):
    """A Source. `midnight` keeps the counters of the day's first instant, watched or not: one timer a day."""

    topic = Topic.TODAY

    def __init__(self, app: Pbx) -> None:
        super().__init__(app)
        self._zone = ZoneInfo(app.config.server.timezone)
        self._before: dict[str, Sums] = {}  # of today, of earlier processes
        self._read_for = ""  # the day that `_before` is of
        self._began: dict[str, Sums] = {}  # the counters at midnight
        self._mark: Mark = lambda _name: None
        self._later: asyncio.TimerHandle | None = None
        self._promise: asyncio.TimerHandle | None = None
        self._midnight: asyncio.TimerHandle | None = None
        self._reading: asyncio.Task[None] | None = None
        self._offset = 0.0

    # -- the day -------------------------------------------------------------------------------------------------

    def watch_midnight(self) -> None:
        """From the start of the process on."""
        now = self.app.clock.unix()
        left_s = max(1.0, _midnight(now, self._zone, 1) - now)
        self._midnight = asyncio.get_running_loop().call_later(left_s, self._new_day)

        self.app.ledger.lost_money.told = self._changed

    def close(self) -> None:
        """The process stops."""
        self.app.ledger.lost_money.told = lambda: None
        for handle in (self._midnight, self._later, self._promise):
            if handle is not None:
                handle.cancel()
        if self._reading is not None:
            self._reading.cancel()

    def _new_day(self) -> None:
        self._began = {name: _sums(queue) for name, queue in self.app.queues.queues.items()}
        self._before = {}
        self._read_for = self._day()
        self.watch_midnight()
        self._changed()

    def _day(self) -> str:
        return datetime.fromtimestamp(self.app.clock.unix(), self._zone).date().isoformat()

    async def _read(self, day: str) -> None:
        start, end = _midnight(self.app.clock.unix(), self._zone, 0), self.app.started_at
        if end > start:
            queues = self.app.config.queue
            limits = {queue.name: (queue.service_level_s, queue.short_abandon_s) for queue in queues}
            interval = Interval(day, round(start * 1e6), round(end * 1e6))
            try:
                found = await self.app.store.durable(lambda connection: queue_figures(connection, interval, limits))
            except Exception as error:
                log.warning("today's figures of before the start cannot be read: %s", error)
                return
            self._before = {
                each.queue: Sums(
                    each.offered,
                    each.counts.answered,
                    each.counts.answered_in_time,
                    each.counts.abandoned,
                    each.counts.abandoned_short,
                )
                for each in found
            }
        self._read_for = day
        self._changed()

    # -- Source --------------------------------------------------------------------------------------------------

    def begin(self, mark: Mark) -> None:
        self._mark, self._offset = mark, unix_offset(self.app)
        for event in (AgentStateChanged, ContactChanged):
            self.listen(event, self._changed)
        self.listen(CallEvent, self._changed, KINDS)
        if self._read_for != self._day():
            self._reading = asyncio.get_running_loop().create_task(self._read(self._day()))

    def end(self) -> None:
        super().end()
        self._mark = lambda _name: None
        for handle in (self._later, self._promise):
            if handle is not None:
                handle.cancel()
        self._later = self._promise = None

    def rows(self) -> Mapping[str, Row]:
        found = {name: Row(self._value([queue]), name) for name, queue in self.app.queues.queues.items()}
        return {**found, ALL: Row(self._value(list(self.app.queues.queues.values()), total=True))}

    def row(self, name: str) -> Row | None:
        if name == ALL:
            return Row(self._value(list(self.app.queues.queues.values()), total=True))
        queue = self.app.queues.queues.get(name)
        return Row(self._value([queue]), name) if queue is not None else None

    # -- parts ---------------------------------------------------------------------------------------------------

    def _changed(self, _event: object = None) -> None:
        if self._later is None and self._unsubscribe:
            self._later = asyncio.get_running_loop().call_later(EVERY_S, self._tell)

    def _tell(self) -> None:
        self._later = None
        for name in self.app.queues.queues:
            self._mark(name)
        self._mark(ALL)

    def _value(self, queues: list[Queue], *, total: bool = False) -> dict[str, Any]:
        sums, names = Sums(), {queue.name for queue in queues}
        for queue in queues:
            today = _sums(queue).plus(self._began.get(queue.name, Sums()), -1)
            sums = sums.plus(today).plus(self._before.get(queue.name, Sums()))
        joined = [stay.joined for queue in queues for stay in queue.waiting.values()]
        agents: dict[str, int] = {}
        for agent in {agent.extension: agent for queue in queues for agent in queue.agents}.values():
            agents[agent.state.value] = agents.get(agent.state.value, 0) + 1
        counts = Counts(sums.answered, sums.abandoned, sums.answered_in_time, 0, sums.short_abandoned)
        value: dict[str, Any] = {
            "waiting": len(joined),
            "oldest": round(min(joined) + self._offset, 3) if joined else None,
            "agents": agents,
            "offered": sums.offered,
            "answered": sums.answered,
            "abandoned": sums.abandoned,
            "service_level": {
                formula.value: _rounded(service_level(counts, formula)) for formula in (Formula.SL3, Formula.SL6)
            },
            **self._owed(names, total),
        }
        if total:
            trunks = self.app.calls.services.carriers.now()
            value["trunks"] = {
                "calls": sum(each.calls for each in trunks),
                "max_calls": sum(each.max_calls for each in trunks),
            }
            lost = self.app.ledger.lost_money.value
            if lost is not None:
                value["lost_money"] = {"amount": lost.amount, "currency": lost.currency}
        return value

    def _owed(self, queues: set[str], total: bool) -> dict[str, int]:
        """Contacts that are open: of today's misses, of callbacks, and those whose promise is over."""
        now = self.app.clock.unix()
        midnight = _midnight(now, self._zone, 0)
        missed = callbacks = overdue = 0
        for item in self.app.contacts.book.open_items():
            if not total and item.queue not in queues:
                continue
            if item.kind in ASKED:
                callbacks += 1
            elif item.since >= midnight:
                missed += 1
            if item.promise:
                overdue += item.promise <= now
                if item.promise > now:
                    self._look_at(item.promise - now)
        return {"missed_open": missed, "callbacks": callbacks, "overdue": overdue}

    def _look_at(self, left_s: float) -> None:
        """A promise ends without an event."""
        loop = asyncio.get_running_loop()
        at = loop.time() + left_s + 0.01
        if self._promise is not None and not self._promise.cancelled() and loop.time() < self._promise.when() <= at:
            return
        if self._promise is not None:
            self._promise.cancel()
        self._promise = loop.call_at(at, self._changed)


def _sums(queue: Queue) -> Sums:
    return Sums(queue.offered, queue.answered, queue.answered_in_time, queue.abandoned, queue.short_abandoned)


def _midnight(now: float, zone: ZoneInfo, days: int) -> float:
    """UTC seconds of the beginning of the day `days` after that of `now`."""
    day = datetime.fromtimestamp(now, zone).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
