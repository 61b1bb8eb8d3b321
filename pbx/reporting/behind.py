"""The calls behind a figure, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select

from pbx.reporting.export import utc
from pbx.reporting.formulas import FIGURES, Figure
from pbx.reporting.intervals import Interval
from pbx.reporting.queries import Thresholds
from pbx.reporting.request import MOST_FILTER, BadRequest
from pbx.reporting.sheet import Column, Sheet, Unit

MOST = 1000  # of a page
COLUMNS = (
    Column("at", "At (UTC)", Unit.TEXT),
    Column("id", "Id", Unit.TEXT),
    Column("what", "What", Unit.TEXT),
    Column("counted", "Counted"),
    Column("value", "Value"),
)


@dataclass(frozen=True, slots=True)
class Selector:
    """Which figure, of which period and of which queue, agent, trunk or tag."""

    figure: str
    period: Interval
    filters: Mapping[str, str] = field(default_factory=dict)

    def found(self) -> Figure:
        """The figure. Raises BadRequest for one that is unknown, and for a filter that it does not have."""
        figure = FIGURES.get(self.figure)
        if figure is None:
            raise BadRequest(f"no figure has the id {self.figure!r}: there are {', '.join(FIGURES)}")
        for name, value in self.filters.items():
            if name not in figure.source.keys:
                known = ", ".join(figure.source.keys)
                raise BadRequest(f"figure {figure.id} cannot be asked by {name!r}: it has {known}")
            if len(value) > MOST_FILTER:
                raise BadRequest(f"{name} is longer than {MOST_FILTER} characters")
        return figure

    def command(self) -> str:
        """What to write to see all of them."""
        given = "".join(f" --{name} {value}" for name, value in self.filters.items() if value)
        since, _, until = self.period.label.partition(" to ")
        return f"centrala report calls --figure '{self.figure}' --from {since} --to {until or since}{given}"


@dataclass(frozen=True, slots=True)
class Row:
    """A call or contact that the figure is made of; `counted`: it is in the numerator."""

    at_us: int
    id: str
    counted: bool
    value: float | None


@dataclass(slots=True)
class Behind:
    """`whole` and `part` count all rows of the figure, not only those of this page; `next` asks for the next one."""

    what: str
    whole: int
    part: int
    rows: list[Row]
    next: str = ""

    def data(self) -> dict[str, Any]:
        rows = [{"at": utc(row.at_us), "id": row.id, "counted": row.counted, "value": row.value} for row in self.rows]
        return {"what": self.what, "whole": self.whole, "part": self.part, "rows": rows, "next": self.next}

    def sheet(self, title: str) -> Sheet:
        """For the terminal and CSV."""
        rows = [(utc(row.at_us), row.id, self.what, int(row.counted), row.value) for row in self.rows]
        remark = f"{self.part} of {self.whole} are counted; shown: {len(rows)}"
        return Sheet(title, COLUMNS, [*rows], remarks=remark)


def behind(
    connection: Connection,
    selector: Selector,
    thresholds: Thresholds,
    *,
    limit: int = 100,
    cursor: str = "",
    counted: bool = True,
) -> Behind:
    """The rows of a figure. Without `counted` how many there are is left out, which takes long for a year. Raises
    BadRequest.
    """
    figure = selector.found()
    source = figure.source
    at, name = source.table.c[source.at], source.table.c[source.id]
    part = figure.part(thresholds)
    wanted = [
        source.base,
        figure.whole(thresholds),
        at >= selector.period.start_us,
        at < selector.period.end_us,
        *(source.table.c[source.keys[key]] == value for key, value in selector.filters.items() if value),
    ]
    counts = select(func.count(), func.coalesce(func.sum(case((part, 1), else_=0)), 0)).where(*wanted)
    whole, among = connection.execute(counts.select_from(source.table)).one() if counted else (0, 0)
    shown = min(max(limit, 1), MOST)
    value: ColumnElement[Any] = figure.value if figure.value is not None else literal(None)
    query = (
        select(at, name, case((part, 1), else_=0), value)
        .select_from(source.table)
        .where(*wanted, *_after(cursor, at, name))
        .order_by(at.desc(), name.desc())
        .limit(shown + 1)
    )
    rows = [Row(us, str(ident), bool(yes), amount) for us, ident, yes, amount in connection.execute(query)]
    more = rows[shown - 1] if len(rows) > shown else None
    following = f"{more.at_us}:{more.id}" if more is not None else ""
    return Behind(source.what, whole, among, rows[:shown], following)


def _after(cursor: str, at: ColumnElement[Any], name: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    if not cursor:
        return []
    instant, _, ident = cursor.partition(":")
    if not instant.isdecimal() or len(instant) > 18 or len(ident) > MOST_FILTER:
        raise BadRequest("the cursor is none that was given out")
    return [or_(at < int(instant), and_(at == int(instant), name < ident))]
