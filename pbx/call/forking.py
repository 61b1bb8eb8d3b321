"""Several contacts of one target: whose turn it is to ring, and which refusal is told (RFC 3261 16.6, 16.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.dialled import Contact
    from pbx.call.errors import DialFailed


def rank(failure: DialFailed) -> tuple[int, int]:
    """The better of two failures sorts first (RFC 3261 section 16.7, step 6): a global refusal, then busy, then what
    the far end says of itself, then its trouble; last a redirection, which leads the caller nowhere.
    """
    status = failure.status
    if status >= 600:
        return 0, status
    if status == 486:
        return 1, 0
    return (9, status) if status < 400 else (status // 100, status)


def by_q(contacts: Sequence[Contact]) -> list[list[Contact]]:
    """The contacts that ring together, those with the highest q first."""
    groups: dict[float, list[Contact]] = {}
    for contact in contacts:
        groups.setdefault(contact.q, []).append(contact)
    return [groups[q] for q in sorted(groups, reverse=True)]
