"""The open items: opened, merged, claimed, dialled and closed, each step committed before anybody is told.

A step takes the item's lock, changes a copy, writes it, and makes the copy the item's only after the commit: what the
book shows is what a restart will find. One item per number and queue is reserved in memory before the write, so that
two requests of the same turn meet.
"""

from __future__ import annotations

from collections.abc import Callable

from pbx.clock import Clock
from pbx.config import Config
from pbx.contact.item import Attempt, ContactItem, End, ItemState, OpenRequest, Trigger, WrongState, merge
from pbx.contact.journal import Journal
from pbx.contact.ports import ContactStore
from pbx.contact.shelf import ContactError, Shelf
from pbx.events import EventBus, Kind
from pbx.numbers.plan import NumberPlan

__all__ = ["ContactBook", "ContactError"]

MAX_NUMBER = 64  # characters of a number that is none
MAX_ATTEMPTS = 50  # of one item: whoever tries more often than that is not recorded try by try

Change = Callable[[ContactItem], None]


def _nobody(_number: str) -> bool:
    return False


class ContactBook:
    """`services.contacts`. All methods belong to the event loop's thread; those that write raise what the store
    raises, and then nothing has changed. Callers may be cancelled: a step that was begun is finished all the same.
    """

    def __init__(self, config: Config, bus: EventBus, clock: Clock, store: ContactStore) -> None:
        self.clock = clock
        self.journal = Journal(bus, clock)
        self.refused = 0  # for want of room, since the start
        self.on_line: Callable[[str], bool] = _nobody  # whether a call with a number runs: then nobody should dial it
        self._store = store
        self._shelf = Shelf()
        self.configure(config)

    def configure(self, config: Config) -> None:
        """From now on as `config` says. Items that are open keep their numbers as they were read."""
        self.settings = config.contacts
        self._plan = NumberPlan(config.numbering.country)

    async def start(self) -> None:
        """Restores the open items. Those whose attempt was under way are in doubt from now on."""
        for item in self._store.load():
            self._shelf.enter(item)
        for item in self._shelf.all():
            if item.state is ItemState.DIALLING:
                await self._change(item.id, self._crash, self.journal.outcome)

    async def stop(self) -> None:
        """Waits until what was begun is committed. Before the store is stopped."""
        await self._shelf.settle()

    # -- looking -------------------------------------------------------------------------------------------------

    def number(self, heard: str) -> str:
        """`heard` in the form in which items hold it: E.164 where the number plan makes it one."""
        return self._plan.e164(heard) or heard[:MAX_NUMBER]

    def find(self, number: str, queue: str) -> ContactItem | None:
        """The open item of a customer in a queue."""
        found = self._shelf.reserved(self.number(number), queue)
        return found if found is not None and self._shelf.is_written(found) else None

    def of_number(self, number: str) -> list[ContactItem]:
        """The open items of a customer in all queues."""
        return self._shelf.of_number(self.number(number))

    @property
    def has_room(self) -> bool:
        """Whether another item may be opened."""
        return len(self._shelf.open) < self.settings.max_open

    def unordered(self) -> list[ContactItem]:
        """Every open item."""
        return self._shelf.all()

    def peek(self, contact: str) -> ContactItem | None:
        """An open item by its id."""
        found = self._shelf.open.get(contact)
        return found if found is not None and self._shelf.is_written(found) else None

    def open_items(self) -> list[ContactItem]:
        """Every open item, the oldest `since` first."""
        return sorted(self._shelf.all(), key=lambda item: (item.since, item.id))

    def due(self, now: float) -> list[ContactItem]:
        """What the dialler may call at `now` (UTC seconds), in the one order: the oldest first, less what priority
        gives (a second each).
        """
        found = [item for item in self._shelf.all() if item.is_due(now)]
        return sorted(found, key=lambda item: (item.since - item.priority, item.id))

    async def get(self, contact: str) -> ContactItem | None:
        """An item by its id, closed ones too; a merged one answers with the item that goes on for it."""
        item = self._shelf.open.get(contact) or await self._store.get(contact)
        while item is not None and item.merged_into:  # only open items merge, so the chain has an end
            item = self._shelf.open.get(item.merged_into) or await self._store.get(item.merged_into)
        return item

    async def known(self, keys: list[str]) -> set[str]:
        """Those of `keys` that some item has, be it closed."""
        return await self._store.known(keys)

    # -- opening -------------------------------------------------------------------------------------------------

    async def open(self, request: OpenRequest) -> tuple[ContactItem, bool]:
        """The item that stands for `request`, and whether it is a new one. Returns after the commit.

        The same key twice is the same item; a number that has an open item in the queue is merged into that.
        ContactError when `contacts.max_open` items are open.
        """
        return await self._shelf.to_its_end(self._open(request))

    def open_soon(self, request: OpenRequest) -> None:
        """Like `open`, for those who cannot wait; what goes wrong is logged."""
        self._shelf.begin(self._open(request))

    async def _open(self, request: OpenRequest) -> tuple[ContactItem, bool]:
        item = request.item(self.number(request.number), self.clock.unix())
        while item.number and item.is_open:
            survivor = self._shelf.reserved(item.number, item.queue)
            if survivor is None:
                break
            async with self._shelf.lock(survivor):
                if self._shelf.open.get(survivor.id) is survivor:
                    return await self._merge(survivor, item)
        if not item.is_open:
            return await self._record(item)
        return await self._add(item)

    async def _record(self, item: ContactItem) -> tuple[ContactItem, bool]:
        """One that has its end from the beginning."""
        known = await self._store.write(item, new=True)
        if known is not None:
            return await self.get(known.id) or known, False
        self.journal.opened(item)
        self.journal.closed(item)
        return item, True

    async def _add(self, item: ContactItem) -> tuple[ContactItem, bool]:
        shelf = self._shelf
        if not self.has_room:
            self.refused += 1
            raise ContactError(f"{len(shelf.open)} contacts are open (contacts.max_open): close some, or raise it")
        shelf.enter(item, written=False)
        try:
            async with shelf.lock(item):
                known = await self._store.write(item, new=True)
        except BaseException:
            shelf.drop(item)
            raise
        if known is not None:
            shelf.drop(item)
            return await self.get(known.id) or known, False
        shelf.written(item)
        self.journal.opened(item)
        return item, True

    async def _merge(self, survivor: ContactItem, newer: ContactItem) -> tuple[ContactItem, bool]:
        """Called with the survivor's lock."""
        draft = survivor.draft()
        merge(draft, newer)
        known = await self._store.write(newer, draft, new=True)
        if known is not None:
            return await self.get(known.id) or known, False
        survivor.take(draft)
        self.journal.opened(newer)
        self.journal.closed(newer)
        self.journal.tell(survivor, Kind.CONTACT_MERGED, merged=newer.id, since=survivor.since, times=survivor.times)
        return survivor, False

    # -- working on an item --------------------------------------------------------------------------------------

    async def claim(self, contact: str, by: str) -> ContactItem:
        """`by` ("agent:101") works on it. WrongState while it is dialled or in doubt, or claimed by somebody else."""

        def change(draft: ContactItem) -> None:
            if draft.state is ItemState.CLAIMED and draft.claimed_by != by:
                raise WrongState(f"contact {contact} is claimed by {draft.claimed_by}")
            draft.fire(Trigger.CLAIM)
            draft.claimed_by, draft.claimed = by, self.clock.unix()

        return await self._change(contact, change, lambda item: self.journal.tell(item, Kind.CONTACT_CLAIMED, by=by))

    async def release(self, contact: str, by: str, reason: str = "") -> ContactItem:
        """Nobody works on it any more, or its doubt is over: it is open as before."""

        def change(draft: ContactItem) -> None:
            draft.fire(Trigger.RESOLVE if draft.state is ItemState.IN_DOUBT else Trigger.RELEASE)
            draft.claimed_by, draft.claimed = "", 0.0

        def tell(item: ContactItem) -> None:
            self.journal.tell(item, Kind.CONTACT_RELEASED, by=by, reason=reason)

        return await self._change(contact, change, tell)

    async def attempt_started(self, contact: str, call_id: str, by: str = "callback") -> ContactItem:
        """To be awaited BEFORE the INVITE. WrongState when somebody else dials, or it is in doubt or closed."""

        def change(draft: ContactItem) -> None:
            if len(draft.attempts) >= MAX_ATTEMPTS:
                raise WrongState(f"contact {contact} was tried {MAX_ATTEMPTS} times: close it")
            draft.fire(Trigger.DIAL)
            draft.claimed_by, draft.claimed = "", 0.0
            draft.attempts.append(Attempt(self.clock.unix(), call_id, by=by))

        return await self._change(contact, change, self.journal.attempt)

    async def attempt_ended(
        self, contact: str, outcome: str, *, end: End | str = "", not_before: float = 0.0, reason: str = ""
    ) -> ContactItem:
        """The attempt under way is over, with `outcome` ("no_answer", "busy", "reached"...); with `end` the item is
        closed in the same commit, otherwise it is open again and due at `not_before`.

        An item that was closed meanwhile (the customer rang in) only gets the attempt's outcome.
        """
        known = await self.get(contact)
        if known is not None and not known.is_open:
            return await self._shelf.to_its_end(self._late_outcome(known, outcome))

        def change(draft: ContactItem) -> None:
            attempt = draft.attempt
            if attempt is None:
                raise WrongState(f"no attempt of contact {contact} is under way")
            attempt.outcome, attempt.ended = outcome, self.clock.unix()
            draft.fire(Trigger.DIAL_ENDED)
            draft.not_before = not_before or draft.not_before
            if end:
                self._end(draft, End(end), attempt.by, reason)

        return await self._change(contact, change, self.journal.outcome)

    async def note_attempt(self, contact: str, attempt: Attempt, end: End | str = "", reason: str = "") -> ContactItem:
        """An attempt that a person made by phone and that is over; with `end` the item is closed in the same commit."""

        def change(draft: ContactItem) -> None:
            if draft.attempt is None and len(draft.attempts) < MAX_ATTEMPTS:
                draft.attempts.append(attempt)
            if end:
                self._end(draft, End(end), attempt.by, reason)

        def tell(item: ContactItem) -> None:
            if attempt in item.attempts:
                self.journal.attempt(item)
                self.journal.outcome(item)

        return await self._change(contact, change, tell)

    async def close(self, contact: str, end: End | str, by: str, reason: str = "") -> ContactItem:
        """Ends the item: once only, WrongState for one that has its end already."""
        return await self._change(contact, lambda draft: self._end(draft, End(end), by, reason))

    async def change(self, contact: str, change: Change, tell: Change | None = None) -> ContactItem:
        """Any other change of an open item (owner, promise, breaches), made on a copy that is kept when it is written;
        then `tell(item)`.
        """
        return await self._change(contact, change, tell)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _end(self, draft: ContactItem, end: End, by: str, reason: str) -> None:
        draft.fire(Trigger.CLOSE)
        draft.end, draft.ended, draft.ended_by = end.value, self.clock.unix(), by
        draft.reason = reason or draft.reason
        draft.claimed_by, draft.claimed = "", 0.0

    def _crash(self, draft: ContactItem) -> None:
        draft.fire(Trigger.CRASH)
        attempt = draft.attempt
        if attempt is not None:
            attempt.outcome, attempt.ended = "in_doubt", self.clock.unix()

    async def _change(self, contact: str, change: Change, tell: Change | None = None) -> ContactItem:
        return await self._shelf.to_its_end(self._changed(contact, change, tell))

    async def _changed(self, contact: str, change: Change, tell: Change | None) -> ContactItem:
        item = self._shelf.open.get(contact) or await self._open_or_why(contact)
        async with self._shelf.lock(item):
            if not item.is_open:
                raise WrongState(f"contact {contact} is closed: {item.end}")
            draft = item.draft()
            change(draft)
            await self._store.write(draft)
            item.take(draft)
            if not item.is_open:
                self._shelf.drop(item)
            if tell is not None:
                tell(item)
            if not item.is_open:
                self.journal.closed(item)
        return item

    async def _open_or_why(self, contact: str) -> ContactItem:
        """The open item that `contact` means, be it by a merged one's id."""
        item = await self.get(contact)
        if item is None:
            raise ContactError(f"there is no contact {contact}; `centrala contacts list` shows them")
        found = self._shelf.open.get(item.id)
        if found is None:
            raise WrongState(f"contact {contact} is closed: {item.end}")
        return found

    async def _late_outcome(self, item: ContactItem, outcome: str) -> ContactItem:
        draft = item.draft()
        attempt = draft.attempt
        if attempt is not None:
            attempt.outcome, attempt.ended = outcome, self.clock.unix()
            await self._store.write(draft)
            item.take(draft)
            self.journal.outcome(item)
        return item
