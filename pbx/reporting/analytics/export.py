"""Writes call records to Parquet, a file for each table and month (UTC); a month that has not changed is left alone.

Runs in a process of its own: `centrala export parquet`. A file is written beside its place and moved there, so that a
reader never sees half of one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, Integer, Table, func, select

from pbx.reporting.analytics import AnalyticsError, connect, quoted
from pbx.store import schema
from pbx.store.schema_sms import sms_messages

ROWS = 50_000  # taken from the database at a time
PRIME = 1_000_000_007
STATE = "export.json"
# Table -> the instant by which a row belongs to a month.
TABLES: dict[Table, str] = {
    schema.cdrs: "started_us",
    schema.queue_visits: "joined_us",
    schema.queue_offers: "offered_us",
    schema.wait_promises: "told_us",
    schema.trunk_calls: "started_us",
    schema.callback_calls: "started_us",
    schema.contacts: "created_us",
    sms_messages: "created_us",
}
_TYPES = ((Boolean, "BOOLEAN", bool), (BigInteger, "BIGINT", np.int64), (Integer, "BIGINT", np.int64))


Told = Callable[[int, int], object]  # files that are as they should be, of how many


@dataclass(slots=True)
class Exported:
    """What was done."""

    written: int = 0  # files
    kept: int = 0
    rows: int = 0  # written


def export(connection: Connection, folder: Path, told: Told = lambda _done, _total: None) -> Exported:
    """Brings the files of the folder up to date and tells how far it is. Raises AnalyticsError and OSError."""
    found = Exported()
    folder.mkdir(parents=True, exist_ok=True)
    state_file = folder / STATE
    known = _state(state_file)
    parts = [(table, at, span) for table, at in TABLES.items() for span in _months(connection, table.c[at])]
    for done, (table, instant, (start, end)) in enumerate(parts):
        told(done, len(parts))
        month = f"{datetime.fromtimestamp(start / 1e6, UTC):%Y-%m}"
        name = f"{table.name}/month={month}"
        print_ = _print(connection, table, instant, (start, end))
        file = folder / name / "data.parquet"
        if known.get(name) == print_ and file.is_file():
            found.kept += 1
            continue
        found.rows += _write(connection, table, table.c[instant], (start, end), file)
        found.written += 1
        known[name] = print_
        _save(state_file, known)
    return found


def _state(file: Path) -> dict[str, list[int]]:
    try:
        return dict(json.loads(file.read_text()))
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError):
        raise AnalyticsError(f"{file} is damaged: remove it, and everything is exported anew") from None


def _save(file: Path, known: dict[str, list[int]]) -> None:
    draft = file.with_suffix(".part")
    draft.write_text(json.dumps(known, indent=0, sort_keys=True))
    draft.replace(file)


def _months(connection: Connection, at: Column[Any]) -> Iterator[tuple[int, int]]:
    """The months in which there is a row, as microseconds."""
    first, last = connection.execute(select(func.min(at), func.max(at))).one()
    if first is None:
        return
    moment = datetime.fromtimestamp(first / 1e6, UTC)
    year, month = moment.year, moment.month
    while True:
        start = datetime(year, month, 1, tzinfo=UTC)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        begin, end = (round(one.timestamp() * 1e6) for one in (start, datetime(year, month, 1, tzinfo=UTC)))
        if connection.execute(select(at).where(at >= begin, at < end).limit(1)).first() is not None:
            yield begin, end
        if end > last:
            return


def _print(connection: Connection, table: Table, instant: str, span: tuple[int, int]) -> list[int]:
    """What changes when a record of the month does: how many there are, and sums of its whole numbers and seconds.

    Of whole numbers their remainders: 6,000 instants in microseconds are over 64 bits.
    """
    at = table.c[instant]
    sums = [
        func.coalesce(func.sum(func.round(one * 1000) if isinstance(one.type, Float) else one % PRIME), 0)
        for one in table.columns
        if isinstance(one.type, (Float, Integer, BigInteger)) and not isinstance(one.type, Boolean)
    ]
    texts = [
        func.coalesce(func.sum(func.length(one)), 0)
        for one in table.columns
        if one.name in ("state", "outcome", "agent")
    ]
    row = connection.execute(select(func.count(), *sums, *texts).where(at >= span[0], at < span[1])).one()
    return [round(value) for value in row]


def _write(connection: Connection, table: Table, at: Column[Any], span: tuple[int, int], file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    columns = list(table.columns)
    rows = 0
    with connect() as duck:
        made = ", ".join(f'"{one.name}" {_kind(one)[0]}' for one in columns)
        duck.execute(f"CREATE TABLE rows ({made})")
        query = select(*columns).where(at >= span[0], at < span[1]).order_by(at)
        for part in connection.execute(query).partitions(ROWS):
            values = {one.name: _array(one, [row[n] for row in part]) for n, one in enumerate(columns)}
            duck.register("part", values)
            duck.execute("INSERT INTO rows SELECT * FROM part")
            duck.unregister("part")
            rows += len(part)
        duck.execute(f"COPY rows TO {quoted(str(draft))} (FORMAT parquet, COMPRESSION zstd)")
    draft.replace(file)
    return rows


def _kind(column: Column[Any]) -> tuple[str, Any]:
    for kind, name, array in _TYPES:
        if isinstance(column.type, kind):
            return name, array
    return ("DOUBLE", np.float64) if isinstance(column.type, Float) else ("VARCHAR", object)


def _array(column: Column[Any], values: list[Any]) -> Any:
    """An array of the column's type; NULL is masked."""
    _, kind = _kind(column)
    if not column.nullable or kind is object:
        return np.array(values, dtype=kind)
    void = [value is None for value in values]
    return np.ma.masked_array(np.array([value or 0 for value in values], dtype=kind), mask=void)
