"""The clock of the open items: deadlines that pass are told, claims that nobody finished end, doubts are resolved.

One timer, for the earliest instant of all items: a heap of (instant, item), in which an entry is only a reminder to
look at the item again. Instants are UTC seconds; the clock is looked at once a minute at least, so that one that was
set is noticed.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable

from pbx.contact.book import ContactBook, ContactError
from pbx.contact.item import ContactItem, ItemState, WrongState
from pbx.contact.journal import ContactChanged
from pbx.events import Alarm, EventBus, Kind

log = logging.getLogger("centrala.contact")

LOOK_S = 60.0
RETRY_S = 5.0
PRUNE_S = 3600.0
ALARM = "contacts_sla"
DAY_S = 86_400.0

Prune = Callable[[float], Awaitable[int]]


class Deadlines:
    """`prune(before)` deletes items that were closed before and returns how many."""

    def __init__(self, bus: EventBus, book: ContactBook, prune: Prune | None = None) -> None:
        self._bus = bus
        self._book = book
        self._prune = prune
        self._heap: list[tuple[float, str]] = []
        self._late: dict[str, ContactItem] = {}  # older than an agreement allows
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._prune_at = 0.0

    def start(self) -> None:
        """Listens, and looks at every open item."""
        self._unsubscribe = self._bus.subscribe(ContactChanged, self._changed)
        for item in self._book.open_items():
            self._remind(item)
            if self._is_late(item):
                self._late[item.id] = item
        if self._late:
            self._tell_alarm(True)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def look_again(self) -> None:
        """Deadlines have changed: every open item is looked at anew."""
        self._heap.clear()
        for item in self._book.open_items():
            self._remind(item)

    async def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    @property
    def late(self) -> int:
        """Open items that are older than the first of `contacts.sla_s`, or of their own promise's breach."""
        return len(self._late)

    # -- reminders -----------------------------------------------------------------------------------------------

    def _changed(self, event: ContactChanged) -> None:
        item = event.item
        if item.is_open:
            self._remind(item)
        elif self._late.pop(item.id, None) is not None and not self._late:
            self._tell_alarm(False)

    def _remind(self, item: ContactItem) -> None:
        at = self._next(item)
        if at:
            heapq.heappush(self._heap, (at, item.id))
            if self._heap[0][0] == at:
                self._wake.set()

    def _next(self, item: ContactItem) -> float:
        """When to look at the item again; 0 for never."""
        settings = self._book.settings
        instants = [at for at, _name in self._deadlines(item) if at > item.breached]
        if item.state is ItemState.CLAIMED:
            instants.append(item.claimed + settings.claim_s)
        elif item.state is ItemState.IN_DOUBT:
            instants.append(self._doubt_ends(item))
        return min(instants, default=0.0)

    def _deadlines(self, item: ContactItem) -> list[tuple[float, str]]:
        """Every instant until which the item should have been answered, in order, with its name."""
        found = [(item.since + age_s, f"{age_s:g} s") for age_s in self._book.settings.sla_s]
        if item.promise:
            found.append((item.promise, "promise"))
        return sorted(found)

    def _doubt_ends(self, item: ContactItem) -> float:
        began = item.attempts[-1].at if item.attempts else item.created
        return began + self._book.settings.doubt_window_s

    # -- the clock -----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            now = self._book.clock.unix()
            wait_s = LOOK_S if not self._heap else min(max(self._heap[0][0] - now, 0.0), LOOK_S)
            if wait_s > 0.0:
                try:
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                self._wake.clear()
            try:
                await self._look()
            except RuntimeError as error:  # what the store raises
                log.warning("deadlines of contacts could not be noted and are tried again: %s", error)
                await asyncio.sleep(RETRY_S)

    async def _look(self) -> None:
        """Does what is due. What the store refuses is put back before it is raised."""
        now = self._book.clock.unix()
        while self._heap and self._heap[0][0] <= now:
            at, name = heapq.heappop(self._heap)
            item = self._book.peek(name)
            if item is None:
                continue
            try:
                await self._judge(item, now)
            except (WrongState, ContactError):  # it moved in this very moment, and told so
                pass
            except RuntimeError:
                heapq.heappush(self._heap, (at, name))
                raise
        if self._prune is not None and now >= self._prune_at:
            while await self._prune(now - self._book.settings.retention_days * DAY_S):
                pass
            self._prune_at = now + PRUNE_S

    async def _judge(self, item: ContactItem, now: float) -> None:
        if item.state is ItemState.CLAIMED and item.claimed + self._book.settings.claim_s <= now:
            await self._book.release(item.id, "rule", "claim_s")
        elif item.state is ItemState.IN_DOUBT and self._doubt_ends(item) <= now:
            await self._book.release(item.id, "rule", "doubt_window_s")
        passed = [(at, name) for at, name in self._deadlines(item) if item.breached < at <= now]
        if passed:
            await self._breach(item, passed, now)

    async def _breach(self, item: ContactItem, passed: list[tuple[float, str]], now: float) -> None:
        latest = passed[-1][0]

        def change(draft: ContactItem) -> None:
            draft.breached = latest

        def tell(item: ContactItem) -> None:
            for _at, name in passed:
                self._book.journal.tell(
                    item, Kind.CONTACT_BREACHED, deadline=name, owner=item.owner, open_s=round(now - item.since, 3)
                )

        await self._book.change(item.id, change, tell)
        if self._is_late(item) and item.id not in self._late:
            self._late[item.id] = item
            if len(self._late) == 1:
                self._tell_alarm(True)

    def _is_late(self, item: ContactItem) -> bool:
        ages = self._book.settings.sla_s
        return bool(ages) and item.breached >= item.since + min(ages)

    def _tell_alarm(self, active: bool) -> None:
        if active:
            ages, worst = self._book.settings.sla_s, min(self._late.values(), key=lambda item: item.since)
            text = (
                f"a contact is older than {min(ages, default=0):g} s (contacts.sla_s); the oldest is owned by "
                f"{worst.owner or 'nobody'}: `centrala contacts list --overdue` shows them; call these customers, "
                "let the PBX do it (queue.callback.on), or sign more agents in"
            )
        else:
            text = "no contact is older than agreed any more"
        self._bus.publish(Alarm(ALARM, text, active, self._book.clock.unix()))
