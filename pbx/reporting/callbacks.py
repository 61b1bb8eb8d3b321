"""Callbacks of an interval: speed-to-lead (D2 of the glossary), their own service level, silent calls."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from pbx.reporting.intervals import Interval
from pbx.reporting.service_level import share
from pbx.store import schema

MICRO = 1_000_000
ASKED = ("callback", "widget")
LEFT_OUT = ("merged", "cancelled", "customer_came_back", "not_a_customer")  # ends in which nobody had to be reached
LIMITS_S = (28.0, 60.0, 300.0)
SLOT = "slot"


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


def callback_figures(connection: Connection, interval: Interval) -> list[CallbackFigures]:
    """By queue; contacts that a person called back are not in it."""
    speeds = _speeds(connection, interval)
    tried = _tried(connection, interval)
    codes = _codes(connection, interval)
    figures: dict[str, CallbackFigures] = {}
    table = schema.contacts.c
    query = select(
        table.id,
        table.kind,
        table.queue,
        table.ended_as,
        table.created_us,
        table.promise_us,
        table.source,
        table.automatic,
    ).where(table.created_us >= interval.start_us, table.created_us < interval.end_us)
    for contact, kind, queue, end, created_us, promise_us, source, automatic in connection.execute(query):
        if kind not in ASKED and not automatic and contact not in tried:
            continue
        found = figures.setdefault(queue, CallbackFigures(queue))
        found.requested += 1
        found.ends[end] = found.ends.get(end, 0) + 1
        for code in codes.get(contact, ()):
            found.codes[code] = found.codes.get(code, 0) + 1
        attempts, answered, silent = tried.get(contact, (0, 0, 0))
        found.attempts += attempts
        found.answered += answered
        found.silent += silent
        _count(found, end, speeds.get(contact), max(created_us, _slot_us(source)), promise_us)
    return [figures[name] for name in sorted(figures)]


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


def _count(found: CallbackFigures, end: str, speed_s: float | None, asked_us: int, promise_us: int) -> None:
    if end in LEFT_OUT:
        return
    if speed_s is not None:
        found.speeds_s.append(speed_s)
    if promise_us:
        found.promised += 1
        found.promise_kept += speed_s is not None and asked_us + speed_s * MICRO <= promise_us


def _speeds(connection: Connection, interval: Interval) -> dict[str, float]:
    """Of each contact the first bridge."""
    table = schema.callback_calls.c
    query = (
        select(table.contact, func.min(table.speed_s))
        .where(table.started_us >= interval.start_us, table.outcome == "reached", table.speed_s.is_not(None))
        .group_by(table.contact)
    )
    return {contact: float(speed_s) for contact, speed_s in connection.execute(query)}


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


def _tried(connection: Connection, interval: Interval) -> dict[str, Sequence[int]]:
    """Of each contact (attempts, answered ones, silent ones)."""
    table = schema.callback_calls.c
    found: dict[str, list[int]] = {}
    query = select(table.contact, table.reach_s, table.silent).where(table.started_us >= interval.start_us)
    for contact, reach_s, silent in connection.execute(query):
        counts = found.setdefault(contact, [0, 0, 0])
        counts[0] += 1
        counts[1] += reach_s is not None
        counts[2] += bool(silent)
    return {contact: tuple(counts) for contact, counts in found.items()}


def _slot_us(source: str) -> int:
    """The hour that the customer chose; 0 for none."""
    try:
        return round(float(json.loads(source or "{}").get(SLOT, 0.0)) * MICRO)
    except (ValueError, AttributeError, TypeError):
        return 0
