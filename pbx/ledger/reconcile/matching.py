"""Which record of another system is which call: by id, else by session or number within a window, one to one.

Nothing depends on the order of the input. Within one number the assignment takes as many pairs as there can be, and of
those the ones with the least sum of distances in time (ties: the earlier ones).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from pbx.ledger.reconcile.records import Call, Record

TAIL = 9  # digits that two ways of writing a number have in common
ENOUGH = 10  # pairs by id that tell how far a clock is off
MOST_CELLS = 1_000_000  # of the table of one cluster
MOST_OFF_US = 26 * 3_600_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A record and its call; `by` is "id", "session", "number" or "tail"."""

    call: Call
    record: Record
    by: str


@dataclass(slots=True)
class Matched:
    """`twins`: records that name a call which another record has already, with that call."""

    pairs: list[Pair] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)  # without a call
    twins: list[tuple[Record, Call]] = field(default_factory=list)
    offset_us: int = 0  # that the other clock is ahead


def match(calls: Iterable[Call], records: Iterable[Record], window_us: int) -> Matched:
    """Matches `records` with `calls`."""
    open_calls = sorted(calls, key=lambda call: (call.at_us, call.id))
    left = sorted((record for record in records if not record.no_call), key=lambda record: record.content)
    found = Matched(records=[record for record in records if record.no_call])
    left = _by_id(found, open_calls, left)
    found.offset_us = offset(found.pairs)
    for by, of_call, of_record in STEPS:
        taken = {pair.call.id for pair in found.pairs}
        open_calls = [call for call in open_calls if call.id not in taken]
        left = _by_key(found, open_calls, left, window_us, (by, of_call, of_record))
    found.records += left
    found.records.sort(key=lambda record: record.content)
    return found


def offset(pairs: Sequence[Pair]) -> int:
    """How far the records' clock is ahead, by pairs whose ids are equal; 0 where too few tell, or they disagree."""
    if len(pairs) < ENOUGH:
        return 0
    found = round(median(pair.record.at_us - pair.call.at_us for pair in pairs))
    return found if abs(found) <= MOST_OFF_US else 0


def tail(number: str) -> str:
    """The last digits of a number; "" for one that has fewer."""
    digits = "".join(mark for mark in number if mark.isdigit())
    return digits[-TAIL:] if len(digits) >= TAIL else ""


Step = tuple[str, Callable[[Call], str], Callable[[Record], str]]
STEPS: tuple[Step, ...] = (
    ("session", lambda call: call.session, lambda record: record.session if not record.number else ""),
    ("number", lambda call: call.number, lambda record: record.number),
    ("tail", lambda call: tail(call.number), lambda record: tail(record.number)),
)


def _by_id(found: Matched, calls: Sequence[Call], records: Sequence[Record]) -> list[Record]:
    """Pairs by id; a second record of a call is a twin. A record with an id of nobody goes on to the next step."""
    known = {call.id: call for call in calls} | {call.contact: call for call in calls if call.contact}
    taken: set[str] = set()
    left = []
    for record in records:
        call = known.get(record.call_id) if record.call_id else None
        if call is None:
            left.append(record)
        elif call.id in taken:
            found.twins.append((record, call))
        else:
            taken.add(call.id)
            found.pairs.append(Pair(call, record, "id"))
    return left


def _by_key(
    found: Matched, calls: Sequence[Call], records: Sequence[Record], window_us: int, step: Step
) -> list[Record]:
    by, of_call, of_record = step
    groups: dict[str, list[Call]] = {}
    for call in calls:
        if of_call(call):
            groups.setdefault(of_call(call), []).append(call)
    wanted: dict[str, list[Record]] = {}
    left = []
    for record in records:
        key = of_record(record)
        if key and key in groups:
            wanted.setdefault(key, []).append(record)
        else:
            left.append(record)
    for key in sorted(wanted):
        some = wanted[key]
        times = [record.at_us - found.offset_us for record in some]
        pairs = assign([call.at_us for call in groups[key]], times, window_us)
        found.pairs += [Pair(groups[key][at], some[to], by) for at, to in pairs]
        used = {to for _, to in pairs}
        left += [record for at, record in enumerate(some) if at not in used]
    return sorted(left, key=lambda record: record.content)


def assign(calls: Sequence[int], records: Sequence[int], window: int) -> list[tuple[int, int]]:
    """Pairs (index of call, index of record) of two ascending lists of instants, at most `window` apart.

    On a line an assignment without crossings is as good as any, so a table over the prefixes finds the best one. It is
    made for each cluster by itself: runs of instants that are nearer than the window to one another.
    """
    pairs: list[tuple[int, int]] = []
    begin = 0
    while begin < len(calls):
        end, reach = begin + 1, calls[begin] + window
        low = bisect_left(records, calls[begin] - window)
        high = bisect_left(records, reach + 1)
        while end < len(calls) and calls[end] - window <= (records[high - 1] if high > low else reach):
            high = bisect_left(records, calls[end] + window + 1)
            end += 1
        if high > low:
            large = (end - begin) * (high - low) > MOST_CELLS
            found = (_in_turn if large else _assign)(calls[begin:end], records[low:high], window)
            pairs += [(begin + at, low + to) for at, to in found]
        begin = end
    return pairs


def _assign(calls: Sequence[int], records: Sequence[int], window: int) -> list[tuple[int, int]]:
    """The table: most pairs, then the least distance, then the earlier partners."""
    width = len(records) + 1
    best = [[(0, 0)] * width for _ in range(len(calls) + 1)]  # (-pairs, distance) of what is left from here on
    for at in range(len(calls) - 1, -1, -1):
        for to in range(len(records) - 1, -1, -1):
            found = min(best[at + 1][to], best[at][to + 1])
            apart = abs(calls[at] - records[to])
            if apart <= window:
                count, distance = best[at + 1][to + 1]
                found = min(found, (count - 1, distance + apart))
            best[at][to] = found
    pairs, at, to = [], 0, 0
    while at < len(calls) and to < len(records):
        apart = abs(calls[at] - records[to])
        count, distance = best[at + 1][to + 1]
        if apart <= window and best[at][to] == (count - 1, distance + apart):
            pairs.append((at, to))
            at, to = at + 1, to + 1
        elif best[at][to] == best[at][to + 1]:
            to += 1
        else:
            at += 1
    return pairs


def _in_turn(calls: Sequence[int], records: Sequence[int], window: int) -> list[tuple[int, int]]:
    """For a number that calls thousands of times: as many pairs, but not those that are nearest."""
    pairs, to = [], 0
    for at, call in enumerate(calls):
        while to < len(records) and records[to] < call - window:
            to += 1
        if to < len(records) and records[to] <= call + window:
            pairs.append((at, to))
            to += 1
    return pairs
