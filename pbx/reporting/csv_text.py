"""Text for tables and CSV (RFC 4180) that no terminal and no spreadsheet executes: what a caller sent stays text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

Cell = str | int | float | bool | None

_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"\+[0-9]{1,15}")  # E.164 is a number to a spreadsheet as well: harmless, and wanted as it is
_DIRECTION = (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROL = dict.fromkeys((*range(32), *range(127, 0xA0)), " ") | dict.fromkeys(_DIRECTION, "")


def plain(text: str) -> str:
    """`text` on one line, without control characters (escape sequences!) and without marks that reverse its
    direction.
    """
    return text.translate(_CONTROL)


def safe(value: Cell) -> str | int | float:
    """A cell as it may be written: text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return value
    text = plain(value)
    if value.startswith(_TRIGGERS) or text.lstrip().startswith(_TRIGGERS):
        return text if _NUMBER.fullmatch(text) else "'" + text
    return text


def to_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A header line and a line per row, each ended by CRLF, quoted where RFC 4180 asks for it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([safe(name) for name in header])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()
