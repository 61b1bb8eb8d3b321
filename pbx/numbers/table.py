"""Reading CSV tables that people send: separators and encodings as they come, every fault with its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

MAX_FAULTS = 20  # told at once
MAX_ROWS = 1_000_000
MAX_WORDS = 10_000  # by which an encoding is told
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls
_CYRILLIC = re.compile(rb"[\xa8\xb8\xc0-\xff]{2,}")  # a word of it in Windows-1251


class TableError(ValueError):
    """A table is refused; the text lists its faults, one a line."""

    def __init__(self, name: str, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(f"{name}: {fault}" for fault in faults[:MAX_FAULTS]))


class Faults:
    """Collects the faults of one table; `check` raises what was found."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[str] = []

    def add(self, line: int, text: str) -> None:
        if len(self.found) < MAX_FAULTS:
            self.found.append(f"line {line}: {text}")
        elif len(self.found) == MAX_FAULTS:
            self.found.append("and more")

    def check(self) -> None:
        """Raises TableError when there is a fault."""
        if self.found:
            raise TableError(self.name, self.found)


def decode(data: bytes) -> str:
    """The text of a file: UTF-8, else Windows-1251 or 1250, which authorities still publish in: where most letters
    beyond ASCII stand beside another such letter they are Cyrillic, Polish ones stand alone. Raises TableError.
    """
    if data.startswith(WORKBOOKS):
        raise TableError("the file", ["it is a workbook of Excel: save it as CSV (UTF-8)"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251" if _is_cyrillic(data) else "cp1250", "replace")


def _is_cyrillic(data: bytes) -> bool:
    """By the first words, which are enough; all of a file of 64 MB would be a gigabyte of them."""
    words = [(found.start(), found.end()) for found in islice(_CYRILLIC.finditer(data), MAX_WORDS)]
    seen = data if len(words) < MAX_WORDS else data[: words[-1][1]]
    beyond = len(seen) - len(seen.translate(None, bytes(range(128, 256))))
    return 2 * sum(end - begin for begin, end in words) > beyond


def rows(text: str, faults: Faults, *, bare: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, {column: cell}) of every row; column names in small letters. Faults: no header, a row that is too long.

    `bare`: no cell has several lines, so that a line with an odd quotation mark says that they are part of names.
    """
    separator = max(",;\t", key=text.partition("\n")[0].count)
    plain = bare and any(line.count('"') % 2 for line in text.splitlines())
    reader = csv.reader(io.StringIO(text), delimiter=separator, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not any(header):
            faults.add(1, "the table is empty: its first line must name the columns")
            return
        for count, cells in enumerate(reader):
            if count >= MAX_ROWS:
                faults.add(reader.line_num, f"more than {MAX_ROWS} rows")
                return
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                faults.add(reader.line_num, f"has {len(cells)} cells, the header {len(header)}")
                continue
            cells += [""] * (len(header) - len(cells))
            yield reader.line_num, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    except csv.Error as error:
        faults.add(reader.line_num, str(error))
