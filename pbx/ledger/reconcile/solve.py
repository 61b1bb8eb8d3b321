"""The whole comparison: each call of the period with the systems that have it, each difference with its reason, and the
steps that lead from one system's count to another's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pbx.ledger.reconcile.matching import match
from pbx.ledger.reconcile.reasons import Known, counted, extra, missing, twin
from pbx.ledger.reconcile.records import Call, Export, Reason, Record, Span, System


@dataclass(slots=True)
class Line:
    """A call, or a record of a system that is none. `present`: who has it. `reasons`: by system, why it does not have
    the call; of a record that is no call, why the system has it.
    """

    call_id: str
    at_us: int
    number: str
    present: tuple[System, ...]
    reasons: dict[System, Reason] = field(default_factory=dict)
    place: str = ""
    about: str = ""  # the call that a record is about which is no call of its own


@dataclass(slots=True)
class Step:
    """From one count to the next: `count` is below zero where the other system lacks them."""

    reason: Reason
    count: int
    of: System  # who lacks the calls, or has the records


@dataclass(slots=True)
class Solved:
    """`counts` are of the exports as they are; `lines` are in the order of time."""

    period: Span
    counts: dict[System, int]
    lines: list[Line] = field(default_factory=list)
    by: dict[System, Counter[str]] = field(default_factory=dict)  # how records were matched
    offsets_us: dict[System, int] = field(default_factory=dict)

    def differences(self) -> list[Line]:
        """The lines that not every system has, or that are no calls."""
        return [line for line in self.lines if line.reasons]

    def steps(self, first: System, second: System) -> list[Step]:
        """What leads from the first count to the second; the sum of all is their difference."""
        found: Counter[tuple[Reason, System, int]] = Counter()
        for line in self.lines:
            has, other = first in line.present, second in line.present
            if has == other:
                continue
            lacking = second if has else first
            record = not line.call_id
            who = (first if has else second) if record else lacking
            found[line.reasons[who], who, -1 if has else 1] += 1
        order = list(Reason)
        some = sorted(found.items(), key=lambda entry: (entry[0][2], order.index(entry[0][0]), entry[0][1]))
        return [Step(reason, sign * count, who) for (reason, who, sign), count in some]

    def unexplained(self) -> list[Line]:
        return [line for line in self.lines if Reason.UNEXPLAINED in line.reasons.values()]


def solve(calls: Iterable[Call], exports: Sequence[Export], period: Span, window_us: int) -> Solved:
    """Compares `exports` with `calls`, which may reach beyond the period by a day: other clocks cut elsewhere."""
    every = sorted(calls, key=lambda call: (call.at_us, call.id))
    mine = [call for call in every if period.holds(call.at_us)]
    found = Solved(period, {System.PBX: len(mine)})
    known: dict[System, Known] = {}
    has: dict[System, set[str]] = {System.PBX: {call.id for call in mine}}
    strangers: list[Line] = []
    for export in exports:
        system = export.system
        matched = match(every, export.records, window_us)
        known[system] = Known.of(export, matched, period, every)
        has[system] = counted(matched.pairs, period)
        found.counts[system] = len(export.records)
        found.by[system] = Counter(pair.by for pair in matched.pairs)
        found.offsets_us[system] = matched.offset_us
        strangers += _strangers(known[system], window_us)
    found.lines = sorted(
        [*_calls(mine, known, has), *strangers], key=lambda line: (line.at_us, line.call_id, line.place)
    )
    return found


def _calls(mine: Sequence[Call], known: Mapping[System, Known], has: Mapping[System, set[str]]) -> list[Line]:
    lines = []
    for call in mine:
        present = tuple(system for system in has if call.id in has[system])
        reasons = {system: missing(call, about) for system, about in known.items() if call.id not in has[system]}
        lines.append(Line(call.id, call.at_us, call.number, present, reasons))
    return lines


def _strangers(known: Known, window_us: int) -> list[Line]:
    """The system's records that are no call of the period: twins, calls of another period, taps, the unexplained."""
    system, matched = known.export.system, known.matched
    found = [_stranger(system, record, twin(call), call.id) for record, call in matched.twins]
    for pair in matched.pairs:
        if not known.period.holds(pair.call.at_us):
            found.append(_stranger(system, pair.record, Reason.PERIOD_CUT, pair.call.id))
    for record in matched.records:
        reason, call = extra(record, known, window_us)
        found.append(_stranger(system, record, reason, call.id if call is not None else ""))
    return found


def _stranger(system: System, record: Record, reason: Reason, about: str) -> Line:
    return Line("", record.at_us, record.number, (system,), {system: reason}, record.place, about)
