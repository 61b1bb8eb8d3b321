"""A report as data: columns with their units and rows, from which a table, CSV and JSON are made alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pbx.reporting.export import plain, to_csv

Value = str | int | float | None
DIGITS = {"share": 4, "seconds": 3}


class Unit(StrEnum):
    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # 0 to 1
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Column:
    """`name` in CSV and JSON, `title` above the table."""

    name: str
    title: str
    unit: Unit = Unit.COUNT


@dataclass(slots=True)
class Sheet:
    """`notes` say which formulas the figures follow; they stand below the table and in the JSON."""

    title: str
    columns: Sequence[Column]
    rows: list[Sequence[Value]] = field(default_factory=list)
    notes: str = ""

    def csv(self) -> str:
        return to_csv([column.name for column in self.columns], [self._rounded(row) for row in self.rows])

    def json(self) -> str:
        return json.dumps(self.data(), ensure_ascii=False, indent=2)

    def data(self) -> dict[str, Any]:
        names = [column.name for column in self.columns]
        rows = [dict(zip(names, self._rounded(row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": self.notes}

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
