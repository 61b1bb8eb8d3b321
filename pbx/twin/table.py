"""A bill or an export of call records as CSV: FreePBX, FreeSWITCH's CSV, an operator's bill, our own."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from pbx.twin.columns import WORDS, by_content, by_heading, date_apart, heading_at
from pbx.twin.record import CallRecord, Reading, TwinError, Way
from pbx.twin.values import duration, instant, telephone

# Master.csv of Asterisk has no headings: cdr_csv writes these, in this order.
MASTER = (
    *(
        "accountcode",
        "src",
        "dst",
        "dcontext",
        "clid",
        "channel",
        "dstchannel",
        "lastapp",
        "lastdata",
        "start",
        "answer",
    ),
    *("end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"),
)
DISPOSITIONS = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")
ANSWERED = ("answered", "normal_clearing", "odebrane", "odebrano", "zrealizowane", "отвечен", "принят", "успешн", "ok")
NOT_ANSWERED = (
    *(
        "no answer",
        "noanswer",
        "busy",
        "failed",
        "missed",
        "cancel",
        "abandon",
        "congestion",
        "unanswered",
        "not answered",
    ),
    *("nieodebrane", "nieodebrano", "zajęte", "odrzucone", "не отвечен", "неотвечен", "пропущен", "занят", "отклонен"),
)
WAYS = {
    Way.IN: (
        *("in", "inbound", "incoming", "external in", "missed"),
        *("przychodzące", "przychodzace", "przychodząca", "nieodebrane", "входящий", "входящие", "входящий вызов"),
        *("пропущенный", "пропущенные", "пропущен"),
    ),
    Way.OUT: ("out", "outbound", "outgoing", "wychodzące", "wychodzace", "wychodząca", "исходящий", "исходящие"),
    Way.INTERNAL: ("internal", "local", "wewnętrzne", "внутренний", "внутренние"),
}
MOST_BYTES = 1 << 30


def read_table(text: str, zone: ZoneInfo, country: str, given: Mapping[str, str], own: Sequence[str] = ()) -> Reading:
    """`given`: meaning to heading (or number from 1), before what is detected. `own` are beginnings of our numbers.

    Raises TwinError when there is no column of instants.
    """
    rows = _rows(text)
    if not rows:
        raise TwinError("the file has no line of text")
    form, headings, first = "CSV", [str(n + 1) for n in range(len(rows[0]))], 0
    if _is_master(rows, zone):
        form, headings = "Asterisk Master.csv", [*MASTER, *headings[len(MASTER) :]]
        found = by_heading(headings)
    elif (heading := heading_at(rows, given.values(), zone)) is not None:
        headings, first = rows[heading], heading + 1
        found = date_apart(by_heading(headings), rows[first:], zone)
    else:
        found = by_content(rows, zone)
    found = {**found, **_given(given, headings)}
    if "at" not in found and "date" not in found:
        raise TwinError(
            f"no column of {', '.join(headings[:12])} holds date and time: name it by --column at=HEADING "
            "(or date=... and time=...)"
        )
    reading = Reading(form, mapping={meaning: headings[n] for meaning, n in sorted(found.items())})
    for line, row in enumerate(rows[first:], first + 1):
        _take(reading, line, row, found, (zone, country, tuple(own)))
    return reading


def _rows(text: str) -> list[list[str]]:
    sample = text[:20_000]
    counts = {mark: sample.count(mark) for mark in (";", ",", "\t", "|")}
    mark = max(counts, key=lambda one: counts[one])
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=mark) if any(row)]
    except csv.Error as error:
        raise TwinError(f"it is no CSV: {error}") from None


def _is_master(rows: Sequence[Sequence[str]], zone: ZoneInfo) -> bool:
    def fits(row: Sequence[str]) -> bool:
        if len(row) < 16 or row[14] not in DISPOSITIONS:
            return False
        try:
            instant(row[9], zone)
        except ValueError:
            return False
        return True

    return all(fits(row) for row in rows[:5])


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


def _take(
    reading: Reading,
    line: int,
    row: Sequence[str],
    found: Mapping[str, int],
    where: tuple[ZoneInfo, str, tuple[str, ...]],
) -> None:
    zone, country, own = where

    def cell(meaning: str) -> str:
        n = found.get(meaning)
        return row[n] if n is not None and n < len(row) else ""

    told = cell("at") or f"{cell('date')} {cell('time')}".strip()
    try:
        at = instant(told, zone)
    except (ValueError, OverflowError):
        reading.skip("no date and time", line, " ".join(row))
        return
    try:
        talk_s = duration(cell("talk")) if cell("talk") else 0.0
        whole_s = duration(cell("duration")) if cell("duration") else None
        wait_s = duration(cell("wait")) if cell("wait") else None
    except ValueError:
        reading.skip("a duration that is none", line, " ".join(row))
        return
    if "talk" not in found and whole_s is not None:
        talk_s = whole_s
    answered = _answered(cell("status"), talk_s)
    if wait_s is None and whole_s is not None and "talk" in found:
        wait_s = max(whole_s - talk_s, 0.0)
    caller, callee = telephone(cell("from"), country), telephone(cell("to"), country)
    way = _way(cell("way"), caller, callee, own)
    number, other = (callee, caller) if way is Way.OUT else (caller, callee)
    reading.records.append(
        CallRecord(
            *(at, way, number, other, answered, wait_s, talk_s if answered else 0.0),
            *(cell("queue"), cell("agent"), cell("id")),
        )
    )


def _answered(status: str, talk_s: float) -> bool:
    said = status.casefold().strip()
    if any(word in said for word in NOT_ANSWERED):
        return False
    if any(word in said for word in ANSWERED):
        return True
    return talk_s > 0


def _way(told: str, caller: str, callee: str, own: tuple[str, ...]) -> Way:
    said = told.casefold().strip()
    for way, words in WAYS.items():
        if said in words:
            return way
    if own:
        ours = [number.startswith(own) for number in (caller, callee)]
        if ours == [True, True]:
            return Way.INTERNAL
        if any(ours):
            return Way.OUT if ours[0] else Way.IN
    # Whoever has a short number is one of us.
    short = [0 < len(number.lstrip("+")) <= 5 for number in (caller, callee)]
    if short == [True, True]:
        return Way.INTERNAL
    if short[0]:
        return Way.OUT
    return Way.IN if short[1] else Way.UNKNOWN
