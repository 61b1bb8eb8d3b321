"""The calls behind a figure, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from shlex import quote
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select
from sqlalchemy.types import Float

from pbx.reporting.export import utc
from pbx.reporting.formulas import FIGURES
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import ALL, NONE, Fact, Figure, Source, Tell, Told
from pbx.reporting.opened.team import KINDS, member, spans
from pbx.reporting.per.one import Fold
from pbx.reporting.request import MOST_FILTER, BadRequest, Request
from pbx.reporting.sheet import Column, Sheet, Unit, Value

UNNAMED = "(none)"  # as the reports of money write what has no name
RECENT_US = 7 * 86_400_000_000
MOST = 1000  # of a page
COLUMNS = (
    Column("at", "At (UTC)", Unit.TEXT),
    Column("id", "Id", Unit.TEXT),
    Column("what", "What", Unit.TEXT),
    Column("counted", "Counted"),
    Column("value", "Value"),
    Column("note", "Note", Unit.TEXT),
)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which figure, of which period (or weekday, or hour of its days) and of which queue, agent, trunk or tag."""

    figure: str
    period: Interval
    filters: Mapping[str, str] = field(default_factory=dict)
    fold: Fold | None = None  # of the period only this weekday or hour

    def found(self) -> Figure | Told:
        """The figure. Raises BadRequest for one that is unknown, and for a filter that it does not have."""
        figure = FIGURES.get(self.figure)
        if figure is None:
            raise BadRequest(f"no figure has the id {self.figure!r}: there are {', '.join(FIGURES)}")
        for name, value in self.filters.items():
            if name not in figure.keys:
                known = ", ".join(figure.keys)
                raise BadRequest(f"figure {figure.id} cannot be asked by {name!r}: it has {known}")
            if len(value) > MOST_FILTER:
                raise BadRequest(f"{name} is longer than {MOST_FILTER} characters")
        return figure

    def command(self) -> str:
        """What to write to see all of them."""
        given = "".join(f" --filter {quote(f'{name}={value}')}" for name, value in self.filters.items() if value)
        since, _, until = self.period.label.partition(" to ")
        return f"centrala report calls --figure {quote(self.figure)} --from {since} --to {until or since}{given}"


@dataclass(frozen=True, slots=True)
class Row:
    """A call or contact that the figure is made of; `counted`: it is in the numerator."""

    at_us: int
    id: str
    counted: bool
    value: float | None
    note: str = ""


@dataclass(slots=True)
class Behind:
    """`whole` and `part` count all rows of the figure, not only those of this page; `next` asks for the next one."""

    what: str
    whole: int
    part: int
    rows: list[Row]
    next: str = ""

    def data(self) -> dict[str, Any]:
        rows = [
            {"at": utc(row.at_us), "id": row.id, "counted": row.counted, "value": row.value, "note": row.note}
            for row in self.rows
        ]
        return {"what": self.what, "whole": self.whole, "part": self.part, "rows": rows, "next": self.next}

    def sheet(self, title: str) -> Sheet:
        """For the terminal and CSV."""
        rows = [(utc(row.at_us), row.id, self.what, int(row.counted), row.value, row.note) for row in self.rows]
        remark = f"{self.part} of {self.whole} are counted; shown: {len(rows)}"
        remark += f"\nMore: --after {quote(self.next)}" if self.next else ""
        return Sheet(title, COLUMNS, [*rows], remarks=remark)


def opened(figure: Figure | Told, columns: Sequence[Column], row: Sequence[Value]) -> dict[str, str]:
    """The filters that open a figure of this row of a sheet."""
    found: dict[str, str] = {}
    for column, value in zip(columns, row, strict=True):
        if column.name in figure.keys and value not in (ALL, None):
            text = f"{value:g}" if isinstance(value, float) else str(value)
            found[column.name] = NONE if text in ("", UNNAMED) else text
    return found


Facts = dict[tuple[Tell, int], list[Fact]]  # that were told already, by the period's beginning, the newest first


def behind(
    connection: Connection,
    selector: Selector,
    asked: Request,
    *,
    limit: int = 100,
    cursor: str = "",
    counted: bool = True,
    known: Facts | None = None,
) -> Behind:
    """The rows of a figure. Without `counted` how many there are is left out, which takes long for a year. Raises
    BadRequest.
    """
    figure = selector.found()
    asked = replace(asked, period=selector.period)
    shown = min(max(limit, 1), MOST)
    if isinstance(figure, Told):
        facts = known if known is not None else {}
        return _told(connection, figure, selector, asked, shown, _place(cursor), facts, counted=counted)
    source = figure.source
    at, name = source.table.c[source.at], source.table.c[source.id]
    part = and_(figure.part(asked), *_filters(connection, figure, selector, asked, within=True))
    wanted = [
        figure.whole(asked),
        *_period(source, selector.period),
        *_filters(connection, figure, selector, asked, within=False),
        *((selector.fold.condition(at),) if selector.fold is not None else ()),
    ]
    counts = select(func.count(), func.coalesce(func.sum(case((part, 1), else_=0)), 0)).where(*wanted)
    whole, among = connection.execute(counts.select_from(source.table)).one() if counted else (0, 0)
    value: ColumnElement[Any] = literal(None)
    if figure.amount is not None or figure.value is not None:
        value = figure.amount(asked) if figure.amount is not None else figure.value  # type: ignore[assignment]
    place = _place(cursor)
    query = (
        select(at, name, case((part, 1), else_=0), value)
        .select_from(source.table)
        .where(*wanted, *((or_(at < place[0], and_(at == place[0], name <= place[1])),) if place else ()))
        .order_by(at.desc(), name.desc())
        .limit(shown + 1)
        .offset(place[2] if place else 0)
    )
    rows = []
    # The newest lie at the end: what is not sorted by an index is looked for there first.
    for since in (selector.period.end_us - RECENT_US, None) if not counted and not place else (None,):
        found = connection.execute(query if since is None else query.where(at >= since))
        rows = [Row(us, str(ident), bool(yes), amount) for us, ident, yes, amount in found]
        if len(rows) > shown:
            break
    return Behind(source.what, whole, among, rows[:shown], _next(rows, shown, place))


def _period(source: Source, period: Interval) -> list[ColumnElement[bool]]:
    at = source.table.c[source.at]
    began = source.table.c[source.ends] > period.start_us if source.ends else at >= period.start_us
    return [source.base, began, at < period.end_us]


def _filters(
    connection: Connection, figure: Figure, selector: Selector, asked: Request, *, within: bool
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for key, value in selector.filters.items():
        if not value or (key in figure.within) != within:
            continue
        if key in KINDS:
            given, table = spans(connection, asked, key), figure.source.table.c
            found.append(member(given, table[figure.source.agent], table[figure.source.at], value))
            continue
        column = _key(figure.source, key)
        wanted: str | float = "" if value == NONE else value
        if isinstance(column.type, Float):
            wanted = _number(key, value)
        found.append(column == wanted)
    return found


def _key(source: Source, key: str) -> ColumnElement[Any]:
    return source.told[key] if key in source.told else source.table.c[source.keys[key]]


def _number(key: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadRequest(f"{key} is {value[:40]!r}: write a number") from None


def _told(
    connection: Connection,
    figure: Told,
    selector: Selector,
    asked: Request,
    shown: int,
    place: _Place | None,
    known: Facts,
    *,
    counted: bool,
) -> Behind:
    """The same of facts."""
    given = {key: "" if value == NONE else value for key, value in selector.filters.items() if value}
    outer = {key: value for key, value in given.items() if key not in figure.within}
    if figure.total and not outer:
        outer = dict.fromkeys(figure.keys, ALL)
    rows: list[Row] = []
    recent_us = asked.period.end_us - RECENT_US
    # As of the database's rows: where the newest suffice, only they are told.
    newest = figure.parts and not counted and not place and recent_us > asked.period.start_us
    for since_us in (recent_us, asked.period.start_us) if newest else (asked.period.start_us,):
        facts = _facts(connection, figure, replace(asked, period=replace(asked.period, start_us=since_us)), known)
        rows = _rows(facts, figure, selector, (given, outer), None if counted or place else shown)
        if len(rows) > shown:
            break
    whole, part = (len(rows), sum(row.counted for row in rows)) if counted else (0, 0)
    if place:
        rows = [row for row in rows if (row.at_us, row.id) <= place[:2]][place[2] :]
    return Behind(figure.what, whole, part, rows[:shown], _next(rows, shown, place))


def _facts(connection: Connection, figure: Told, asked: Request, known: Facts) -> list[Fact]:
    name = figure.tell, asked.period.start_us
    if name not in known:
        known[name] = sorted(figure.tell(connection, asked), key=itemgetter(0, 1), reverse=True)  # instant and id
    return known[name]


def _rows(
    facts: Sequence[Fact],
    figure: Told,
    selector: Selector,
    keys: tuple[Mapping[str, str], Mapping[str, str]],
    most: int | None,
) -> list[Row]:
    """Those of the figure; not many more than `most`. `keys`: all that were given, and those that narrow the whole."""
    given, outer = keys
    rows: list[Row] = []
    for fact in facts:
        mark = fact.marks.get(figure.id)
        if mark is None or (selector.fold is not None and not selector.fold.has(fact.at_us)):
            continue
        if any(fact.keys.get(key) != value for key, value in outer.items()):
            continue
        inside = all(fact.keys.get(key) == value for key, value in given.items())
        rows.append(Row(fact.at_us, fact.id, mark[0] and inside, mark[1], fact.note))
        if most is not None and len(rows) > most:
            break
    return rows


def _next(rows: Sequence[Row], shown: int, place: _Place | None) -> str:
    """The cursor of the page after this one: its last row, and how many of the same call and instant were shown."""
    if len(rows) <= shown:
        return ""
    last = rows[shown - 1]
    same = sum((row.at_us, row.id) == (last.at_us, last.id) for row in rows[:shown])
    if place and (last.at_us, last.id) == place[:2]:
        same += place[2]
    return f"{last.at_us}:{same}:{last.id}"


def _place(cursor: str) -> _Place | None:
    if not cursor:
        return None
    instant, _, rest = cursor.partition(":")
    same, _, ident = rest.partition(":")
    if not (_whole(instant) and _whole(same)) or len(ident) > MOST_FILTER:
        raise BadRequest("the cursor is none that was given out")
    return int(instant), ident, int(same)


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18


_Place = tuple[int, str, int]  # instant, id, how many rows of both were shown
