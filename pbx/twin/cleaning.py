"""What a bill counts and what a customer did are two things: legs of one call, repeats, test calls, transfers.

Each rule takes records out or puts them together, and says how many; nothing else is changed. Records come and go in
order of time: only those of the last hours are held.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter

from pbx.twin.record import CallRecord, Way
from pbx.twin.records import Records

SAME_S = 2.0  # two lines of one call begin within this
TRANSFER_S = 3.0  # a leg that begins so soon after the end of the customer's last one goes on with it
RETRIAL_S = 600.0  # who was not answered and rings again within this tries the same again
LONGEST_S = 4 * 3600.0  # a talk over this is a line that was never hung up
WINDOW_S = 6 * 3600.0  # in which further lines of a call may come; an id that comes later is another call's
LONG_TALK = "talks over four hours"


@dataclass(slots=True)
class Cleaned:
    """`retrials` are still records: their number tells how often customers had to ring. `removed` by reason. `fresh`
    says of each record, in order, whether it was a first attempt. `lost` could ring again: they were not served, and
    their number is known."""

    records: Records = field(default_factory=Records)
    removed: Counter[str] = field(default_factory=Counter)
    fresh: bytearray = field(default_factory=bytearray)
    retrials: int = 0
    served_after_retrial: int = 0
    lost: int = 0
    lost_again: int = 0  # of them rang again
    unnumbered: int = 0  # calls in of which the number is not known


def clean(records: Records | Iterable[CallRecord], tests: Collection[str] = ()) -> Cleaned:
    """`tests` are numbers whose calls do not count."""
    found = Cleaned()
    ordered = records if isinstance(records, Records) else sorted(records, key=attrgetter("at"))
    retrials = _Retrials(found)
    for record in _joined(_useful(ordered, tests, found.removed), found.removed):
        found.records.append(record)
        found.fresh.append(not retrials.see(record))
    return found


def _useful(records: Iterable[CallRecord], tests: Collection[str], removed: Counter[str]) -> Iterator[CallRecord]:
    for record in records:
        if record.number in tests or record.other in tests:
            removed["test calls"] += 1
        elif record.way is Way.INTERNAL:
            removed["internal calls"] += 1
        elif record.talk_s > LONGEST_S:
            removed[LONG_TALK] += 1
        else:
            yield record


def _joined(records: Iterable[CallRecord], removed: Counter[str]) -> Iterator[CallRecord]:
    """Lines that are one call: the same id, the same instant and number, or a leg after another."""
    held: deque[CallRecord] = deque()
    by_id: dict[str, CallRecord] = {}
    last: dict[tuple[str, Way], CallRecord] = {}
    for record in records:
        while held and held[0].at < record.at - WINDOW_S:
            yield _let_go(held.popleft(), by_id, last)
        key = record.number, record.way
        same = by_id.get(record.call_id) if record.call_id else None
        before = last.get(key) if record.number else None
        if same is not None:
            removed["further lines of one call"] += 1
            _merge(same, record)
        elif before is not None and record.at - before.at <= SAME_S and not _two_calls(before, record):
            removed["the same call twice"] += 1
            _merge(before, record)
        elif before is not None and _rings_on(before, record):
            removed["further legs of one call"] += 1
            _merge(before, record)
        elif before is not None and _goes_on(before, record):
            before.talk_s = record.at + (record.wait_s or 0.0) + record.talk_s - before.at - (before.wait_s or 0.0)
            before.agent = record.agent or before.agent
            removed["legs after a transfer"] += 1
        else:
            held.append(record)
            if record.call_id:
                by_id[record.call_id] = record
            if record.number:
                last[key] = record
    for record in held:
        yield record


def _let_go(record: CallRecord, by_id: dict[str, CallRecord], last: dict[tuple[str, Way], CallRecord]) -> CallRecord:
    if by_id.get(record.call_id) is record:
        del by_id[record.call_id]
    if last.get((record.number, record.way)) is record:
        del last[record.number, record.way]
    return record


def _two_calls(before: CallRecord, record: CallRecord) -> bool:
    """A company has one number and many telephones: two talks of a queue's log under two ids are two calls."""
    return before.exact and record.exact and before.call_id != record.call_id


def _rings_on(before: CallRecord, record: CallRecord) -> bool:
    """Each telephone that was rung is a line of its own: it begins before the one before has ended, or at its end."""
    if before.answered or before.wait_s is None or before.exact or record.exact:
        return False
    return 0 <= record.at - before.at <= before.wait_s + SAME_S and before.other != record.other


def _goes_on(before: CallRecord, record: CallRecord) -> bool:
    if not (before.answered and record.answered):
        return False
    ended = before.at + (before.wait_s or 0.0) + before.talk_s
    return 0 <= record.at - ended <= TRANSFER_S and record.other != before.other


def _merge(first: CallRecord, other: CallRecord) -> None:
    """A queue's log tells more than a bill, an answered line more than one that was not; of several answered ones the
    longest talk. Who went from queue to queue has waited in all of them."""
    later_s = max(other.at - first.at, 0.0)
    if first.exact != other.exact:
        _take_over(first, other if other.exact else first, later_s if other.exact else 0.0)
    elif other.answered and (not first.answered or other.talk_s > first.talk_s):
        _take_over(first, other, later_s)
    elif not first.answered and not other.answered and other.wait_s is not None:
        waited_s = later_s + other.wait_s
        if first.wait_s is None or waited_s > first.wait_s:
            first.wait_s, first.sent_away = waited_s, other.sent_away
    first.queue = first.queue or other.queue


def _take_over(first: CallRecord, told: CallRecord, later_s: float) -> None:
    """Of a queue's log the wait is that in the queue: what a menu took before is no waiting."""
    if told is first:
        return
    first.answered, first.talk_s, first.sent_away = told.answered, told.talk_s, told.sent_away
    first.agent, first.queue = told.agent or first.agent, told.queue or first.queue
    if told.exact and not first.exact:
        first.wait_s, first.exact = told.wait_s, True
    elif told.wait_s is not None:
        first.wait_s = told.wait_s + later_s


class _Retrials:
    """Whether a caller rang before and was not served."""

    def __init__(self, found: Cleaned) -> None:
        self._found = found
        self._lost: dict[str, float] = {}
        self._looked = 0.0

    def see(self, record: CallRecord) -> bool:
        found = self._found
        if record.way is Way.OUT:
            return False
        if not record.number:
            found.unnumbered += 1
            return False
        before = self._lost.pop(record.number, None)
        again = before is not None and record.at - before <= RETRIAL_S
        if again:
            found.retrials += 1
            found.lost_again += 1
            found.served_after_retrial += record.answered
        if not record.answered:
            found.lost += 1
            self._lost[record.number] = record.at + (record.wait_s or 0.0)
        if record.at - self._looked > WINDOW_S:
            self._looked = record.at
            self._lost = {number: at for number, at in self._lost.items() if record.at - at <= RETRIAL_S}
        return again
