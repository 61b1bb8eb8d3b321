"""Writes many rows with few statements.

`executemany` gives the GIL back and takes it again for every single row; with a busy main thread 1,000 rows then take
640 ms and make the event loop switch threads 1,000 times. One statement with many rows does it once: 7 ms in the same
situation. On SQLite the statements go to the driver's own cursor: SQLAlchemy's path around it costs as much as SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]

# Few sizes, so that each statement is compiled once and then found in the driver's cache; the smallest is 1.
SIZES = (256, 64, 16, 4, 1)


def slices(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Cuts `rows` into runs of the lengths of SIZES, the longest first."""
    at, left = 0, len(rows)
    for size in SIZES:
        while left >= size:
            yield rows[at : at + size]
            at += size
            left -= size


class BulkInsert:
    """The INSERT of one table. Rows are tuples in the order of the table's columns.

    A row whose primary key is known replaces the old one with `replace` (rows of one call must differ in their key),
    and is skipped without it: a batch may be sent again when nobody knows whether its commit was done.
    """

    def __init__(self, table: Table, *, replace: bool = False) -> None:
        names = [column.name for column in table.columns]
        self._width = len(names)
        self._head = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES "  # noqa: S608 - names come from the schema
        keys = [column.name for column in table.primary_key.columns]
        self._tail = f" ON CONFLICT ({', '.join(keys)}) DO NOTHING"
        if replace:
            changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
            self._tail = f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
        self._texts: dict[tuple[int, str], str] = {}

    def text(self, rows: int, mark: str = "?") -> str:
        """The statement for so many rows; `mark` is the driver's placeholder."""
        found = self._texts.get((rows, mark))
        if found is None:
            group = f"({', '.join([mark] * self._width)})"
            found = self._texts[rows, mark] = self._head + ", ".join([group] * rows) + self._tail
        return found

    def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Sends the rows within the connection's transaction; raises what SQLAlchemy raises."""
        if connection.dialect.name == "sqlite":
            self._write_sqlite(connection, rows)
            return
        for part in slices(rows):
            connection.exec_driver_sql(self.text(len(part), "%s"), tuple(chain.from_iterable(part)))

    def _write_sqlite(self, connection: Connection, rows: Sequence[Row]) -> None:
        cursor = connection.connection.cursor()
        try:
            for part in slices(rows):
                cursor.execute(self.text(len(part)), tuple(chain.from_iterable(part)))
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                self._head, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
            ) from error
        finally:
            cursor.close()
