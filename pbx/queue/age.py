"""The age of a caller's place: who comes back while his request is still open takes the place that it has.

One customer is one place in the order. A caller whose call was lost, or who shall be called back and rings again, does
not begin behind those who came after him; his waiting time in the figures begins with his call all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.call.call import Call


CARRIED = "queue.since"  # of a call that a supervisor moved from another queue: the age of its place there


def place_since(call: Call, queue: str, now_s: float) -> float:
    """Since when the caller's place counts, in the loop's seconds; `now_s` for who has nothing open in the queue."""
    carried = call.variables.pop(CARRIED, None) if call.variables else None
    if carried is not None:
        return min(now_s, float(carried))
    book = call.services.contacts
    if book is None or not call.caller or call.setup.withheld:
        return now_s
    item = book.find(call.caller, queue)
    if item is None:
        return now_s
    return now_s - max(0.0, call.services.clock.unix() - float(item.since))
