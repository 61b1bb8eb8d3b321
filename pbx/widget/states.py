"""What a visitor sees of his request, read off the item: nothing is remembered beyond what the events tell."""

from __future__ import annotations

from typing import NamedTuple

from pbx.contact.item import ContactItem, End, ItemState

SLOT = "slot"  # in an item's source: the UTC second that the customer chose
QUIET = ("agent_left", "came_back", "fault", "in_doubt")  # ends of attempts that are no news to the customer


class Shown(NamedTuple):
    """See widget/src/callback/settings.ts, State."""

    state: str  # requested, scheduled, ringing, connected, failed, cancelled
    over: bool = False
    at: float = 0.0  # the hour that was chosen, or of the next attempt
    sms: bool = False


def shown(item: ContactItem, now: float, *, talking: bool, sms: bool) -> Shown:
    """`talking`: customer and agent hear each other; `sms`: a message about the failure went out."""
    if not item.is_open:
        return _ended(item, sms)
    if item.state is ItemState.DIALLING:
        return Shown("connected" if talking else "ringing")
    last = item.attempts[-1].outcome if item.attempts else ""
    if last == "reached":  # the book is about to close it
        return Shown("connected", over=True)
    if last and last not in QUIET:
        return Shown("failed", at=item.not_before if item.not_before > now else 0.0, sms=sms)
    slot = float(item.source.get(SLOT) or 0.0)
    if slot > now:
        return Shown("scheduled", at=slot)
    return Shown("requested")


def _ended(item: ContactItem, sms: bool) -> Shown:
    if item.end in (End.REACHED, End.CUSTOMER_CAME_BACK):
        return Shown("connected", over=True)
    if item.end == End.CANCELLED:
        return Shown("cancelled", over=True)
    return Shown("failed", over=True, sms=sms)
