"""The first sheet with anything in it of an Excel workbook (.xlsx, ECMA-376), row by row, without a library.

Only what a table of calls needs: texts, numbers, dates (serial numbers under a format of dates), durations (fractions
of a day under a format of times).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from pbx.twin.record import TwinError
from pbx.twin.rows import Row

MOST_TEXTS = 512 << 20  # bytes of shared texts, unpacked
MOST_CELLS = 16_384  # of a row, as Excel has it
TABLE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
BEGINNING = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}
DATES, TIMES = frozenset({14, 15, 16, 17, 22, *range(27, 37)}), frozenset({18, 19, 20, 21, 45, 46, 47})  # built in
REMEDY = "open it in a spreadsheet, save it as .xlsx or CSV, and give that"


def is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


class Workbook:
    """TwinError for a zip file that is none, and for a sheet that is damaged."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError) as error:
            raise TwinError(f"it is damaged: {error}; {REMEDY}") from None
        names = self._zip.namelist()
        if "xl/workbook.xml" not in names:
            book = any(name in names for name in ("content.xml", "xl/workbook.bin"))
            if book:
                raise TwinError(f"it is a workbook of another kind than .xlsx: {REMEDY}")
            raise TwinError("it is a zip archive: unpack it and give the folder")
        self._sheets = sorted(
            (name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)),
            key=lambda name: int("".join(filter(str.isdigit, name))),
        )
        try:
            self._texts = self._shared() if "xl/sharedStrings.xml" in names else []
            self._kinds = self._styles() if "xl/styles.xml" in names else []
            self._since = BEGINNING[b'date1904="1"' in self._zip.read("xl/workbook.xml").replace(b"true", b"1")]
        except (ElementTree.ParseError, zipfile.BadZipFile, OSError, ValueError) as error:
            raise TwinError(f"it is damaged: {error}; {REMEDY}") from None

    def rows(self) -> Iterator[Row]:
        """Of the first sheet that has two rows or more."""
        for name in self._sheets:
            count = 0
            for row in self._sheet(name):
                count += 1
                yield row
            if count > 1:
                return

    def _sheet(self, name: str) -> Iterator[Row]:
        try:
            with self._open(name) as file:
                for number, element in enumerate(_parsed(file, "row"), 1):
                    cells = self._cells(element)
                    if any(cells):
                        yield int(element.get("r") or number), cells
        except (ElementTree.ParseError, zipfile.BadZipFile, OSError, ValueError, IndexError) as error:
            raise TwinError(f"{name} is damaged: {error}; {REMEDY}") from None

    def _open(self, name: str) -> IO[bytes]:
        with self._zip.open(name) as file:
            if b"<!DOCTYPE" in file.read(2000):
                raise TwinError("it has a document type definition, which workbooks never have")
        return self._zip.open(name)

    def _cells(self, row: ElementTree.Element) -> list[str]:
        found: list[str] = []
        for cell in row:
            if _local(cell) != "c":
                continue
            at = _column(cell.get("r") or "", len(found))
            if at >= MOST_CELLS:
                raise ValueError(f"a cell in column {at + 1}")
            found += [""] * (at - len(found))
            found.append(self._value(cell).strip())
        return found

    def _value(self, cell: ElementTree.Element) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _text(cell)
        told = next((child.text or "" for child in cell if _local(child) == "v"), "")
        if kind == "s":
            return self._texts[int(told)] if told else ""
        if kind != "n" or not told:
            return told.replace("T", " ") if kind == "d" else told
        style = int(cell.get("s") or 0)
        return self._number(told, self._kinds[style] if style < len(self._kinds) else "")

    def _number(self, told: str, kind: str) -> str:
        value = float(told)
        if kind == "date" and value >= 1:
            at = self._since + timedelta(seconds=round(value * 86_400))
            return f"{at:%Y-%m-%d}" if value == int(value) else f"{at:%Y-%m-%d %H:%M:%S}"
        if kind in ("date", "time"):
            seconds = round(value * 86_400)
            return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
        return f"{value:.0f}" if value == int(value) else told

    def _shared(self) -> list[str]:
        if self._zip.getinfo("xl/sharedStrings.xml").file_size > MOST_TEXTS:
            raise TwinError("its texts have over 512 MiB: save it as CSV and give that")
        with self._open("xl/sharedStrings.xml") as file:
            return [_text(element) for element in _parsed(file, "si")]

    def _styles(self) -> list[str]:
        """ "date", "time" or "" of each style of cells."""
        with self._open("xl/styles.xml") as file:
            root = ElementTree.parse(file).getroot()  # noqa: S314 - without DTD there are no entities
        own = {
            int(one.get("numFmtId") or 0): _kind(one.get("formatCode") or "")
            for one in root.iter()
            if _local(one) == "numFmt"
        }
        formats: Iterable[ElementTree.Element] = next((one for one in root if _local(one) == "cellXfs"), [])
        numbers = [int(one.get("numFmtId") or 0) for one in formats]
        return [own.get(n, "date" if n in DATES else "time" if n in TIMES else "") for n in numbers]


def _kind(code: str) -> str:
    """What a format of numbers shows, by its letters outside of quotes and brackets."""
    letters = re.sub(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.', "", code.lower().split(";")[0])
    if "y" in letters or "d" in letters:
        return "date"
    return "time" if "h" in letters or "s" in letters else ""


def _parsed(file: IO[bytes], name: str) -> Iterator[ElementTree.Element]:
    """Elements one by one; those that were seen are let go, or a sheet would be held whole."""
    tags = (TABLE + name, STRICT + name)
    above: list[ElementTree.Element] = []
    for event, element in ElementTree.iterparse(file, events=("start", "end")):  # noqa: S314 - no DTD, no entities
        if event == "start":
            above.append(element)
            continue
        above.pop()
        if element.tag in tags:
            yield element
            if above:
                above[-1].remove(element)


def _text(element: ElementTree.Element) -> str:
    """With all its runs, without the readings of Japanese."""
    if _local(element) == "t":
        return element.text or ""
    return "".join(_text(child) for child in element if _local(child) != "rPh")


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _column(name: str, otherwise: int) -> int:
    """AB12 as 27."""
    found = 0
    for letter in name.upper():
        if not "A" <= letter <= "Z":
            break
        found = found * 26 + ord(letter) - 64
    return found - 1 if found else otherwise
