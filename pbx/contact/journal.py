"""Tells the bus what happened to an item: a journey event whose call id is the item's, and the change for listeners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pbx.clock import Clock
from pbx.contact.item import ContactItem
from pbx.events import CallEvent, EventBus, Kind


@dataclass(slots=True)
class ContactChanged:
    """An item changed and the change is on disk. `what` is the kind of the journey event; `item` is the live one."""

    item: ContactItem
    what: Kind


class Journal:
    """Used by the book, after each commit."""

    def __init__(self, bus: EventBus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock

    def tell(self, item: ContactItem, what: Kind, **data: Any) -> None:
        """Publishes both; every event names the call that the contact came from, where there was one."""
        data = {name: value for name, value in data.items() if value not in ("", None)}
        if item.origin_call:
            data["origin_call"] = item.origin_call
        self._bus.publish(CallEvent(what, item.id, "", self._clock.unix(), data))
        self._bus.publish(ContactChanged(item, what))

    def opened(self, item: ContactItem) -> None:
        self.tell(
            item,
            Kind.CONTACT_OPENED,
            contact_kind=item.kind.value,
            queue=item.queue,
            number=item.number,
            since=item.since,
            promise=item.promise or None,
            owner=item.owner,
            reason=item.reason,
            automatic=item.automatic or None,
        )

    def attempt(self, item: ContactItem) -> None:
        """The item's last attempt began."""
        last = item.attempts[-1]
        self.tell(item, Kind.CONTACT_ATTEMPT, call=last.call_id, by=last.by, attempt=len(item.attempts))

    def outcome(self, item: ContactItem) -> None:
        """The item's last attempt is over."""
        last = item.attempts[-1]
        count = len(item.attempts)
        self.tell(item, Kind.CONTACT_ATTEMPT_ENDED, outcome=last.outcome, attempt=count, call=last.call_id)

    def closed(self, item: ContactItem) -> None:
        self.tell(
            item,
            Kind.CONTACT_CLOSED,
            end=item.end,
            by=item.ended_by,
            reason=item.reason,
            into=item.merged_into,
            open_s=round(item.ended - item.since, 3),
            attempts=len(item.attempts),
        )

    def rescheduled(self, item: ContactItem) -> None:
        """It is to be called at another hour."""
        self.tell(item, Kind.CONTACT_RESCHEDULED, not_before=item.not_before)
