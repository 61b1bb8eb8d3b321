"""What a bill counts and what a customer did are two things: legs of one call, repeats, test calls, transfers.

Each rule takes records out or puts them together, and says how many; nothing else is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from pbx.twin.record import CallRecord, Way

SAME_S = 2.0  # two lines of one call begin within this
TRANSFER_S = 3.0  # a leg that begins so soon after the end of the customer's last one goes on with it
RETRIAL_S = 600.0  # who was not answered and rings again within this tries the same again
LONGEST_S = 4 * 3600.0  # a talk over this is a line that was never hung up


@dataclass(slots=True)
class Cleaned:
    """`retrials` are still records: their number tells how often customers had to ring. `removed` by reason."""

    records: list[CallRecord]
    removed: Counter[str] = field(default_factory=Counter)
    retrials: int = 0
    served_after_retrial: int = 0


def clean(records: Iterable[CallRecord], tests: Collection[str] = ()) -> Cleaned:
    """`tests` are numbers whose calls do not count."""
    found = Cleaned([])
    kept = []
    for record in sorted(records, key=lambda one: one.at):
        reason = _useless(record, tests)
        if reason:
            found.removed[reason] += 1
        else:
            kept.append(record)
    found.records = _joined(kept, found.removed)
    _count_retrials(found)
    return found


def _useless(record: CallRecord, tests: Collection[str]) -> str:
    if record.number in tests or record.other in tests:
        return "test calls"
    if record.way is Way.INTERNAL:
        return "internal calls"
    if record.talk_s > LONGEST_S:
        return "talks over four hours"
    return ""


def _joined(records: list[CallRecord], removed: Counter[str]) -> list[CallRecord]:
    """Lines that are one call: the same id, the same instant and number, or a leg after a transfer."""
    by_id: dict[str, CallRecord] = {}
    last: dict[tuple[str, Way], CallRecord] = {}
    kept: list[CallRecord] = []
    for record in records:
        same = by_id.get(record.call_id) if record.call_id else None
        before = last.get((record.number, record.way)) if record.number else None
        if same is not None:
            _merge(same, record)
            removed["further lines of one call"] += 1
            continue
        if before is not None and record.at - before.at <= SAME_S:
            _merge(before, record)
            removed["the same call twice"] += 1
            continue
        if before is not None and _goes_on(before, record):
            before.talk_s = record.at + (record.wait_s or 0.0) + record.talk_s - before.at - (before.wait_s or 0.0)
            before.agent = record.agent or before.agent
            removed["legs after a transfer"] += 1
            continue
        kept.append(record)
        if record.call_id:
            by_id[record.call_id] = record
        if record.number:
            last[record.number, record.way] = record
    return kept


def _goes_on(before: CallRecord, record: CallRecord) -> bool:
    if not (before.answered and record.answered):
        return False
    ended = before.at + (before.wait_s or 0.0) + before.talk_s
    return 0 <= record.at - ended <= TRANSFER_S and record.other != before.other


def _merge(first: CallRecord, other: CallRecord) -> None:
    """The answered line tells more; of several answered ones the longest talk."""
    if other.answered and (not first.answered or other.talk_s > first.talk_s):
        first.talk_s, first.agent = other.talk_s, other.agent or first.agent
        if other.wait_s is not None:
            first.wait_s = other.wait_s + max(other.at - first.at, 0.0)
        first.answered = True
    first.queue = first.queue or other.queue


def _count_retrials(found: Cleaned) -> None:
    lost: dict[str, float] = {}
    for record in found.records:
        if record.way is Way.OUT or not record.number:
            continue
        again = record.number in lost and record.at - lost[record.number] <= RETRIAL_S
        if again:
            found.retrials += 1
            found.served_after_retrial += record.answered
        if record.answered:
            lost.pop(record.number, None)
        else:
            lost[record.number] = record.at
