"""Ranges of numbers by region and operator, as numbering authorities publish them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import phonenumbers

from pbx.numbers.table import Faults, TableError, rows

MAX_DIGITS = 15
COLUMNS = "from, to (or prefix), region and optionally operator; or those of the Russian register (DEF, От, До)"
# What authorities call their columns, in small letters: of Russia, of Poland.
FROM = ("from", "od", "zakres od", "numer od", "początek", "poczatek", "start", "first")
TO = ("to", "do", "zakres do", "numer do", "koniec", "end", "last")
PREFIX = ("zakres", "numeracja", "zakres numeracji", "numery", "range")
AREA = ("ab", "wskaźnik strefy", "wsn", "strefa ab", "area code")
REGION = ("region", "регион", "strefa numeracyjna", "nazwa strefy", "strefa", "obszar", "województwo", "miejscowość")
OPERATOR = ("operator", "оператор", "dostawca", "przedsiębiorca", "nazwa przedsiębiorcy")


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
        self._first, self._last, self._index = array("q"), array("q"), array("l")
        self._places: list[Place] = []
        self._known: dict[Place, int] = {}
        for span in sorted(spans):
            self.append(span.first, span.last, span.place)

    def append(self, first: int, last: int, place: Place) -> None:
        """One range more, after all that are there. Raises ValueError where it is none, or does not come after them."""
        if not 0 <= first <= last < 10**MAX_DIGITS:
            raise ValueError(f"{first} to {last} is no range")
        if self._last and first <= self._last[-1]:
            raise ValueError(f"{first} to {last} does not come after {self._last[-1]}")
        index = self._known.get(place)
        if index is None:
            index = self._known[place] = len(self._places)
            self._places.append(place)
        self._first.append(first)
        self._last.append(last)
        self._index.append(index)

    def rows(self) -> Iterator[tuple[int, int, str, str]]:
        """(first, last, region, operator) in order."""
        for first, last, index in zip(self._first, self._last, self._index, strict=True):
            place = self._places[index]
            yield first, last, place.region, place.operator

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


def read_ranges(texts: Iterable[tuple[str, str]], country: str = "") -> RangeTable:
    """One table of (name, CSV text) pairs. Raises TableError with every faulty line; ranges must not overlap.

    Numbers as long as those of `country` (ISO 3166) are read as its national ones.
    """
    code, length = _national(country)
    spans: list[_Span] = []
    faults: list[str] = []
    for name, text in texts:
        found = Faults(name)
        mine = list(_spans(text, found, code, length))
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


def _national(country: str) -> tuple[str, int]:
    """Country code and length of a country's numbers; ("", 0) where they have several lengths."""
    if not country:
        return "", 0
    example = phonenumbers.example_number(country.upper())
    lengths = {len(str(phonenumbers.national_significant_number(example)))} if example is not None else set()
    code = phonenumbers.country_code_for_region(country.upper())
    return (str(code), lengths.pop()) if len(lengths) == 1 and code else ("", 0)


def _cell(row: dict[str, str], names: tuple[str, ...]) -> str:
    """The first of these columns that says something."""
    return next((row[name] for name in names if row.get(name)), "")


def _spans(text: str, faults: Faults, code: str, length: int) -> Iterable[_Span]:
    places: dict[Place, Place] = {}  # one object for equal ones
    count = 0
    for line, row in rows(text, faults):
        bounds = _bounds(row, code, length)
        region = _cell(row, REGION)
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
        place = Place(region, _cell(row, OPERATOR))
        yield _Span(first, last, places.setdefault(place, place), line)
    if not count and not faults.found:
        faults.add(1, "has no range")


def _known(row: dict[str, str]) -> bool:
    return any(name in row for name in (*FROM, *PREFIX, "prefix", "от"))


def _bounds(row: dict[str, str], code: str, length: int) -> tuple[int, int] | None:
    """First and last number of a row, country code included."""
    if "от" in row:  # the Russian register: code, and seven digits within it
        area = next((cell for name, cell in row.items() if "def" in name), "")
        first, last = area + row["от"].zfill(10 - len(area)), area + row.get("до", "").zfill(10 - len(area))
        return _pair(f"7{first}", f"7{last}") if len(first) == len(last) == 10 else None
    area = _digits(_cell(row, AREA))
    if row.get("prefix"):  # country code included
        return _prefix(row)
    first, last = _digits(_cell(row, FROM)), _digits(_cell(row, TO))
    if first and last:
        return _pair(_full(first, area, code, length), _full(last, area, code, length))
    pattern = _cell(row, PREFIX)
    begin, dash, end = pattern.partition("-")
    if dash and len(_digits(begin)) == len(_digits(end)):
        return _pair(_full(_digits(begin), area, code, length), _full(_digits(end), area, code, length))
    if not length:
        return None
    digits = _digits(pattern.lower().replace("x", ""))
    full = _full(digits, area, code, length, part=True)
    return _pair(full.ljust(len(code) + length, "0"), full.ljust(len(code) + length, "9")) if full else None


def _full(digits: str, area: str, code: str, length: int, *, part: bool = False) -> str:
    """National digits with area and country code; others as they are."""
    if not length or (digits.startswith(code) and len(digits) > length):
        return digits
    if area and not digits.startswith(area):
        digits = area + digits
    return code + digits if len(digits) == length or (part and 0 < len(digits) < length) else digits


def _digits(text: str) -> str:
    """`text` without what people write between digits; "" when it is no number."""
    plain = "".join(mark for mark in text if mark not in " +()-./\u00a0")
    return plain if plain.isascii() and plain.isdigit() else ""


def _prefix(row: dict[str, str]) -> tuple[int, int] | None:
    prefix = row.get("prefix", "").removeprefix("+")
    length = int(row["length"]) if row.get("length", "").isdigit() else 11
    if not prefix.isdigit() or len(prefix) > length or length > MAX_DIGITS:
        return None
    return _pair(prefix.ljust(length, "0"), prefix.ljust(length, "9"))


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
