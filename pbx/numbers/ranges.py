"""Ranges of numbers by region and operator, as numbering authorities publish them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from pbx.numbers.table import Faults, TableError, rows

MAX_DIGITS = 15
COLUMNS = "from, to (or prefix), region and optionally operator; or those of the Russian register (DEF, От, До)"


class Place(NamedTuple):
    """Where a range of numbers belongs."""

    region: str
    operator: str = ""


class _Span(NamedTuple):
    first: int
    last: int
    place: Place
    line: int


class RangeTable:
    """Disjoint ranges of E.164 digits. Half a million of them take about 12 MB."""

    def __init__(self, spans: Iterable[_Span] = ()) -> None:
        ordered = sorted(spans)
        self._first = array("q", (span.first for span in ordered))
        self._last = array("q", (span.last for span in ordered))
        self._places: list[Place] = []
        known: dict[Place, int] = {}
        self._index = array("l")
        for span in ordered:
            index = known.get(span.place)
            if index is None:
                index = known[span.place] = len(self._places)
                self._places.append(span.place)
            self._index.append(index)

    def __len__(self) -> int:
        return len(self._first)

    def find(self, e164: str) -> Place | None:
        """Where a number ("+79161234567") belongs; None when no range holds it."""
        digits = e164.removeprefix("+")
        if not self._first or not digits.isascii() or not digits.isdigit() or len(digits) > MAX_DIGITS:
            return None
        number = int(digits)
        at = bisect_right(self._first, number) - 1
        if at < 0 or self._last[at] < number:
            return None
        return self._places[self._index[at]]


def read_ranges(texts: Iterable[tuple[str, str]]) -> RangeTable:
    """One table of (name, CSV text) pairs. Raises TableError with every faulty line; ranges must not overlap."""
    spans: list[_Span] = []
    faults: list[str] = []
    for name, text in texts:
        found = Faults(name)
        mine = list(_spans(text, found))
        _overlaps(mine, found)
        faults += [f"{name}: {fault}" for fault in found.found]
        spans += mine
    together = Faults("")
    if not faults:
        _overlaps(spans, together)
        faults += together.found
    if faults:
        raise TableError("ranges", faults)
    return RangeTable(spans)


def _spans(text: str, faults: Faults) -> Iterable[_Span]:
    places: dict[Place, Place] = {}  # one object for equal ones
    count = 0
    for line, row in rows(text, faults):
        bounds = _bounds(row)
        region = row.get("region") or row.get("регион") or ""
        if bounds is None or not region:
            faults.add(line, f"is no range with a region; columns are {COLUMNS}")
            if not count and len(faults.found) == 1 and not _known(row):
                return
            continue
        first, last = bounds
        if first > last:
            faults.add(line, f"begins with {first} and ends with {last}")
            continue
        count += 1
        place = Place(region, row.get("operator") or row.get("оператор") or "")
        yield _Span(first, last, places.setdefault(place, place), line)
    if not count and not faults.found:
        faults.add(1, "has no range")


def _known(row: dict[str, str]) -> bool:
    return "from" in row or "prefix" in row or "от" in row


def _bounds(row: dict[str, str]) -> tuple[int, int] | None:
    """First and last number of a row, country code included."""
    if "от" in row:  # the Russian register: code, and seven digits within it
        code = next((cell for name, cell in row.items() if "def" in name), "")
        first, last = code + row["от"].zfill(10 - len(code)), code + row.get("до", "").zfill(10 - len(code))
        return _pair(f"7{first}", f"7{last}") if len(first) == len(last) == 10 else None
    if row.get("prefix"):
        prefix = row["prefix"].removeprefix("+")
        length = int(row["length"]) if row.get("length", "").isdigit() else 11
        if not prefix.isdigit() or len(prefix) > length or length > MAX_DIGITS:
            return None
        return _pair(prefix.ljust(length, "0"), prefix.ljust(length, "9"))
    return _pair(row.get("from", "").removeprefix("+"), row.get("to", "").removeprefix("+"))


def _pair(first: str, last: str) -> tuple[int, int] | None:
    if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
        return None
    if len(first) != len(last) or len(first) > MAX_DIGITS:
        return None
    return int(first), int(last)


def _overlaps(spans: list[_Span], faults: Faults) -> None:
    before: _Span | None = None
    for span in sorted(spans):
        if before is not None and span.first <= before.last:
            faults.add(span.line, f"{span.first} to {span.last} overlaps {before.first} to {before.last}")
        if before is None or span.last > before.last:
            before = span
