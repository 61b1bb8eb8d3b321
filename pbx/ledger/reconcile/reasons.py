"""Why a call is missing in a system, and why a record is there that no call of the period is.

The first reason that holds is given, in the order in which a call comes to a system: is it one that the system counts
at all, did tracking know whose it was, was the visitor known to it, was it told in time, did it count it once more. A
reason is given only where something that we know says so; what is left is unexplained, and is listed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pbx.ledger.reconcile.matching import Matched, Pair, tail
from pbx.ledger.reconcile.records import Call, Export, Reason, Record, Span, System

FEW_RIVALS = 2  # visitors who may have called, from which on it is a collision
OF_CHANNEL = ("static", "app", "number", "none")  # methods of attribution that know no visitor
SURE = 0.999


@dataclass(slots=True)
class Known:
    """What the reasons of one system are told by."""

    export: Export
    matched: Matched
    period: Span
    sessions: dict[str, str] = field(default_factory=dict)  # a session that was counted: the call
    calls: dict[str, list[Call]] = field(default_factory=dict)  # by number, its tail, and session

    @classmethod
    def of(cls, export: Export, matched: Matched, period: Span, calls: Iterable[Call]) -> Known:
        known = cls(export, matched, period)
        for pair in sorted(matched.pairs, key=lambda pair: (pair.call.at_us, pair.call.id)):
            if pair.call.session:
                known.sessions.setdefault(pair.call.session, pair.call.id)
        for call in calls:
            for key in {call.number, tail(call.number), call.session} - {""}:
                known.calls.setdefault(key, []).append(call)
        return known

    def alike(self, record: Record) -> list[Call]:
        """The calls of the record's number, or of its session where it has no number."""
        for key in (record.number, tail(record.number), "" if record.number else record.session):
            if key in self.calls:
                return self.calls[key]
        return []


def missing(call: Call, known: Known) -> Reason:
    """Why `call`, which is of the period, is not in the system."""
    for test in _MISSING[known.export.system]:
        found = test(call, known)
        if found is not None:
            return found
    return Reason.UNEXPLAINED


def extra(record: Record, known: Known, window_us: int) -> tuple[Reason, Call | None]:
    """Why a record is in the system that no call of the period is; with the call that it is about, if there is one."""
    if record.no_call:
        return Reason.NO_CALL, None
    at_us = record.at_us - known.matched.offset_us
    near = [
        call
        for call in known.alike(record)
        if call.at_us - window_us <= at_us <= max(call.ended_us, call.at_us) + window_us
    ]
    if near:
        call = min(near, key=lambda call: (abs(call.at_us - at_us), call.id))
        return twin(call), call
    if not known.period.holds(at_us):
        return Reason.PERIOD_CUT, None
    return Reason.UNEXPLAINED, None


def twin(call: Call) -> Reason:
    """Why a call is in a system twice."""
    return Reason.TRANSFER_SPLIT if call.transferred else Reason.DUPLICATE


Test = Callable[[Call, Known], Reason | None]


def _not_counted(call: Call, _known: Known) -> Reason | None:
    if call.test:
        return Reason.TEST_CALL
    return Reason.SPAM if call.spam else None


def _placed(call: Call, known: Known) -> Reason | None:
    """Trackers of numbers see no call that goes out; one that a visitor asked for is an event of his visit."""
    asked = call.visit and known.export.system is System.GA
    return Reason.AGENT_PLACED if call.direction == "outbound" and not asked else None


def _short(call: Call, _known: Known) -> Reason | None:
    return Reason.SHORT if call.short else None


def _outside(call: Call, known: Known) -> Reason | None:
    return None if known.export.span.holds(call.at_us) else Reason.PERIOD_CUT


def _attributed(call: Call, _known: Known) -> Reason | None:
    """Whose call it was is not known well enough for a system of visitors."""
    if call.method == "pool":
        return Reason.POOL_SHORTAGE
    if call.rivals >= FEW_RIVALS and call.probability < SURE:
        return Reason.POOL_COLLISION
    if call.method in OF_CHANNEL and not call.visit:
        return Reason.STATIC_NUMBER
    return None


def _told(call: Call, known: Known) -> Reason | None:
    """What we know ourselves of what the system was told."""
    state = call.told.get(known.export.system, "")
    return _STATES.get(state)


def _session(call: Call, known: Known) -> Reason | None:
    if known.export.by_session and call.session and known.sessions.get(call.session, call.id) != call.id:
        return Reason.SAME_SESSION
    return None


def _consent(call: Call, _known: Known) -> Reason | None:
    """A visitor without a client of that system."""
    return Reason.NO_CLIENT if call.visit and not call.session else None


_STATES: Mapping[str, Reason] = {
    "no_consent": Reason.NO_CONSENT,
    "no_client": Reason.NO_CLIENT,
    "late": Reason.LATE_EVENT,
    "dead": Reason.BLOCKED,
    "waiting": Reason.NOT_SENT,
    "off": Reason.NOT_SENT,
    "unsure": Reason.POOL_COLLISION,
}
_MISSING: Mapping[System, tuple[Test, ...]] = {
    System.PBX: (),
    System.CRM: (_not_counted, _short, _outside, _told),
    System.TRACKING: (_not_counted, _placed, _short, _outside, _attributed),
    System.GA: (_not_counted, _placed, _short, _outside, _told, _attributed, _consent, _session),
}


def counted(pairs: Iterable[Pair], period: Span) -> set[str]:
    """Ids of the period's calls that a system has."""
    return {pair.call.id for pair in pairs if period.holds(pair.call.at_us)}
