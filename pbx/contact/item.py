"""One contact that somebody owes an answer, and its state machine as a table. Only this file moves the state.

Two rules. Every state but CLOSED can be closed at any time, because the customer may ring in or take the request back
whatever we are doing; CLOSED is left by nothing, so that an item has exactly one end. An attempt that was under way
when the process died is IN_DOUBT: the customer's phone may have rung, so nobody dials it again for a while.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from pbx.ids import new_id


class ItemKind(StrEnum):
    """How the contact came."""

    CALLER = "caller"  # holds; lives in the distributor only and is never written
    CALLBACK = "callback"  # asked in the queue, by an agent or by the API to be called
    WIDGET = "widget"  # asked on a web page
    ABANDONED = "abandoned"  # hung up while waiting in a queue
    MISSED = "missed"  # rejected or unanswered: queue full, nobody signed in, no answer at a group or extension
    VOICEMAIL = "voicemail"
    LEAD = "lead"  # called outside opening hours
    SMS = "sms"


class ItemState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"  # somebody works on it
    DIALLING = "dialling"  # an attempt is under way
    IN_DOUBT = "in_doubt"  # the process died during an attempt
    CLOSED = "closed"


class End(StrEnum):
    """How an item ended; "" while it is open."""

    REACHED = "reached"  # we called, and spoke with the customer
    CUSTOMER_CAME_BACK = "customer_came_back"  # rang again and was served
    REFUSED = "refused"  # the customer did not want it
    UNREACHABLE = "unreachable"  # every attempt failed, or there is no number
    NOT_A_CUSTOMER = "not_a_customer"  # test call, wrong number, spam, short abandon
    MERGED = "merged"  # another open item of the same number and queue goes on for it
    CANCELLED = "cancelled"


class Trigger(StrEnum):
    CLAIM = "claim"
    RELEASE = "release"
    DIAL = "dial"
    DIAL_ENDED = "dial_ended"
    CRASH = "crash"  # found under way at the start of the process
    RESOLVE = "resolve"  # the window of doubt is over
    CLOSE = "close"


S, T = ItemState, Trigger
TABLE: dict[ItemState, dict[Trigger, ItemState]] = {
    S.OPEN: {T.CLAIM: S.CLAIMED, T.DIAL: S.DIALLING, T.CLOSE: S.CLOSED},
    S.CLAIMED: {T.CLAIM: S.CLAIMED, T.RELEASE: S.OPEN, T.DIAL: S.DIALLING, T.CLOSE: S.CLOSED},
    S.DIALLING: {T.DIAL_ENDED: S.OPEN, T.CRASH: S.IN_DOUBT, T.CLOSE: S.CLOSED},
    S.IN_DOUBT: {T.RESOLVE: S.OPEN, T.CLOSE: S.CLOSED},
    S.CLOSED: {},
}


class WrongState(Exception):
    """The trigger does not fit the item's state: nothing has changed."""


@dataclass(slots=True)
class Attempt:
    """One try to reach the customer; `outcome` is "" while it is under way. Instants are UTC seconds."""

    at: float
    call_id: str = ""
    outcome: str = ""  # "reached", "no_answer", "busy", "failed", "in_doubt"...
    ended: float = 0.0
    by: str = ""  # who: "callback", "agent:101"


@dataclass(slots=True)
class ContactItem:
    """See the module. Instants are UTC seconds, 0 for none. Only the book changes an item."""

    id: str
    kind: ItemKind
    queue: str  # "" for a contact of an extension or group
    number: str  # E.164, or what was heard; "" when it was withheld
    since: float  # of the ORIGINAL contact, kept for ever
    created: float
    name: str = ""
    promise: float = 0.0  # until when the customer is to be answered
    not_before: float = 0.0
    not_after: float = 0.0
    priority: int = 0
    skills: list[str] = field(default_factory=list)
    language: str = ""
    preferred_agent: str = ""
    owner: str = ""  # "agent:101", "team:sales", "queue:sales", "group:office"
    source: dict[str, str] = field(default_factory=dict)  # did, tag, campaign, page...
    origin_call: str = ""
    key: str = ""  # of idempotency: the same request twice is one item
    mode: str = "agent_first"  # or "customer_first"
    automatic: bool = False  # asks for our call; others are tasks for people, unless the queue has them called as well
    times: int = 1  # contacts of the customer that this item stands for
    state: ItemState = ItemState.OPEN
    end: str = ""  # a value of End
    ended: float = 0.0
    ended_by: str = ""
    reason: str = ""  # why it came ("no_agents", "timeout", "no_answer"...); after the end why it ended
    merged_into: str = ""
    claimed_by: str = ""
    claimed: float = 0.0
    breached: float = 0.0  # the latest of its deadlines that has passed and was told
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state is not ItemState.CLOSED

    @property
    def attempt(self) -> Attempt | None:
        """The attempt that is under way."""
        last = self.attempts[-1] if self.attempts else None
        return last if last is not None and not last.outcome else None

    def is_due(self, now: float) -> bool:
        """Whether the dialler may call at `now` (UTC seconds)."""
        return (
            self.automatic
            and self.state is ItemState.OPEN
            and self.number != ""
            and self.not_before <= now
            and (not self.not_after or now <= self.not_after)
        )

    def fire(self, trigger: Trigger) -> None:
        """Moves the state. Raises WrongState."""
        then = TABLE[self.state].get(trigger)
        if then is None:
            raise WrongState(f"contact {self.id} is {self.state}: {trigger} does not fit")
        self.state = then

    def draft(self) -> ContactItem:
        """A copy to change; `take` makes the changes the item's own."""
        copy = ContactItem(**{name: getattr(self, name) for name in _FIELDS})
        copy.skills, copy.source = list(self.skills), dict(self.source)
        copy.attempts = [Attempt(each.at, each.call_id, each.outcome, each.ended, each.by) for each in self.attempts]
        return copy

    def take(self, draft: ContactItem) -> None:
        """All of `draft` is now the item's: whoever holds the item sees it."""
        for name in _FIELDS:
            setattr(self, name, getattr(draft, name))


_FIELDS = tuple(entry.name for entry in fields(ContactItem))


@dataclass(slots=True, kw_only=True)
class OpenRequest:
    """What the book is asked to open. 0 and "" mean unknown or none; `since` 0 is now."""

    kind: ItemKind
    number: str
    queue: str = ""
    name: str = ""
    since: float = 0.0
    promise: float = 0.0
    not_before: float = 0.0
    not_after: float = 0.0
    priority: int = 0
    skills: list[str] = field(default_factory=list)
    language: str = ""
    preferred_agent: str = ""
    owner: str = ""
    source: dict[str, str] = field(default_factory=dict)
    origin_call: str = ""
    key: str = ""
    mode: str = "agent_first"
    automatic: bool = False
    reason: str = ""
    end: str = ""  # recorded with its end already known: a withheld number, a test call

    def item(self, number: str, now: float) -> ContactItem:
        """A new item with the normalised `number`; `now` is UTC seconds."""
        given: dict[str, Any] = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        given.update(number=number, created=now, since=min(self.since or now, now), id=new_id(now))
        given["key"] = self.key or given["id"]
        end = given.pop("end")
        item = ContactItem(**given)
        if end:
            item.fire(Trigger.CLOSE)
            item.end, item.ended, item.ended_by = End(end).value, now, "rule"
        return item


def merge(survivor: ContactItem, newer: ContactItem) -> None:
    """`survivor` goes on for both: the older `since` and the stricter promise win; `newer` ends as merged.

    A callback that was asked for stays one: the customer expects our call, whatever happened since. A missed contact
    that the customer now asks a callback for becomes one.
    """
    survivor.since = min(survivor.since, newer.since)
    survivor.promise = min(filter(None, (survivor.promise, newer.promise)), default=0.0)
    survivor.priority = max(survivor.priority, newer.priority)
    survivor.times += newer.times
    if newer.automatic and not survivor.automatic:
        survivor.automatic, survivor.kind, survivor.mode = True, newer.kind, newer.mode
        survivor.not_before, survivor.not_after = newer.not_before, newer.not_after
    elif newer.kind in (ItemKind.CALLBACK, ItemKind.WIDGET):  # asked again: the latest wish counts
        survivor.not_before, survivor.not_after = newer.not_before, newer.not_after
    for name in ("name", "language", "preferred_agent"):
        if not getattr(survivor, name):
            setattr(survivor, name, getattr(newer, name))
    survivor.skills += [skill for skill in newer.skills if skill not in survivor.skills]
    survivor.source = {**newer.source, **survivor.source}
    newer.fire(Trigger.CLOSE)
    newer.end, newer.ended, newer.ended_by = End.MERGED.value, newer.created, "rule"
    newer.merged_into = survivor.id
