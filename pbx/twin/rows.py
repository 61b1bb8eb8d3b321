"""Rows of a CSV file, one after the other, with the numbers of their lines."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice

from pbx.twin.record import TwinError

Row = tuple[int, list[str]]
Rows = Callable[[], Iterator[Row]]  # from the beginning, each time
Lines = Callable[[], Iterator[str]]
MARKS = (";", ",", "\t", "|")
LOOKED_AT = 200  # lines


def csv_rows(lines: Lines) -> Rows:
    """TwinError, when they are read, for a quotation mark that is not closed."""
    head = list(islice(lines(), LOOKED_AT))
    told = head[0].strip().casefold() if head else ""  # as Excel writes for itself
    mark = told[4:5] if told.startswith("sep=") and len(told) == 5 else delimiter(head)

    def rows() -> Iterator[Row]:
        reader = csv.reader((line.replace("\0", "") for line in lines()), delimiter=mark)
        try:
            for row in reader:
                if any(row) and not (reader.line_num == 1 and told.startswith("sep=")):
                    yield reader.line_num, [cell.strip() for cell in row]
        except csv.Error as error:
            raise TwinError(
                f"line {reader.line_num}: it is no CSV ({error}); is a quotation mark not closed?"
            ) from None

    return rows


def delimiter(head: list[str]) -> str:
    """The mark that cuts most lines into the same number of cells, and into most: money has commas, too."""

    def fit(mark: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(head, delimiter=mark) if len(row) > 1)
        except csv.Error:
            return 0, 0
        return max(((count * width, width) for width, count in widths.items()), default=(0, 0))

    return max(MARKS, key=fit)
