"""Figures of queues by source, number, trunk, flow block, agent, team or site, or narrowed to one of them.

The sums of quarters do not know these, so all visits of the period are read, once for all of its intervals. A visit is
of the team of who answered it; one that nobody answered is of none, and only among all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Text, and_, column, func, literal, select, values

from pbx.reporting.figures import QueueFigures
from pbx.reporting.opened.figure import NONE
from pbx.reporting.opened.origins import NAMES
from pbx.reporting.opened.queues import VISITS, limit_s
from pbx.reporting.opened.team import KINDS, Span, member, spans
from pbx.reporting.per.grid import Grid
from pbx.reporting.queries import DEFAULT_THRESHOLDS, queue_course, queues_of
from pbx.reporting.queue_sheet import queues_sheet
from pbx.reporting.request import Request
from pbx.reporting.sheet import Sheet, Value
from pbx.store import schema
from pbx.store.intervals.bins import count, greatest, millionths, total
from pbx.store.outliers import inside, is_outlier

QUEUE = "queue"
BY = (QUEUE, *NAMES, "agent", *KINDS)
_visit = schema.queue_visits.c


def queue_sheets(connection: Connection, request: Request, grid: Grid) -> list[list[Sheet]]:
    """Of each interval the report."""
    by = request.filter("by") or QUEUE
    narrowed = any(request.filter(name) for name in BY if name != QUEUE)
    if by == QUEUE and not narrowed:
        course = queue_course(connection, grid, request.thresholds)
        return [[queues_sheet(cell.interval, found)] for cell, found in zip(grid.cells, course, strict=True)]
    limits = set(request.thresholds.values()) or {DEFAULT_THRESHOLDS}
    course = _course(connection, request, grid, by)
    # Who is of two teams is in both of them, and among all once.
    every = _course(connection, request, grid, "") if by in KINDS else [[] for _ in grid.cells]
    made = [
        queues_sheet(cell.interval, found, by, limits, whole[0] if whole else None)
        for cell, found, whole in zip(grid.cells, course, every, strict=True)
    ]
    return [[_without_offers(sheet) if by in ("agent", *KINDS) else sheet] for sheet in made]


def _without_offers(sheet: Sheet) -> Sheet:
    """Who answers a visit is not who was offered it: offers of agents are in their own report."""
    kept = [at for at, one in enumerate(sheet.columns) if one.name not in ("offers", "rona")]
    rows: list[Sequence[Value]] = [[row[at] for at in kept] for row in sheet.rows]
    return replace(sheet, columns=[sheet.columns[at] for at in kept], rows=rows)


def _course(connection: Connection, request: Request, grid: Grid, by: str) -> list[list[QueueFigures]]:
    """By name; "" as `by` is all of them, as one."""
    return queues_of(_rows(connection, request, grid, by), grid, {})


def _rows(connection: Connection, request: Request, grid: Grid, by: str) -> Iterator[tuple[int, Sequence[Any]]]:
    visit = _visits(connection, request, grid, by)
    out = is_outlier(visit.talk_s, visit.hold_s, visit.wrapup_s)
    query = select(
        grid.first(visit.joined_us),
        *(visit.name, visit.outcome, count()),
        *(count(visit.wait_s <= limit) for limit in (visit.limit_s, visit.short_s)),
        *(total(millionths(visit.wait_s)), greatest(millionths(visit.wait_s))),
        *(total(millionths(inside(one, out))) for one in (visit.talk_s, visit.hold_s, visit.wrapup_s)),
        *(total(visit.offers), total(visit.offers_missed), count(and_(out, visit.outcome == "answered"))),
    ).group_by(*grid.group(visit.joined_us), visit.name, visit.outcome)
    for row in connection.execute(query):
        at, (name, *rest) = grid.split(row)
        yield at, (name or NONE, *rest)


def _visits(connection: Connection, request: Request, grid: Grid, by: str) -> Any:
    """The visits of callers with the name that they stand under: a row each, or one a team."""
    source = schema.queue_visits
    if by in KINDS:
        members = _members(spans(connection, request, by))
        name: ColumnElement[Any] = func.coalesce(members.c.name, "")
        inside = and_(members.c.agent == _visit.agent, members.c.from_us <= _visit.joined_us)
        joined: Any = source.outerjoin(members, and_(inside, _visit.joined_us < members.c.until_us))
    else:
        name, joined = _named(by) if by else literal("all"), source
    query = (
        select(
            *(_visit.joined_us, _visit.outcome, _visit.wait_s, _visit.talk_s, _visit.hold_s, _visit.wrapup_s),
            *(_visit.offers, _visit.offers_missed, name.label("name")),
            *(limit_s(request, which).label(label) for which, label in enumerate(("limit_s", "short_s"))),
        )
        .select_from(joined)
        .where(VISITS.base, _visit.joined_us >= grid.period.start_us, _visit.joined_us < grid.period.end_us)
        .where(*_narrowed(connection, request), *((_visit.agent != "",) if by in KINDS else ()))
    )
    return query.subquery("named_visits").c


def _named(name: str) -> ColumnElement[Any]:
    return VISITS.told[name] if name in VISITS.told else _visit[VISITS.keys[name]]


def _narrowed(connection: Connection, request: Request) -> Iterator[ColumnElement[bool]]:
    """What the filters leave."""
    for name in BY:
        wanted = request.filter(name)
        if wanted and name in KINDS:
            yield member(spans(connection, request, name), _visit.agent, _visit.joined_us, wanted)
        elif wanted:
            yield _named(name) == ("" if wanted == NONE else wanted)


def _members(given: Sequence[Span]) -> Any:
    """Memberships as a table; nobody's, where there are none."""
    names = (column("agent", Text), column("name", Text), column("from_us", BigInteger), column("until_us", BigInteger))
    rows = [(one.agent, one.name, one.from_us, one.until_us) for one in given] or [("", "", 0, 0)]
    return values(*names, name="members").data(rows).cte()
