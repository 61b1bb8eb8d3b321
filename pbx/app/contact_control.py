"""Answers the control socket about contacts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.contact.item import ContactItem, End, ItemKind, ItemState, OpenRequest, WrongState
from pbx.contact.rows import attempt_row, row
from pbx.contact.shelf import ContactError
from pbx.metrics.contacts import ContactsNow
from pbx.reporting.csv_text import plain
from pbx.store.contacts import Wanted
from pbx.store.encode import micros
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

OPEN_STATES = tuple(state.value for state in ItemState if state is not ItemState.CLOSED)
BY_HAND = tuple(kind.value for kind in ItemKind if kind is not ItemKind.CALLER)
ENDS = tuple(end.value for end in End if end is not End.MERGED)
OWNERS = ("agent", "team", "queue", "group", "extension")
MAX_TEXT = 200
EVERY = 1_000_000  # more than there can be open
ID_LENGTH = 32  # of pbx.ids; numbers are shorter


class PbxContactControl:
    """Implements pbx.api.contact_routes.ContactControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    @property
    def _book(self) -> Any:
        return self._app.contacts.book

    async def contacts(
        self, wanted: dict[str, str], times: dict[str, float], limit: int, after: tuple[int, str] | None = None
    ) -> list[dict[str, Any]]:
        """Open ones the oldest first, from memory; others the newest first, from the database."""
        wanted = dict(wanted)
        state = wanted.pop("state", "open")
        if wanted.get("number"):
            wanted["number"] = self._book.number(wanted["number"])
        now = self._app.clock.unix()
        if state == "open":
            return [row(item, now) for item in self._book.open_items() if _fits(item, wanted, times, now)][:limit]
        if state not in ("closed", "all", *OPEN_STATES):
            raise Refused(422, f"{state!r} is no state: open, closed or all")
        states = () if state == "all" else (state,)
        wanted.pop("overdue", None)
        query = Wanted(states=states, limit=limit, after=after, **wanted, **times)  # type: ignore[arg-type]
        return [row(item, now) for item in await _stored(self._app.store.contacts.wanted(query))]

    async def page(
        self, wanted: dict[str, str], times: dict[str, float], limit: int, after: tuple[int, str] | None
    ) -> list[dict[str, Any]]:
        """As `contacts`, from behind `after` on: `placed` (microseconds) and the id of the last one before."""
        wanted = {"state": "open"} | wanted
        if wanted["state"] != "open":
            rows = await self.contacts(wanted, times, limit, after)
            return [{**row, "placed": micros(row["created"])} for row in rows]
        rows = [{**row, "placed": micros(row["since"])} for row in await self.contacts(wanted, times, EVERY)]
        return [row for row in rows if after is None or (row["placed"], row["id"]) > after][:limit]

    async def summary(self) -> dict[str, Any]:
        """How many are open, overdue and breached now."""
        now, items = self._app.clock.unix(), self._book.open_items()
        return {
            "open": len(items),
            "overdue": sum(0 < item.promise < now for item in items),
            "breached": self._app.contacts.deadlines.late,
            "oldest_s": round(now - items[0].since, 3) if items else 0.0,
            "by_queue": dict(Counter(item.queue for item in items)),
            "by_kind": dict(Counter(item.kind.value for item in items)),
            "by_state": dict(Counter(item.state.value for item in items)),
            "refused": self._book.refused,
            "lost": self._app.contacts.missed.lost,
        }

    async def contact(self, contact: str) -> dict[str, Any]:
        """An item with its attempts and its journey."""
        item = await _done(self._book.get(self._id(contact)))
        if item is None:
            raise Refused(404, f"there is no contact {contact}; `centrala contacts list --all` shows them")
        events = await _stored(self._app.store.journey(item.id))
        return {
            **row(item, self._app.clock.unix()),
            "tries": [attempt_row(attempt) for attempt in item.attempts],
            "journey": [{"event": event.kind.value, "at": event.at, **event.data} for event in events],
        }

    async def add(self, body: dict[str, Any]) -> dict[str, Any]:
        """A task for people. What the PBX is to dial by itself is asked for as a callback, which has its limits."""
        request = self._request(body)
        item, created = await _done(self._book.open(request))
        return {**row(item, self._app.clock.unix()), "created_now": created}

    async def claim(self, contact: str, by: str) -> dict[str, Any]:
        return self._told(await _done(self._book.claim(self._id(contact), plain(by))))

    async def release(self, contact: str, by: str, reason: str) -> dict[str, Any]:
        return self._told(await _done(self._book.release(self._id(contact), plain(by), plain(reason[:MAX_TEXT]))))

    async def close(self, contact: str, end: str, by: str, reason: str) -> dict[str, Any]:
        if end not in ENDS:
            raise Refused(422, f"{end!r} is no end: {', '.join(ENDS)}")
        step = self._book.close(self._id(contact), End(end), plain(by), plain(reason[:MAX_TEXT]))
        return self._told(await _done(step))

    def _id(self, contact: str) -> str:
        """`contact`, or where it is a customer's number the id of the open item."""
        if len(contact) == ID_LENGTH:
            return contact
        found = self._book.of_number(contact)
        if len(found) > 1:
            queues = ", ".join(f"{item.id} ({item.queue or 'no queue'})" for item in found)
            raise Refused(409, f"{contact} has {len(found)} open contacts: say which: {queues}")
        return found[0].id if found else contact

    def _told(self, item: ContactItem) -> dict[str, Any]:
        return row(item, self._app.clock.unix())

    def _request(self, body: dict[str, Any]) -> OpenRequest:
        number, queue, kind = _text(body, "number"), _text(body, "queue"), _text(body, "kind") or "missed"
        digits = number.removeprefix("+")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 32):
            raise Refused(422, f"number is {number!r}: give digits, such as +48600100200")
        queues = {entry.name: entry for entry in self._app.config.queue}
        if queue and queue not in queues:
            raise Refused(422, f"there is no queue {queue!r}; queues: {', '.join(queues) or 'none'}")
        if kind not in BY_HAND:
            raise Refused(422, f"{kind!r} is no kind: {', '.join(BY_HAND)}")
        owner = _text(body, "owner")
        if owner and owner.partition(":")[0] not in OWNERS:
            raise Refused(422, f"owner is {owner!r}: one of {', '.join(f'{name}:NAME' for name in OWNERS)}")
        given = queues.get(queue)
        default_s = (given.missed_deadline_s if given else None) or self._app.config.contacts.missed_deadline_s
        deadline_s = _seconds(body, "deadline_s", default_s)
        own = (given.missed_owner or f"queue:{queue}") if given else self._app.config.contacts.owner
        now = self._app.clock.unix()
        return OpenRequest(
            kind=ItemKind(kind),
            number=number,
            queue=queue,
            name=_text(body, "name"),
            since=min(_seconds(body, "since", now), now),
            promise=now + deadline_s,
            owner=owner or own,
            key=_text(body, "key"),
            reason=_text(body, "reason") or "by_hand",
        )


def contacts_now(app: Pbx) -> ContactsNow:
    """What a scrape tells, in one pass over the open items."""
    now, doubts, oldest = app.clock.unix(), 0, app.clock.unix()
    opened = {(queue.name, "abandoned"): 0 for queue in app.config.queue}
    overdue = {queue.name: 0 for queue in app.config.queue}
    for item in app.contacts.book.unordered():
        key = (item.queue, item.kind.value)
        opened[key] = opened.get(key, 0) + 1
        if 0 < item.promise < now:
            overdue[item.queue] = overdue.get(item.queue, 0) + 1
        doubts += item.state is ItemState.IN_DOUBT
        oldest = min(oldest, item.since)
    return ContactsNow(
        opened=opened,
        overdue=overdue,
        oldest_s=now - oldest,
        breached=app.contacts.deadlines.late,
        in_doubt=doubts,
        refused=app.contacts.book.refused,
        lost=app.contacts.missed.lost,
    )


def _fits(item: ContactItem, wanted: dict[str, str], times: dict[str, float], now: float) -> bool:
    for name, value in wanted.items():
        if name == "overdue":
            if not 0 < item.promise < now:
                return False
        elif str(getattr(item, name)) != value:
            return False
    return times.get("since", 0.0) <= item.created < times.get("until", float("inf"))


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Refused(422, f"{name} must be a text of at most {MAX_TEXT} characters")
    return plain(value).strip()


def _seconds(body: dict[str, Any], name: str, default: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e11:
        raise Refused(422, f"{name} is {value!r}: give seconds above 0")
    return float(value)


async def _stored(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except StoreError as error:
        raise Refused(503, str(error)) from None


async def _done(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except WrongState as error:
        raise Refused(409, str(error)) from None
    except ContactError as error:
        raise Refused(404, str(error)) from None
    except StoreError as error:
        raise Refused(503, str(error)) from None
