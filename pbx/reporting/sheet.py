"""A report as data: columns with their units and rows, from which a table, CSV and JSON are made alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pbx.reporting.csv_text import plain, to_csv

Value = str | int | float | None
DIGITS = {"share": 4, "seconds": 3, "money": 4}


class Unit(StrEnum):
    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # 0 to 1
    SECONDS = "seconds"
    MONEY = "money"  # in the currency that the report says


class Measure(StrEnum):
    """Of the rows behind a figure, each counted or not and with its value or without: what the figure is."""

    COUNT = "count"  # of those that are counted
    SHARE = "share"  # counted / all
    MEAN = "mean"  # of the values of the counted
    SUM = "sum"  # of the values of the counted
    MAX = "max"  # of the values
    P50 = "p50"  # of the values of the counted, nearest rank
    P90 = "p90"
    MEDIAN = "median"
    RATIO = "ratio"  # sum of the values of the counted / sum of all values
    EACH = "each"  # sum of all values / counted
    QUOTIENT = "quotient"  # sum of the values of the counted / sum of those of the others
    CURVE = "curve"  # a curve through the values, as the report's notes say


_MEASURES = {
    Unit.TEXT: Measure.COUNT,
    Unit.COUNT: Measure.COUNT,
    Unit.SHARE: Measure.SHARE,
    Unit.SECONDS: Measure.MEAN,
    Unit.MONEY: Measure.SUM,
}


@dataclass(frozen=True, slots=True)
class Column:
    """`name` in CSV and JSON, `title` above the table, broken as a narrow one wants it. `formula` is the id of what it
    is computed by (pbx.reporting.formulas).
    """

    name: str
    title: str
    unit: Unit = Unit.COUNT
    formula: str = ""
    measure: Measure | None = None  # how it follows from the rows of the formula; None: as the unit says
    shown: bool = True  # in tables that people read; CSV and JSON have every column
    rare: bool = False  # in tables that people read only where a row has some

    @property
    def measured(self) -> Measure:
        """How the figure follows from the rows behind it."""
        return self.measure or _MEASURES[self.unit]

    @property
    def heading(self) -> str:
        """The title on one line."""
        return self.title.replace("-\n", "").replace("\n", " ")


@dataclass(slots=True)
class Sheet:
    """`notes` say which formulas the figures follow; they stand below the table and in the JSON, and behind them the
    `remarks`, which differ from one making to the next. `bar` names the column that is drawn beside its rows.
    """

    title: str
    columns: Sequence[Column]
    rows: list[Sequence[Value]] = field(default_factory=list)
    notes: str = ""
    remarks: str = ""
    bar: str = ""

    @property
    def below(self) -> str:
        """What stands below the table."""
        return "\n".join(filter(None, (self.notes, self.remarks)))

    def csv(self) -> str:
        return to_csv([column.name for column in self.columns], [self._rounded(row) for row in self.rows])

    def json(self) -> str:
        return json.dumps(self.data(), ensure_ascii=False, indent=2)

    def data(self) -> dict[str, Any]:
        names = [column.name for column in self.columns]
        rows = [dict(zip(names, self._rounded(row), strict=True)) for row in self.rows]
        columns = [
            {
                **{"name": one.name, "title": one.heading, "unit": one.unit.value, "formula": one.formula},
                "measure": one.measured.value if one.formula else "",
            }
            for one in self.columns
        ]
        return {"title": self.title, "columns": columns, "rows": rows, "notes": self.below}

    def _rounded(self, row: Sequence[Value]) -> list[Value]:
        cells: list[Value] = []
        for column, value in zip(self.columns, row, strict=True):
            if isinstance(value, str):
                cells.append(plain(value))
            elif isinstance(value, float) and column.unit.value in DIGITS:
                cells.append(round(value, DIGITS[column.unit.value]))
            else:
                cells.append(value)
        return cells
