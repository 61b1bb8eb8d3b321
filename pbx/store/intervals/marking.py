"""Which quarters of an hour the records of a call count in."""

from __future__ import annotations

from collections.abc import Iterable

from pbx.store.intervals.bins import BIN_US
from pbx.store.records import Cdr, Part, QueueOffer, QueueVisit, TrunkCall

MOST_BINS = 192  # of a call: of a longer one only those are named in which something began


def stale_bins(cdr: Cdr, parts: Iterable[QueueVisit | Part | TrunkCall]) -> set[int]:
    """Their numbers. All of the time of the call is in it, so that a record that is derived anew and begins elsewhere
    than the one before leaves nothing behind.
    """
    began = cdr.started_us // BIN_US
    first, last = sorted((began, cdr.ended_us // BIN_US))  # the clock may have been set back meanwhile
    found = set(range(first, last + 1)) if last - first <= MOST_BINS else {began}
    for part in parts:
        if isinstance(part, QueueVisit):
            found.add(part.joined_us // BIN_US)
        elif isinstance(part, QueueOffer):
            found.add(part.offered_us // BIN_US)
        elif isinstance(part, TrunkCall):
            found.add(part.started_us // BIN_US)
    return found
