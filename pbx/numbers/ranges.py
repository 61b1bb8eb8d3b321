"""Ranges of numbers by region and operator, as numbering authorities publish them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pbx.numbers.table import Faults

MAX_DIGITS = 15


class Place(NamedTuple):
    """Where a range of numbers belongs. Of mobile numbers some authorities tell the operator alone."""

    region: str
    operator: str = ""


class Span(NamedTuple):
    """A range as a line of a file has it."""

    first: int
    last: int
    place: Place
    line: int


class RangeTable:
    """Disjoint ranges of E.164 digits, in order. Half a million of them take about 12 MB."""

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._first, self._last, self._index = array("q"), array("q"), array("l")
        self._places: list[Place] = []
        self._known: dict[Place, int] = {}
        for span in spans:
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


def disjoint(spans: Iterable[Span], faults: Faults) -> list[Span]:
    """Ranges in order that share no number: of two the one that lies within the other is the better told. Faults: two
    that overlap without that, and say different things.
    """
    found: list[Span] = []
    around: list[Span] = []  # those that the present one lies within
    free = 0  # the first number that is not told yet

    def end() -> int:
        last = around.pop()
        if free <= last.last:
            found.append(last if last.first == free else last._replace(first=free))
        return max(free, last.last + 1)

    for span in sorted(spans, key=lambda span: (span.first, -span.last, span.line)):
        while around and around[-1].last < span.first:
            free = end()
        if around:
            outer = around[-1]
            if span.last <= outer.last and span.place == outer.place:
                continue
            if span.last > outer.last or span[:2] == outer[:2]:
                faults.add(span.line, f"{span.first} to {span.last} overlaps {outer.first} to {outer.last}")
                continue
            if free < span.first:
                found.append(outer._replace(first=free, last=span.first - 1))
        free = span.first
        around.append(span)
    while around:
        free = end()
    return found
