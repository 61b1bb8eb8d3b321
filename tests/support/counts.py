"""A made-up fortnight of calls in which it is known why each system has a call or not.

Calls go through collectors that work as the real ones do (a PBX that tells, a tracker of numbers, GA, a CRM); each
notes the reason at the moment at which it leaves a call out or has it twice. What is compared gets none of these notes.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pbx.ledger.reconcile.records import Call, Export, Reason, Record, Span, System

START_US = 1_783_029_600_000_000  # 2026-07-03 00:00 in Warsaw
DAY_US = 86_400_000_000
SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
R = Reason


@dataclass(slots=True)
class Truth:
    """`missing[system][call]`: why it is not there. `extra[system][place]`: why a record is no call of the period."""

    missing: dict[System, dict[str, Reason]] = field(default_factory=dict)
    extra: dict[System, dict[str, Reason]] = field(default_factory=dict)

    def leave_out(self, system: System, call: Call, reason: Reason) -> None:
        self.missing.setdefault(system, {})[call.id] = reason

    def add(self, system: System, place: str, reason: Reason) -> None:
        self.extra.setdefault(system, {})[place] = reason


@dataclass(slots=True)
class Fortnight:
    calls: list[Call]
    exports: list[Export]
    period: Span
    truth: Truth


@dataclass(frozen=True, slots=True)
class Manner:
    """How exports look. `ids`: of the systems whose export has our ids. `offset_s`: that GA's clock is ahead."""

    ids: frozenset[System] = frozenset(System)
    jitter_s: float = 40.0
    ga_hours: float = 7.0  # that GA's day begins later than ours


# Kinds of calls by why some system lacks them; "plain" has every one of them.
KINDS = (
    *("plain", "test", "outbound", "widget", "spam", "short", "static", "shortage", "collision"),
    *("no_consent", "no_client", "same_session", "late", "blocked", "crm_dead", "ga_cut", "ga_before"),
    *("crm_twice", "crm_split", "ga_twice", "tap"),
)


def fortnight(recipe: Mapping[str, int], seed: int, manner: Manner = Manner()) -> Fortnight:
    """`recipe`: how many of each kind."""
    made = _Maker(random.Random(seed), manner)
    for kind in KINDS:
        for _ in range(recipe.get(kind, 0)):
            made.make(kind)
    return made.done()


class _Maker:
    def __init__(self, dice: random.Random, manner: Manner) -> None:
        self._dice, self._manner = dice, manner
        self._calls: list[tuple[str, Call]] = []
        self._taps = 0
        self._clients = 0
        self._truth = Truth()
        self.period = Span(START_US, START_US + 14 * DAY_US)
        shift = round(manner.ga_hours * HOUR_US)
        self._ga_span = Span(START_US + shift, START_US + 14 * DAY_US + shift)
        self._records: dict[System, list[Record]] = {System.CRM: [], System.GA: [], System.TRACKING: []}

    # -- calls, as they happen -------------------------------------------------------------------------------------

    def make(self, kind: str) -> None:
        if kind == "tap":
            self._taps += 1
            return
        call = self._call(kind)
        self._calls.append((kind, call))
        if kind == "same_session":  # the first call of the session is one that every system has
            first = replace(call, id=self._id(), at_us=call.at_us - 20 * 60 * SECOND_US, number=call.number)
            first.ended_us, first.told = first.at_us + 60 * SECOND_US, dict(call.told)
            self._calls.append(("plain", first))

    def _id(self) -> str:
        return f"{self._dice.getrandbits(128):032x}"

    def _at(self, kind: str) -> int:
        """In the middle of the period as all clocks see it, but for the kinds that are cut off."""
        if kind == "ga_cut":  # the first hours of our period, which GA counts to the one before
            return START_US + self._dice.randrange(HOUR_US, self._ga_span.start_us - START_US - HOUR_US)
        if kind == "ga_before":  # the hours after our period, which GA counts to it
            return self.period.end_us + self._dice.randrange(HOUR_US, round(self._manner.ga_hours * HOUR_US) - HOUR_US)
        return self._dice.randrange(self._ga_span.start_us + HOUR_US, self.period.end_us - HOUR_US)

    def _call(self, kind: str) -> Call:
        self._clients += 1
        at_us = self._at(kind)
        call = Call(self._id(), at_us, f"+4860{self._clients:07d}", at_us + self._dice.randrange(30, 600) * SECOND_US)
        call.method, call.probability, call.rivals = "session", 1.0, 1
        call.visit, call.session = f"v{self._clients}", f"{self._clients}.{at_us // SECOND_US}/{at_us // SECOND_US}"
        call.answered, call.told = True, {"ga": "sent", "crm": "sent"}
        if kind in ("outbound", "static", "shortage", "collision", "test", "spam"):
            call.visit = call.session = ""
            call.told["ga"] = "no_visit"
            call.method = {"shortage": "pool", "outbound": "", "collision": "session"}.get(kind, "static")
        if kind == "collision":
            call.rivals, call.probability = 2, 0.5
        if kind in ("outbound", "widget"):
            call.direction = "outbound"
        call.test, call.spam, call.short = kind == "test", kind == "spam", kind == "short"
        if kind == "short":
            call.answered, call.ended_us = False, at_us + 3 * SECOND_US
        if kind in ("no_consent", "no_client"):
            call.session, call.told["ga"] = "", kind
        if kind in ("late", "blocked"):
            call.told["ga"] = "late" if kind == "late" else "dead"
        if kind == "crm_dead":
            call.told["crm"] = "dead"
        call.transferred = kind == "crm_split"
        return call

    # -- collectors ------------------------------------------------------------------------------------------------

    def done(self) -> Fortnight:
        self._calls.sort(key=lambda entry: entry[1].at_us)
        for kind, call in self._calls:
            self._crm(kind, call)
            self._tracking(kind, call)
            self._ga(kind, call)
        for number in range(self._taps):
            at_us = self._dice.randrange(self._ga_span.start_us, self.period.end_us)
            self._note(System.GA, Record(at_us, session=f"tap{number}/1", no_call=True), R.NO_CALL)
        exports = [self._export(system) for system in self._records]
        calls = [call for _, call in self._calls]
        self._dice.shuffle(calls)
        return Fortnight(calls, exports, self.period, self._truth)

    def _export(self, system: System) -> Export:
        records = self._records[system]
        self._dice.shuffle(records)
        if system is System.GA:
            return Export(system, records, self._ga_span, by_session=True)
        return Export(system, records, self.period)

    def _note(self, system: System, record: Record, reason: Reason | None = None) -> None:
        record.place = f"line {len(self._records[system]) + 2}"
        self._records[system].append(record)
        if reason is not None:
            self._truth.add(system, record.place, reason)

    def _record(self, system: System, call: Call, *, later_s: float = 0.0) -> Record:
        jitter = self._dice.uniform(-self._manner.jitter_s, self._manner.jitter_s)
        at_us = call.at_us + round((jitter + later_s) * SECOND_US)
        known = call.id if system in self._manner.ids else ""
        if system is System.GA:
            return Record(at_us, "", known, call.session)
        return Record(at_us, call.number, known)

    def _crm(self, kind: str, call: Call) -> None:
        """Gets each call that a customer had with us, unless telling fails."""
        system = System.CRM
        if kind in ("test", "spam", "short"):
            return self._lacks(system, call, {"test": R.TEST_CALL, "spam": R.SPAM, "short": R.SHORT}[kind])
        if kind == "ga_before":
            return None  # another period for us and for the CRM
        if kind == "crm_dead":
            return self._lacks(system, call, R.BLOCKED)
        self._note(system, self._record(system, call))
        if kind in ("crm_twice", "crm_split"):
            later = (call.ended_us - call.at_us) / SECOND_US if kind == "crm_split" else 50.0
            reason = R.TRANSFER_SPLIT if kind == "crm_split" else R.DUPLICATE
            self._note(system, self._record(system, call, later_s=later), reason)
        return None

    def _tracking(self, kind: str, call: Call) -> None:
        """Counts calls to numbers that it showed to one visitor alone."""
        system = System.TRACKING
        why = {
            **{"test": R.TEST_CALL, "spam": R.SPAM, "short": R.SHORT, "outbound": R.AGENT_PLACED},
            **{"widget": R.AGENT_PLACED, "static": R.STATIC_NUMBER, "shortage": R.POOL_SHORTAGE},
            "collision": R.POOL_COLLISION,
        }.get(kind)
        if kind == "ga_before":
            return
        if why is not None:
            self._lacks(system, call, why)
        else:
            self._note(system, self._record(system, call))

    def _ga(self, kind: str, call: Call) -> None:
        """Counts what it is told of visitors whom it knows, once a session."""
        system = System.GA
        why = {
            **{"test": R.TEST_CALL, "spam": R.SPAM, "short": R.SHORT, "outbound": R.AGENT_PLACED},
            **{"static": R.STATIC_NUMBER, "shortage": R.POOL_SHORTAGE, "collision": R.POOL_COLLISION},
            **{"no_consent": R.NO_CONSENT, "no_client": R.NO_CLIENT, "same_session": R.SAME_SESSION},
            **{"late": R.LATE_EVENT, "blocked": R.BLOCKED, "ga_cut": R.PERIOD_CUT},
        }.get(kind)
        if why is not None:
            return self._lacks(system, call, why)
        reason = R.PERIOD_CUT if kind == "ga_before" else None
        self._note(system, self._record(system, call), reason)
        if kind == "ga_twice":
            self._note(system, self._record(system, call, later_s=55.0), R.DUPLICATE)
        return None

    def _lacks(self, system: System, call: Call, reason: Reason) -> None:
        self._truth.leave_out(system, call, reason)


def counts(made: Fortnight) -> Counter[str]:
    """How many records each system has."""
    return Counter({export.system.value: len(export.records) for export in made.exports})
