"""The timers of RFC 3261 (section 17 and table 4) as values, and the queue that holds armed ones. Time is an argument.

Every owner has one slot: arming replaces, clearing costs one assignment, and a stale entry is dropped when it comes up.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count

from pbx.sip.outputs import TimerOwner

DEFAULT_T1_S = 0.5


class TimerValues:
    """Durations in seconds, all derived from T1 (the round-trip estimate)."""

    __slots__ = ("c", "retry_glare_other", "retry_glare_owner", "t1", "t2", "t4", "timeout")

    def __init__(self, t1_s: float = DEFAULT_T1_S) -> None:
        if t1_s <= 0:
            raise ValueError(f"T1 must be positive, got {t1_s} s")
        self.t1 = t1_s
        self.t2 = 8 * t1_s  # the longest interval between retransmissions of a non-INVITE request or an INVITE response
        self.t4 = 10 * t1_s  # how long a message can stay in the network: timers I and K
        self.timeout = 64 * t1_s  # timers B, D, F, H, J, L and M
        self.c = 185.0  # an INVITE may ring this long after its last provisional response (16.6: more than 3 minutes)
        self.retry_glare_owner = (2.1, 4.0)  # after 491, for who made the Call-ID (14.1)
        self.retry_glare_other = (0.0, 2.0)


class TimerQueue:
    """A heap of (deadline, id, owner); an entry counts only while its owner's `timer_id` is its id."""

    __slots__ = ("_heap", "_ids", "armed")

    SLACK = 1024  # stale entries tolerated before the heap is rebuilt

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, TimerOwner]] = []
        self._ids = count(1)
        self.armed = 0

    def __len__(self) -> int:
        return len(self._heap)

    def arm(self, owner: TimerOwner, deadline: float) -> None:
        """Arms the owner's slot for `deadline` (the clock's seconds)."""
        if not owner.timer_id:
            self.armed += 1
        owner.timer_id = identifier = next(self._ids)
        heappush(self._heap, (deadline, identifier, owner))

    def clear(self, owner: TimerOwner) -> None:
        """Disarms the owner's slot; nothing happens if it is not armed."""
        if owner.timer_id:
            owner.timer_id = 0
            self.armed -= 1
            if len(self._heap) > 2 * self.armed + self.SLACK:
                self._drop_stale()

    def next_deadline(self) -> float | None:
        """When the earliest armed timer is due; None when none is armed."""
        heap = self._heap
        while heap:
            deadline, identifier, owner = heap[0]
            if owner.timer_id == identifier:
                return deadline
            heappop(heap)
        return None

    def pop_due(self, now: float) -> TimerOwner | None:
        """Takes out and disarms the next owner whose deadline is at or before `now`; None when there is none."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, identifier, owner = heappop(heap)
            if owner.timer_id == identifier:
                owner.timer_id = 0
                self.armed -= 1
                return owner
        return None

    def _drop_stale(self) -> None:
        """Rebuilds the heap without cleared entries, so that they do not keep finished calls in memory."""
        self._heap = [entry for entry in self._heap if entry[2].timer_id == entry[1]]
        heapify(self._heap)
