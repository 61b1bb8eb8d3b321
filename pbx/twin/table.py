"""A bill or an export of call records as a table: Asterisk, FreePBX, 3CX, FreeSWITCH's CSV, an operator's bill."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from zoneinfo import ZoneInfo

from pbx.twin.columns import (
    PREAMBLE,
    SAMPLE,
    WORDS,
    by_content,
    by_heading,
    date_apart,
    heading_at,
    ours,
    unit_of,
)
from pbx.twin.dates import Order, instant, order_of
from pbx.twin.found import Reading
from pbx.twin.line import Line, take
from pbx.twin.record import TwinError
from pbx.twin.rows import Row, Rows
from pbx.twin.values import telephone

# Master.csv of Asterisk has no headings: cdr_csv writes these, in this order, and then what its configuration asks for.
MASTER = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start"),
    *("answer", "end", "duration", "billsec", "disposition", "amaflags"),
)
DISPOSITIONS = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")
# The order of FreeSWITCH's mod_cdr_csv in the template that comes with it.
CDR_CSV = (
    *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp"),
    *("end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode"),
)
SHORT = 5  # digits of an extension
_UNIQUEID = re.compile(r"(?:.*-)?\d+\.\d+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)


@dataclass(slots=True)
class Source:
    """How files are to be read: the wall clock's zone, the country of numbers without a prefix, columns by name."""

    zone: ZoneInfo
    country: str = "PL"
    columns: Mapping[str, str] = field(default_factory=dict)  # meaning to heading, or to its number from 1
    own: Sequence[str] = ()  # beginnings of our own numbers, E.164
    dates: Order | None = None  # None: as the file tells


def read_table(rows: Rows, source: Source) -> Reading:
    """Raises TwinError when there is no column of instants."""
    head = list(islice(rows(), PREAMBLE + SAMPLE))
    if not head:
        raise TwinError("the file has no line of text")
    form, headings, first, found = _columns([cells for _, cells in head], source)
    found = {**found, **_given(source.columns, headings)}
    if "at" not in found and not {"date", "time"} <= found.keys():
        raise TwinError(
            f"no column of {', '.join(headings[:20])} holds date and time: name it by --column at=HEADING "
            "(or date=... and time=...)"
        )
    sample = [cells for _, cells in head[first:]]
    reading = Reading(form, mapping={meaning: headings[n] for meaning, n in sorted(found.items())})
    order = _order(rows, first, found, source, reading, sample)
    units = {meaning: _unit(found, meaning, headings, sample) for meaning in ("talk", "duration", "wait")}
    for meaning, unit in units.items():
        if unit != 1:
            reading.notes.append(f"plain numbers under {headings[found[meaning]]!r} are read as minutes")
    line = Line(found, source.zone, source.country, _own(found, source, sample, reading), order, units)
    for number, cells in islice(rows(), first, None):
        take(reading, number, cells, line)
    line.remarks(reading)
    return reading


def _columns(rows: Sequence[Sequence[str]], source: Source) -> tuple[str, list[str], int, dict[str, int]]:
    """(form, headings, number of the first row of values, columns by meaning)"""
    zone = source.zone
    width = max(len(row) for row in rows[:20])
    numbers = [str(n + 1) for n in range(width)]
    if _fits(rows, lambda row: len(row) >= 16 and row[14] in DISPOSITIONS and _instant(row[9], zone)):
        headings = [*MASTER, *_added(rows, width)]
        return "Asterisk Master.csv", headings, 0, _known(headings)
    if _fits(rows, lambda row: len(row) >= 11 and _instant(row[4], zone) and _UUID.fullmatch(row[10]) is not None):
        headings = [*CDR_CSV, *numbers[len(CDR_CSV) :]]
        return "FreeSWITCH mod_cdr_csv", headings, 0, _known(headings)
    heading = heading_at(rows, source.columns.values(), zone)
    if heading is None:
        return "CSV without headings", numbers, 0, by_content(rows, zone)
    headings, first = list(rows[heading]), heading + 1
    return "CSV", headings, first, date_apart(by_heading(headings), rows[first:], zone)


def _known(headings: Sequence[str]) -> dict[str, int]:
    """Of a form whose columns are known: those of instants are whole ones."""
    return {meaning: n for meaning, n in by_heading(headings).items() if meaning not in ("date", "time")}


def _added(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The columns behind the sixteenth, by what stands in them: the call's own id, the user's field, that of the
    account at the far end, the id of all legs, their number."""
    names = []
    for n in range(len(MASTER), width):
        cells = [row[n] for row in rows if n < len(row) and row[n]]
        if cells and all(_UNIQUEID.fullmatch(cell) for cell in cells):
            names.append("linkedid" if "uniqueid" in names else "uniqueid")
        else:
            names.append(f"field {n + 1}")
    return names


def _fits(rows: Sequence[Sequence[str]], test: Callable[[Sequence[str]], bool]) -> bool:
    """Whether the first row and most of the others pass."""
    looked = rows[:20]
    return test(looked[0]) and sum(map(test, looked)) >= 0.8 * len(looked)


def _instant(text: str, zone: ZoneInfo) -> bool:
    try:
        instant(text, zone)
    except (ValueError, OverflowError):
        return False
    return True


def _given(given: Mapping[str, str], headings: Sequence[str]) -> dict[str, int]:
    found = {}
    for meaning, heading in given.items():
        if meaning not in WORDS:
            raise TwinError(f"a column cannot mean {meaning!r}; the meanings are {', '.join(WORDS)}")
        if heading in headings:
            found[meaning] = headings.index(heading)
        elif heading.isdigit() and 1 <= int(heading) <= len(headings):
            found[meaning] = int(heading) - 1
        else:
            raise TwinError(f"there is no column {heading!r}; there are: {', '.join(headings)}")
    return found


def _unit(found: Mapping[str, int], meaning: str, headings: Sequence[str], sample: Sequence[Sequence[str]]) -> float:
    n = found.get(meaning)
    return 1.0 if n is None else unit_of(headings[n], [cells[n] for cells in sample if n < len(cells)])


def _own(
    found: Mapping[str, int], source: Source, sample: Sequence[Sequence[str]], reading: Reading
) -> tuple[str, ...]:
    """Our own numbers: those that were given, or the one on every line of a bill."""
    if source.own or not {"from", "to"} <= found.keys():
        return tuple(source.own)
    ends = (found["from"], found["to"])
    pairs = [
        (telephone(cells[ends[0]], source.country), telephone(cells[ends[1]], source.country))
        for cells in sample
        if max(ends) < len(cells)
    ]
    number = ours(pairs)
    if len(number.lstrip("+")) <= SHORT:
        return ()
    reading.notes.append(f"{number} is on nearly every line: taken as our own number (--own names others)")
    return (number,)


def _order(
    rows: Rows, first: int, found: Mapping[str, int], source: Source, reading: Reading, sample: Sequence[Sequence[str]]
) -> Order:
    """Which of day and month stands first, by all dates of the file; what was decided is noted."""
    if source.dates is not None:
        reading.notes.append(f"dates are read as {_SAID[source.dates]}, as --dates says")
        return source.dates
    column = found["at"] if "at" in found else found["date"]
    told = order_of(cells[column] for cells in sample if column < len(cells))
    if not (told.day_first or told.month_first or told.either) or any(
        "." in cell for cells in sample[:1] for cell in cells[column : column + 1]
    ):
        return "dmy"
    days = order_of(_column(rows(), first, column))
    if days.doubt:
        order: Order = "mdy" if source.country == "US" else "dmy"
        other: Order = "dmy" if order == "mdy" else "mdy"
        reading.notes.append(
            f"{days.example!r} and all other dates of the file can be {_SAID['dmy']} or {_SAID['mdy']}: "
            f"read as {_SAID[order]}; --dates {other} reads them the other way"
        )
        return order
    if days.day_first and days.month_first:
        reading.notes.append(
            f"{days.day_first:,} dates put the day first, {days.month_first:,} the month: the file has both, and is "
            f"read as {_SAID[days.order]}"
        )
    elif days.either:
        reading.notes.append(f"dates are read as {_SAID[days.order]}: the file has days over twelve there")
    return days.order


_SAID = {"dmy": "day/month", "mdy": "month/day"}


def _column(rows: Iterator[Row], first: int, column: int) -> Iterator[str]:
    for _, cells in islice(rows, first, None):
        if column < len(cells) and cells[column][:1].isdigit():
            yield cells[column]
