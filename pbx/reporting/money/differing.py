"""The calls and records behind a reconciliation: each with the reason why a system lacks it, or has it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import Connection

from pbx.ledger.reconcile.records import System
from pbx.ledger.reconcile.solve import Line
from pbx.reporting.money.compare import compare
from pbx.reporting.money.reconciliation import COUNTED, KEYS, systems_of
from pbx.reporting.opened.figure import ALL, Fact, Mark
from pbx.reporting.request import Request

RECONCILED = "RECONCILED"


def differing_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """From each system to the next: what both counts are made of, and each difference as 1 or -1. Of everything
    together each call or record that differs is there once.
    """
    solved = compare(connection, request.period, request.zone, request.money, {})
    pairs = list(pairwise(systems_of(solved)))
    for line in solved.lines:
        for first, second in pairs:
            yield from _between(line, first, second)
        if line.reasons and pairs:
            yield _fact(line, (ALL, ALL, ALL, ALL), None)


def _between(line: Line, first: System, second: System) -> Iterator[Fact]:
    has, other = first in line.present, second in line.present
    for system in (first, second):
        if system in line.present:
            yield _fact(line, (first, second, COUNTED, system), 1.0)
    if has != other:
        who = second if has == bool(line.call_id) else first
        yield _fact(line, (first, second, line.reasons[who], who), -1.0 if has else 1.0)


def _fact(line: Line, keys: tuple[str, str, str, str], value: float | None) -> Fact:
    """`line` as a row; `keys` in the order of KEYS."""
    reasons = (f"{system.value}: {reason.value}" for system, reason in sorted(line.reasons.items()))
    note = ", ".join(filter(None, (*reasons, line.number, line.place)))
    marks: dict[str, Mark] = {RECONCILED: (True, value)}
    named = dict(zip(KEYS, map(str, keys), strict=True))
    return Fact(line.at_us, line.call_id or line.about or line.place, named, marks, note)
