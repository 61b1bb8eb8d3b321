"""Decides for every open item when its customer is called: not before it is due, in his hours, and one call at a time.

Agent-first items that are due wait in their queue's order. Customer-first items that are due are launched, the oldest
first, as far as agents are about to be free. Nothing here is remembered beyond the process: it follows from the book.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.callback.agent_first import AgentFirst, AgentOffer
from pbx.callback.customer_first import CustomerFirst
from pbx.callback.desk import NoRoom
from pbx.callback.due import ON_LINE, Due, Schedule
from pbx.callback.line import PRIORITY_S, Entry, Line
from pbx.callback.pacing import allowed
from pbx.contact.item import ContactItem, ItemState
from pbx.contact.journal import ContactChanged
from pbx.events import AgentStateChanged, CallEvent, Kind

if TYPE_CHECKING:
    from pbx.callback.desk import Desk

log = logging.getLogger("centrala.callback")
LOOK_S = 1.0  # launches are thought over again so often while customers are due and agents are not
LATER_S = 5.0  # when it could not be called just now


class Dialer:
    """`start` takes up the open items of the book; `pause` begins nothing new."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.launched: dict[str, int] = {}  # queue: customers who are called and have not answered
        self._schedule = Schedule(desk)
        self._entries: dict[str, Entry] = {}
        self._look: asyncio.TimerHandle | None = None
        self._talking: dict[str, Entry] = {}  # whose customers are on a call with us, and are due when it ends
        self._stop_hearing: Callable[[], None] | None = None  # of the ends of calls, while there is one
        self._running = False
        self._unsubscribe: list[Callable[[], None]] = []
        self._related = _related(desk)
        self._line = Line(desk)
        desk.finished = self._finished

    def start(self) -> None:
        """Listens, and takes up what is open; after a `pause` as well."""
        bus = self.desk.services.bus
        self._running = True
        self._unsubscribe = self._unsubscribe or [
            bus.subscribe(ContactChanged, lambda event: self.consider(event.item)),
            bus.subscribe(AgentStateChanged, self._agent_moved),
            bus.subscribe(CallEvent, self._joined, (Kind.QUEUE_JOINED,)),
        ]
        for item in self.desk.book.open_items():
            self.consider(item)

    def configure(self, *, anew: bool) -> None:
        """The desk's queues, members or settings are others now; with `anew` every open item is looked at again."""
        for item in self.desk.book.open_items() if anew else ():
            self.consider(item)
        self._related = _related(self.desk)
        self._line.configure(self.desk)
        if self._running:
            self._pump()

    def pause(self) -> None:
        """No further customer is called; those whose phones ring, and talks, go on."""
        self._running = False
        for entry in tuple(self._entries.values()):
            self._rest(entry)

    def stop(self) -> None:
        """Forgets everything; calls that run are ended by the call layer."""
        self.pause()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        self._talking.clear()
        self._deaf()
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self._entries.clear()

    def waiting(self) -> dict[str, dict[str, int]]:
        """Per queue how many items are scheduled for later, due and not called yet, and being called or talking."""
        found = {name: {"scheduled": 0, "due": 0, "under_way": 0} for name in self.desk.queues}
        for entry in self._entries.values():
            state = "under_way" if entry.flying is not None else "scheduled"
            if entry.ready or entry.candidate is not None:
                state = "due"
            found[entry.item.queue][state] += 1
        return found

    def next_try(self, item: ContactItem) -> Due:
        """When the item is to be called, and what it waits for."""
        return self._schedule.when(item, self.desk.services.clock.unix())

    # -- an item ---------------------------------------------------------------------------------------------------

    def consider(self, item: ContactItem) -> None:
        """The item is new, or something about it has changed."""
        entry = self._entries.get(item.id)
        if not (item.is_open and self.desk.is_ours(item)):
            if entry is not None:
                self._drop(entry)
            return
        if entry is None:
            entry = self._entries[item.id] = Entry(item)
        if entry.flying is not None:
            return
        if item.state is not ItemState.OPEN or not self._running:
            self._rest(entry)
            return
        self._plan(entry)

    def _plan(self, entry: Entry, pause_s: float = 0.0) -> None:
        now = self.desk.services.clock.unix()
        due = self._schedule.when(entry.item, now)
        if due.end:
            self._rest(entry)
            self.desk.begin(self._close(entry.item, due))
        elif due.at > now or pause_s:
            self._rest(entry)
            if due.waits_for == ON_LINE:
                self._hear(entry)
            if math.isfinite(due.at):
                self._wake_in(entry, max(due.at - now, pause_s))
        elif entry.customer_first or self.desk.mode_of(entry.item) == "customer_first":
            self._withdraw(entry)
            entry.ready = True
            self._line.put(entry)
            self._pump()
        elif entry.candidate is None:
            entry.ready = False
            self._stop_timer(entry)
            entry.candidate = self._enter(entry)

    def _enter(self, entry: Entry) -> AgentFirst:
        item = entry.item

        def may_call() -> bool:
            now = self.desk.services.clock.unix()
            due = self._schedule.when(item, now)
            return self._running and item.state is ItemState.OPEN and not due.end and due.at <= now

        def gone(winner: AgentOffer | None) -> None:
            candidate, entry.candidate = entry.candidate, None
            entry.customer_first = candidate is not None and candidate.customer_first
            if winner is not None:
                self._fly(entry, winner)
            elif self._entries.get(item.id) is entry and self._running:
                self._wake_in(entry, 0.0 if entry.customer_first else LATER_S)

        return AgentFirst(self.desk, item, may_call, gone)

    def _fly(self, entry: Entry, flight: AgentOffer | CustomerFirst) -> None:
        entry.flying, entry.ready, entry.customer_first = flight, False, False
        self._stop_timer(entry)
        self.desk.lines[entry.item.number] = entry.item.id

    def _finished(self, item: ContactItem, pause_s: float) -> None:
        """The attempt is over and written."""
        if self.desk.lines.get(item.number) == item.id:
            del self.desk.lines[item.number]
        self._schedule.called(item)
        entry = self._entries.get(item.id)
        if entry is not None:
            entry.flying = None
            if pause_s and item.is_open:
                self._plan(entry, pause_s)
            else:
                self.consider(item)
        self._pump()

    async def _close(self, item: ContactItem, due: Due) -> None:
        try:
            await self.desk.book.close(item.id, due.end, "callback", due.reason)
        except Exception as error:
            log.info("contact %s cannot be closed: %s", item.id, error)

    def _hear(self, entry: Entry) -> None:
        """The customer talks with us: the end of his call makes him due in the same turn, so that nobody who came
        later gets his agent.
        """
        self._talking[entry.item.id] = entry
        if self._stop_hearing is None:
            self._stop_hearing = self.desk.services.bus.subscribe(CallEvent, self._call_ended, (Kind.CALL_ENDED,))

    def _call_ended(self, _event: CallEvent) -> None:
        """Some call ended; those who keep account of the lines heard of it before us."""
        talking, self._talking = self._talking, {}
        self._deaf()
        for entry in talking.values():
            if self._entries.get(entry.item.id) is entry:
                self.consider(entry.item)

    def _deaf(self) -> None:
        if self._stop_hearing is not None and not self._talking:
            self._stop_hearing()
            self._stop_hearing = None

    # -- rest, and waking ------------------------------------------------------------------------------------------

    def _wake_in(self, entry: Entry, seconds: float) -> None:
        self._stop_timer(entry)
        loop = asyncio.get_running_loop()
        entry.timer = loop.call_later(min(max(seconds, 0.0), 86_400.0), self._wake, entry)

    def _wake(self, entry: Entry) -> None:
        entry.timer = None
        if self._entries.get(entry.item.id) is entry:
            self.consider(entry.item)

    def _rest(self, entry: Entry) -> None:
        """Not now: neither in the order nor to be launched."""
        entry.ready = False
        self._withdraw(entry)
        self._stop_timer(entry)

    def _withdraw(self, entry: Entry) -> None:
        candidate, entry.candidate = entry.candidate, None
        if candidate is not None:
            candidate.leave()

    def _stop_timer(self, entry: Entry) -> None:
        if entry.timer is not None:
            entry.timer.cancel()
            entry.timer = None

    def _drop(self, entry: Entry) -> None:
        """Closed, or not ours any more: a customer whose phone rings is let alone, a talk goes on."""
        self._rest(entry)
        if entry.flying is not None:
            entry.flying.give_up()
        del self._entries[entry.item.id]

    # -- customer first --------------------------------------------------------------------------------------------

    def _agent_moved(self, _event: AgentStateChanged) -> None:
        if self._look is not None:  # somebody is due: in the next turn, when the distributor has done its part
            self._look.cancel()
            self._look = asyncio.get_running_loop().call_soon(self._looked)  # type: ignore[assignment]

    def _looked(self) -> None:
        self._look = None
        self._pump()

    def _pump(self) -> None:
        """Launches what agents about to be free can take, the oldest first over all queues."""
        if not self._running:
            return
        full: set[str] = set()
        while (entry := self._line.head(full)) is not None:
            if not self._room(entry.item):
                full.update(self._related[entry.item.queue])
            else:
                self._launch(entry)
        if self._look is None and full:
            self._look = asyncio.get_running_loop().call_later(LOOK_S, self._looked)

    def _room(self, item: ContactItem) -> bool:
        """Whether an agent is about to be free for this customer, after those who wait for longer."""
        desk, queue = self.desk, item.queue
        rank_s = desk.since_s(item) - PRIORITY_S * item.priority
        related = self._related[queue]
        within_s = desk.reach[queue].expected_s
        count = allowed(
            free=desk.offers.free_agents(queue),
            soon_free=desk.offers.soon_free(queue, within_s),
            weight=desk.caution[queue].weight,
            ahead=sum(desk.offers.older(name, rank_s) for name in related),
            launched=sum(self.launched.get(name, 0) for name in related),
        )
        return count > 0

    def _launch(self, entry: Entry) -> None:
        item, now = entry.item, self.desk.services.clock.unix()
        due = self._schedule.when(item, now)
        if due.end or due.at > now:
            self._plan(entry)
            return
        queue = item.queue

        def landed() -> None:
            self.launched[queue] -= 1

        self.launched[queue] = self.launched.get(queue, 0) + 1
        try:
            flight = CustomerFirst(self.desk, item, landed)
        except NoRoom:
            self.launched[queue] -= 1
            self._rest(entry)
            self._wake_in(entry, LATER_S)
            return
        self._fly(entry, flight)

    # -- the customer rings us -------------------------------------------------------------------------------------

    def _joined(self, event: CallEvent) -> None:
        """A caller waits in a queue: if we are about to call him, we do not."""
        if not self._entries:
            return
        call = self.desk.services.running.calls.get(event.call_id)
        if call is None or call.setup.contact:
            return
        for item in self.desk.book.of_number(call.caller):
            entry = self._entries.get(item.id)
            if entry is None:
                continue
            if entry.flying is not None:
                entry.flying.give_up()
            else:
                self._rest(entry)
                self._hear(entry)
                self._wake_in(entry, LATER_S)


def _related(desk: Desk) -> dict[str, frozenset[str]]:
    """For each queue those that share agents with it, itself included."""
    members = {name: frozenset(agents) for name, agents in desk.members.items()}
    return {
        name: frozenset(other for other, theirs in members.items() if other == name or theirs & agents)
        for name, agents in members.items()
    }
