"""Reading CSV tables that people send: separators and encodings as they come, every fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

MAX_FAULTS = 20  # told at once
MAX_ROWS = 1_000_000


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
    """The text of a file: UTF-8, else Windows-1251, which Russian authorities still publish in."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


def rows(text: str, faults: Faults) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, {column: cell}) of every row; column names in small letters. Faults: no header, a row that is too long."""
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text), delimiter=separator)
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
