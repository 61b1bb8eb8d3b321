"""Tables that other systems export: which column means what, where the header stands, rows with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pbx.numbers.table import Faults, TableError, rows

PREAMBLE = 12  # lines that may stand above the header
TOTALS = ("total", "totals", "итого", "всего", "razem", "suma", "łącznie", "--")
MAX_BAD = 1000  # rows that are told one by one


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that cannot be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Field:
    """What a table may tell; `names` are how columns of it are called, in small letters with "_" for spaces."""

    name: str
    names: tuple[str, ...]
    needed: bool = False


@dataclass(slots=True)
class Table:
    """`columns`: column of the file to field. `unknown`: columns that mean nothing to us."""

    columns: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # (line, {field: cell})
    totals: int = 0  # rows of sums, passed over

    def cells(self, name: str) -> list[str]:
        """A field's cells that are not empty."""
        return [cells[name] for _, cells in self.rows if cells.get(name)]


def read(text: str, name: str, fields: Sequence[Field], mapping: Mapping[str, str] | None = None) -> Table:
    """The table of a CSV text. `mapping`: field to column, before the columns' own names.

    Raises TableError for a table that is none, or whose needed columns cannot be told.
    """
    faults = Faults(name)
    text, above = _below_preamble(text, fields, mapping or {})
    table = Table()
    for line, cells in _rows(text, faults):
        if not table.columns:
            _take_columns(table, list(cells), fields, mapping or {}, faults)
            if faults.found:
                break
        first = next((cell for cell in cells.values() if cell), "")
        if first.casefold().rstrip(":").startswith(TOTALS):
            table.totals += 1
            continue
        found: dict[str, str] = {}
        for column, what in table.columns.items():
            if cells.get(column):
                found.setdefault(what, cells[column])
        table.rows.append((line + above, found))
    if not table.rows and not faults.found:
        faults.add(1 + above, "has no row")
    faults.check()
    return table


def _rows(text: str, faults: Faults) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        yield from rows(text, faults)
    except ValueError as error:  # a header with the same name twice, which zip cannot tell apart
        faults.add(1, str(error))


def _below_preamble(text: str, fields: Sequence[Field], mapping: Mapping[str, str]) -> tuple[str, int]:
    """The text from its header on, and how many lines stand above: titles and periods of exports."""
    lines = text.split("\n", PREAMBLE)
    wanted = {_plain(column) for column in mapping.values()} | {known for one in fields for known in one.names}
    best, at = 1, 0
    for number, line in enumerate(lines[:PREAMBLE]):
        cells = {_plain(cell.strip().strip('"')) for cell in re.split(r"[,;\t]", line)}
        known = len(cells & wanted)
        if known > best:
            best, at = known, number
    return "\n".join(lines[at:]), at


def _take_columns(
    table: Table, names: list[str], fields: Sequence[Field], mapping: Mapping[str, str], faults: Faults
) -> None:
    known = {one.name for one in fields}
    for what, column in mapping.items():
        if what not in known:
            faults.add(1, f"{what!r} is no field: {', '.join(sorted(known))}")
        elif column.strip().lower() not in names:
            faults.add(1, f"has no column {column!r}; its columns are {', '.join(names)}")
        else:
            table.columns[column.strip().lower()] = what
    for one in fields:
        if one.name in table.columns.values():
            continue
        for known_name in one.names:
            column = next((name for name in names if _plain(name) == known_name and name not in table.columns), "")
            if column:
                table.columns[column] = one.name
                break
    table.unknown = [name for name in names if name and name not in table.columns]
    missing = [one.name for one in fields if one.needed and one.name not in table.columns.values()]
    if missing and not faults.found:
        faults.add(1, f"has no column for {' and '.join(missing)}; name it: {missing[0]}=COLUMN of {', '.join(names)}")


def _plain(name: str) -> str:
    return re.sub(r"[\s\-/().:]+", "_", name.strip().casefold()).strip("_")


__all__ = ["Bad", "Field", "Table", "TableError", "read"]
