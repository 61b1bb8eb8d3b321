"""What the reports of pages are made of: each reveal with the calls of its number, each observation of the guard."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.reporting.tracking.pages import GOOD
from pbx.store.schema import cdrs
from pbx.store.schema_tracking import number_guard, web_events

OF_REVEALS = ("REVEALS", "REVEAL.CALLS", "REVEAL.ANSWERED", "REVEAL.MISSED")
REVEAL_KEYS = ("masked", "dealer", "number")
OF_GUARD = ("GUARD.REPORTS", "GUARD.VISITS", "GUARD.FIXED")
GUARD_KEYS = ("site", "page", "verdict")


def reveal_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each visit that asked for a number, and each call of that number in the period."""
    event, period = web_events.c, request.period
    query = select(event.at_us, event.visit, event.subject, event.dealer, event.number, event.page).where(
        event.kind == "reveal", event.at_us >= period.start_us, event.at_us < period.end_us
    )
    asked: dict[str, list[dict[str, str]]] = {}
    for at_us, visit, *told, page in connection.execute(query):
        keys = dict(zip(REVEAL_KEYS, told, strict=True))
        mine = asked.setdefault(keys["number"].removeprefix("+"), [])
        if keys not in mine:
            mine.append(keys)
        yield Fact(at_us, visit, keys, {"REVEALS": (True, None)}, page)
    cdr = cdrs.c
    called = select(cdr.id, cdr.started_us, cdr.did, cdr.bridged_us, cdr.talk_s, cdr.caller).where(
        cdr.started_us >= period.start_us, cdr.started_us < period.end_us, cdr.direction == "inbound", cdr.test == ""
    )
    for call_id, at_us, did, bridged_us, talk_s, caller in connection.execute(called):
        talked = bridged_us is not None
        marks: dict[str, Mark] = {
            "REVEAL.CALLS": (True, talk_s),
            "REVEAL.ANSWERED": (talked, talk_s),
            "REVEAL.MISSED": (not talked, None),
        }
        for keys in asked.get(did.removeprefix("+"), ()):
            yield Fact(at_us, call_id, keys, marks, caller)


def guard_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each report of a wrong number, with what was shown; and of each page its last report."""
    guard, period = number_guard.c, request.period
    query = (
        select(guard.at_us, guard.id, guard.visit, guard.shown, guard.assigned, guard.site, guard.page, guard.verdict)
        .where(guard.at_us >= period.start_us, guard.at_us < period.end_us, guard.verdict != GOOD)
        .order_by(guard.at_us.desc(), guard.id.desc())
    )
    last = _last_good(connection, period)
    seen: set[tuple[str, ...]] = set()
    pages: dict[tuple[str, str], tuple[int, str, str]] = {}
    lines: set[tuple[str, str, str]] = set()
    for at_us, ident, visit, shown, assigned, site, page, verdict in connection.execute(query):
        line, note = (site, page, verdict), f"{shown} / {assigned}"
        marks: dict[str, Mark] = {"GUARD.REPORTS": (True, None)}
        if (*line, visit) not in seen:
            seen.add((*line, visit))
            marks["GUARD.VISITS"] = True, None
        pages.setdefault((site, page), (at_us, ident, verdict))
        lines.add(line)
        yield Fact(at_us, ident, dict(zip(GUARD_KEYS, line, strict=True)), marks, note)
    for line in lines:
        bad, good = pages[line[0], line[1]], last.get((line[0], line[1]))
        fixed = good is not None and good[0] > bad[0]
        at_us, ident, verdict = (*good, GOOD) if good is not None and fixed else bad
        yield Fact(at_us, ident, dict(zip(GUARD_KEYS, line, strict=True)), {"GUARD.FIXED": (fixed, None)}, verdict)


def _last_good(connection: Connection, period: Interval) -> dict[tuple[str, str], tuple[int, str]]:
    """Of each page the last report of the right number: when, and its id."""
    guard = number_guard.c
    query = (
        select(guard.site, guard.page, func.max(guard.at_us), func.max(guard.id))
        .where(guard.at_us >= period.start_us, guard.at_us < period.end_us, guard.verdict == GOOD)
        .group_by(guard.site, guard.page)
    )
    return {(site, page): (at_us, ident) for site, page, at_us, ident in connection.execute(query)}
