"""When an item may be called next, and what it waits for: a pure look at the item, the clocks and the lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from pbx.callback.desk import ASKED, slot_of
from pbx.contact.item import ContactItem, End

if TYPE_CHECKING:
    from pbx.callback.desk import Desk

ON_LINE = "on_line"  # waits for the end of a call with the customer
ON_LINE_S = 5.0  # until a number that talks with us is looked at again
NUMBER_GAP_S = 120.0  # between two calls to one number, whatever they are for
MAX_GAPS = 20_000


class Due(NamedTuple):
    """Not before `at` (UTC seconds; infinity: never), because of `waits_for` ("" when it is due); or the `end` that
    has come.
    """

    at: float
    waits_for: str = ""
    end: str = ""
    reason: str = ""


class Schedule:
    """Remembers only when each number was called last."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._called: dict[str, float] = {}

    def called(self, item: ContactItem) -> None:
        """An attempt to reach the item's customer has ended now."""
        now = self._desk.services.clock.unix()
        self._called.pop(item.number, None)
        self._called[item.number] = now
        while len(self._called) > MAX_GAPS or (self._called and next(iter(self._called.values())) < now - NUMBER_GAP_S):
            del self._called[next(iter(self._called))]

    def when(self, item: ContactItem, now: float) -> Due:
        """What holds `item` up at `now`. Its own spacing goes before the number's; the hours before the line."""
        desk, settings = self._desk, self._desk.settings
        if item.not_after and now > item.not_after:
            return Due(now, end=End.UNREACHABLE.value, reason="slot_missed")
        first = item.attempts[0].at if item.attempts else math.inf  # who was never tried does not get too old
        if now > max(first, item.not_before) + settings.give_up_s:
            return Due(now, end=End.UNREACHABLE.value, reason="too_old")
        verdict = desk.destinations.check(item.number)
        if verdict.reason:
            return Due(math.inf, verdict.reason)
        at = max(item.not_before, desk.earliest(item), now)
        if at > now:
            return Due(at, "not_before")
        if not self._fresh(item, now) and verdict.country:
            opens = desk.opens(item, verdict.country, at)
            if opens > now:
                return Due(opens, "hours")
        holder = desk.lines.get(item.number)
        if holder is not None and holder != item.id:
            return Due(now + ON_LINE_S, "another_call")
        if desk.book.on_line(item.number):
            return Due(now + ON_LINE_S, ON_LINE)
        gap = self._called.get(item.number, 0.0) + NUMBER_GAP_S
        if gap > now and not self._own(item):
            return Due(gap, "another_call")
        return Due(now)

    def _fresh(self, item: ContactItem, now: float) -> bool:
        """The customer has just asked to be called at once: he is awake."""
        asked = item.kind in ASKED and not item.attempts and not slot_of(item)
        return asked and now <= item.created + self._desk.settings.asked_s

    def _own(self, item: ContactItem) -> bool:
        """The number's last call was for this item, whose own spacing is kept already."""
        last = item.attempts[-1] if item.attempts else None
        return last is not None and last.ended >= self._called.get(item.number, 0.0) - 1.0
