"""Ranges of numbers that were imported while the PBX runs: tables by name, kept over a restart.

An import comes in parts. Nothing of it counts before the last one is durable, and then all of it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pbx.numbers.ranges import Place, RangeTable

MAX_RANGES = 1_000_000  # of all tables
MAX_TABLES = 20
MAX_PART = 5000  # ranges of one part
MAX_NAME = 200
MAX_COMING = 3  # imports at once
_NAME = re.compile(r"[\w .()+-]{1,64}")

Row = tuple[int, int, str, str]  # first, last, region, operator


class RangeError(ValueError):
    """A part of an import is refused; the text says why."""


class RangeStore(Protocol):
    """What the book needs of a store; each method raises what the store raises."""

    def load(self) -> dict[str, RangeTable]:
        """The tables that were imported whole, the one that came last at the end."""
        ...

    async def add(self, name: str, rows: Sequence[Row]) -> None:
        """Keeps a part of a table that does not count yet."""
        ...

    async def finish(self, name: str) -> None:
        """From now on the parts of `name` that were added are the table, in place of the one of that name."""
        ...

    async def remove(self, name: str) -> None:
        """Takes out a table, or what there is of one that was not finished."""
        ...


class RangeBook:
    """`tables` are those in force by name; `changed` is told when they are others."""

    def __init__(self, store: RangeStore | None = None) -> None:
        self._store = store
        self.tables: dict[str, RangeTable] = store.load() if store is not None else {}
        self.changed: Callable[[], None] = lambda: None
        self._coming: dict[str, RangeTable] = {}

    def all(self) -> list[RangeTable]:
        """What is asked first comes first: the table that was imported last."""
        return list(reversed(self.tables.values()))

    async def take(self, name: str, rows: Sequence[Any], *, begin: bool, end: bool) -> int:
        """One part of an import; returns how many ranges came so far. Raises RangeError, and what the store raises."""
        store = self._ready(name)
        if begin:
            if len(self.tables.keys() | {name}) > MAX_TABLES:
                raise RangeError(f"there are {MAX_TABLES} tables; remove one with `centrala regions remove`")
            await self._give_up(store, name)
            self._coming[name] = RangeTable()
        table = self._coming.get(name)
        if table is None:
            raise RangeError("the import did not begin here: import the file again")
        try:
            part = self._checked(name, table, rows)
        except RangeError:
            self._coming.pop(name, None)
            await store.remove(f"{name}\n")
            raise
        await store.add(name, part)
        if end:
            await store.finish(name)
            self.tables.pop(name, None)
            self.tables[name] = self._coming.pop(name)
            self.changed()
        return len(table)

    async def remove(self, name: str) -> bool:
        """Takes out a table; False when there is none. Raises what the store raises."""
        if name not in self.tables:
            return False
        await self._ready(name).remove(name)
        del self.tables[name]
        self.changed()
        return True

    async def _give_up(self, store: RangeStore, name: str) -> None:
        """An import of `name` begins anew; of others that did not end the oldest goes, where there are many."""
        others = [known for known in self._coming if known != name]
        for gone in (name, *others[: max(0, len(others) + 1 - MAX_COMING)]):
            self._coming.pop(gone, None)
            await store.remove(f"{gone}\n")

    def _ready(self, name: str) -> RangeStore:
        if not _NAME.fullmatch(name):
            raise RangeError(f"{name[:70]!r} is no name of a table: 1 to 64 letters, digits, spaces and .()+-")
        if self._store is None:
            raise RangeError("nothing can be kept here")
        return self._store

    def _checked(self, name: str, table: RangeTable, rows: Sequence[Any]) -> list[Row]:
        others = sum(len(other) for known, other in self.tables.items() if known != name)
        if len(rows) > MAX_PART or others + len(table) + len(rows) > MAX_RANGES:
            raise RangeError(f"at most {MAX_PART} ranges at once and {MAX_RANGES} in all")
        part: list[Row] = []
        for row in rows:
            try:
                first, last, region, operator = row
                if not (isinstance(region, str) and isinstance(operator, str) and (region or operator)):
                    raise ValueError("a range has a region or an operator")
                place = Place(region[:MAX_NAME], operator[:MAX_NAME])
                table.append(int(first), int(last), place)
            except (TypeError, ValueError) as error:
                raise RangeError(f"{str(row)[:100]}: {error}") from None
            part.append((int(first), int(last), place.region, place.operator))
        return part
