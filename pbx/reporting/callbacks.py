"""Callbacks of an interval: speed-to-lead (D2 of the glossary), their own service level, silent calls."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.store import schema

MICRO = 1_000_000
ASKED = ("callback", "widget")
LEFT_OUT = ("merged", "cancelled", "customer_came_back", "not_a_customer")  # ends in which nobody had to be reached
# Ends of a try in which an agent had the customer: he did, where the process died in the middle of the talk.
SPOKE = ("reached", "interrupted")
LIMITS_S = (28.0, 60.0, 300.0)
SLOT = "slot"
ENDS = {"CAME_BACK": "customer_came_back", "REFUSED": "refused", "OPEN": ""}


@dataclass(slots=True)
class CallbackFigures:
    """The callbacks that were requested in an interval (or whose contact was lost in it and called by us)."""

    queue: str
    requested: int = 0
    ends: dict[str, int] = field(default_factory=dict)  # by end; "" are open
    speeds_s: list[float] = field(default_factory=list)  # of those reached
    promised: int = 0
    promise_kept: int = 0
    attempts: int = 0
    answered: int = 0  # attempts that the customer answered
    silent: int = 0
    codes: dict[str, int] = field(default_factory=dict)  # of the agents' wrap-up

    @property
    def base(self) -> int:
        """Requests whose customer was to be reached."""
        return self.requested - sum(self.ends.get(end, 0) for end in LEFT_OUT)

    @property
    def reached(self) -> int:
        return len(self.speeds_s)

    @property
    def never_reached(self) -> float | None:
        """Share of the base that nobody has spoken with."""
        return share(self.base - min(self.reached, self.base), self.base)

    @property
    def service_level(self) -> float | None:
        """Share of the promises whose customers were reached in time: callbacks' own, never mixed with callers'."""
        return share(self.promise_kept, self.promised)

    @property
    def silent_share(self) -> float | None:
        """Abandoned after callback: answered attempts that hung up before an agent was there."""
        return share(self.silent, self.answered)

    def quantile_s(self, wanted: float) -> float | None:
        """The speed that `wanted` of those reached did not exceed (nearest rank)."""
        ordered = sorted(self.speeds_s)
        return ordered[max(0, math.ceil(wanted * len(ordered)) - 1)] if ordered else None

    def within(self, limit_s: float) -> float | None:
        """Share of the base that was reached within `limit_s`."""
        return share(sum(speed <= limit_s for speed in self.speeds_s), self.base)


@dataclass(frozen=True, slots=True)
class _Try:
    call_id: str
    at_us: int
    reach_s: float | None
    hold_s: float | None
    silent: bool
    speed_s: float | None  # of one that reached him


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, or a contact that was called back."""

    id: str
    kind: str
    number: str
    queue: str
    at_us: int
    end: str
    promised: bool
    kept: bool
    speed_s: float | None
    tries: Sequence[_Try]

    @property
    def base(self) -> bool:
        """The customer was to be reached."""
        return self.end not in LEFT_OUT

    @property
    def came_back(self) -> bool:
        """He rang himself."""
        return self.end == ENDS["CAME_BACK"]


def callback_figures(connection: Connection, interval: Interval) -> list[CallbackFigures]:
    """By queue; contacts that a person called back are not in it."""
    codes = _codes(connection, interval)
    figures: dict[str, CallbackFigures] = {}
    for one in asked(connection, interval):
        found = figures.setdefault(one.queue, CallbackFigures(one.queue))
        found.requested += 1
        found.ends[one.end] = found.ends.get(one.end, 0) + 1
        for code in codes.get(one.id, ()):
            found.codes[code] = found.codes.get(code, 0) + 1
        found.attempts += len(one.tries)
        found.answered += sum(each.reach_s is not None for each in one.tries)
        found.silent += sum(each.silent for each in one.tries)
        if one.base:
            found.speeds_s += [one.speed_s] if one.speed_s is not None else []
            found.promised += one.promised
            found.promise_kept += one.kept
    return [figures[name] for name in sorted(figures)]


def callback_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each request, and each try of one with its own call."""
    for one in asked(connection, request.period):
        keys = {"queue": one.queue}
        ends: dict[str, Mark] = {f"CB.{name}": (one.end == end, None) for name, end in ENDS.items()}
        yield Fact(one.at_us, one.id, keys, ends | (_base_marks(one) if one.base else {}))
        for each in one.tries:
            answered = each.reach_s is not None
            marks: dict[str, Mark] = {"CB.ATTEMPTS": (True, each.reach_s), "PICKUP": (answered, each.reach_s)}
            if answered:
                marks["CB.SILENT"] = each.silent, each.hold_s
            yield Fact(each.at_us, each.call_id, keys, marks)


def _base_marks(one: Asked) -> dict[str, Mark]:
    reached = one.speed_s is not None
    marks: dict[str, Mark] = {"CB.ASKED": (True, None), "CB.REACHED": (reached, None), "CB.NEVER": (not reached, None)}
    for limit_s in LIMITS_S:
        within = one.speed_s is not None and one.speed_s <= limit_s
        marks[f"STL.{limit_s:g}"] = within, one.speed_s
    if reached:
        marks["STL"] = True, one.speed_s
    if one.promised:
        marks |= {"CB.PROMISED": (True, None), "CB.SL": (one.kept, one.speed_s)}
    return marks


def asked(connection: Connection, interval: Interval) -> Iterator[Asked]:
    """What was requested in the interval, and what was lost in it and called back by us."""
    tried = _tried(connection, interval)
    item = schema.contacts.c
    names = ("id", "kind", "number", "queue", "ended_as", "created_us", "promise_us", "source", "automatic")
    query = select(*(item[name] for name in names))
    query = query.where(item.created_us >= interval.start_us, item.created_us < interval.end_us)
    for contact, kind, number, queue, end, created_us, promise_us, source, automatic in connection.execute(query).all():
        if kind not in ASKED and not automatic and contact not in tried:
            continue
        tries = tried.get(contact, ())
        speed_s = min((each.speed_s for each in tries if each.speed_s is not None), default=None)
        wanted_us = max(created_us, _slot_us(source))
        kept = speed_s is not None and wanted_us + speed_s * MICRO <= promise_us
        promised = bool(promise_us)
        yield Asked(contact, kind, number, queue, created_us, end, promised, promised and kept, speed_s, tries)


def total(figures: Iterable[CallbackFigures]) -> CallbackFigures:
    """All queues together."""
    result = CallbackFigures("all")
    for each in figures:
        result.requested += each.requested
        result.speeds_s += each.speeds_s
        for end, count in each.ends.items():
            result.ends[end] = result.ends.get(end, 0) + count
        for code, count in each.codes.items():
            result.codes[code] = result.codes.get(code, 0) + count
        for name in ("promised", "promise_kept", "attempts", "answered", "silent"):
            setattr(result, name, getattr(result, name) + getattr(each, name))
    return result


def _codes(connection: Connection, interval: Interval) -> dict[str, list[str]]:
    """Of each contact the codes of the agents' wrap-up."""
    table = schema.callback_calls.c
    query = select(table.contact, table.wrapup_code).where(
        table.started_us >= interval.start_us, table.wrapup_code != ""
    )
    found: dict[str, list[str]] = {}
    for contact, code in connection.execute(query):
        found.setdefault(contact, []).append(code)
    return found


def _tried(connection: Connection, interval: Interval) -> dict[str, list[_Try]]:
    """The tries of each contact."""
    table = schema.callback_calls.c
    found: dict[str, list[_Try]] = {}
    names = (table.call_id, table.started_us, table.reach_s, table.hold_s, table.silent, table.speed_s, table.outcome)
    query = select(table.contact, *names).where(table.started_us >= interval.start_us).order_by(table.started_us)
    for contact, call_id, at_us, reach_s, hold_s, silent, speed_s, outcome in connection.execute(query):
        speed = speed_s if outcome in SPOKE else None
        found.setdefault(contact, []).append(_Try(call_id, at_us, reach_s, hold_s, bool(silent), speed))
    return found


def _slot_us(source: str) -> int:
    """The hour that the customer chose; 0 for none."""
    try:
        return round(float(json.loads(source or "{}").get(SLOT, 0.0)) * MICRO)
    except (ValueError, AttributeError, TypeError):
        return 0
