"""One line of a table of calls becomes a call, or is counted with the reason why it is none."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from pbx.twin.dates import Order, instant
from pbx.twin.found import Reading
from pbx.twin.meanings import answered, is_no_call, way_by, way_of
from pbx.twin.record import CallRecord, Way
from pbx.twin.values import duration, telephone

_EPOCH = re.compile(r"(?:.*-)?(\d{9,10})\.\d+")
HOUR = 3600.0
NEAR_S = 60.0  # between a call's start and the instant in its id
LOOKED_AT = 2000  # ids that are held against the clock
MACHINE = "answered by a menu, music or a prompt alone: no talk with anybody"
HELD = "served by a queue: the wait counts as talk here; give the queue_log beside this file"
UNTOLD = "without a direction: taken as calls in"


@dataclass(slots=True)
class Line:
    """How the cells of a line are to be understood. `units` are the seconds in a plain number by meaning."""

    found: Mapping[str, int]
    zone: ZoneInfo
    country: str
    own: tuple[str, ...]
    order: Order
    units: Mapping[str, float]
    clock_off_s: list[float] = field(default_factory=list)  # what the ids say against the file's clock

    def remarks(self, reading: Reading) -> None:
        """What the lines said together."""
        if len(self.clock_off_s) < 5:
            return
        off_s = statistics.median(self.clock_off_s)
        if abs(off_s) > HOUR / 4 and abs(off_s - round(off_s / 900) * 900) < NEAR_S:
            reading.notes.append(
                f"the calls' ids say that the file's clock is {-off_s / HOUR:+g} h from that of {self.zone.key}: "
                "name the right one by --zone (UTC, if the system writes that)"
            )


class _NoDuration(ValueError):
    pass


def take(reading: Reading, number: int, row: Sequence[str], line: Line) -> None:
    """Adds the line's call to the reading, or counts why it is none."""
    found = line.found

    def cell(meaning: str) -> str:
        n = found.get(meaning)
        return row[n] if n is not None and n < len(row) else ""

    if is_no_call(f"{cell('way')} {cell('service')}"):
        reading.skip("a message, data or a fee", number, " ".join(row))
        return
    told = cell("at") if "at" in found else f"{cell('date')} {cell('time')}".strip()
    try:
        at = instant(told, line.zone, line.order)
    except (ValueError, OverflowError):
        reading.skip("no date and time", number, " ".join(row))
        return
    at = _by_id(reading, line, at, cell("id"))
    times = {meaning: cell(meaning) for meaning in ("talk", "duration", "wait", "answer_at", "end_at")}
    try:
        wait_s, talk_s = _times(at, times, line)
    except _NoDuration:
        reading.skip("a duration that is none", number, " ".join(row))
        return
    record = CallRecord(at, wait_s=wait_s, queue=cell("queue"), agent=cell("agent"), call_id=cell("id"))
    record.answered = answered(cell("status"), talked=talk_s > 0)
    record.talk_s = talk_s if record.answered else 0.0
    if record.answered and "leg" in found and "app" in found and not cell("leg"):
        _machine(reading, record, cell("app"), talk_s)
    elif record.answered and cell("app") == "Queue":
        reading.counted[HELD] += 1
    _who(record, _told_way(line, cell), (cell("from"), cell("to"), _customer(line, cell)), cell("context"), line)
    if record.way is Way.UNKNOWN:
        reading.counted[UNTOLD] += 1
    reading.records.append(record)


def _told_way(line: Line, cell: Callable[[str], str]) -> Way:
    """In words; a bill that names the called number alone is of calls out."""
    told = next((way for said in ("way", "service") if (way := way_of(cell(said))) is not Way.UNKNOWN), Way.UNKNOWN)
    if told is Way.UNKNOWN and "to" in line.found and line.found.keys().isdisjoint(("from", "customer", "number")):
        return Way.OUT
    return told


def _customer(line: Line, cell: Callable[[str], str]) -> str:
    if "customer" in line.found or not line.found.keys().isdisjoint(("from", "to")):
        return cell("customer")
    return cell("number")


def _by_id(reading: Reading, line: Line, at: float, call_id: str) -> float:
    """Asterisk's ids hold the instant of the call's first channel: that tells apart the hour that comes twice."""
    told = _EPOCH.fullmatch(call_id)
    if told is None:
        return at
    off_s = float(told[1]) - at
    if len(line.clock_off_s) < LOOKED_AT:
        line.clock_off_s.append(off_s)
    if abs(off_s - HOUR) < NEAR_S:
        then = datetime.fromtimestamp(at, line.zone)
        if then.replace(fold=1).timestamp() - at == HOUR:
            reading.counted["of the hour that comes twice, put into the second one by their ids"] += 1
            return at + HOUR
    return at


def _times(at: float, told: Mapping[str, str], line: Line) -> tuple[float | None, float]:
    """(wait, talk); what is not told in so many words is taken from the instants of the answer and the end."""

    def seconds(meaning: str) -> float | None:
        try:
            return duration(told[meaning], line.units[meaning]) if told[meaning] else None
        except ValueError:
            raise _NoDuration from None

    def after(meaning: str) -> float | None:
        try:
            found = instant(told[meaning], line.zone, line.order) - at if told[meaning] else None
        except (ValueError, OverflowError):
            return None
        return found if found is not None and 0 <= found <= 86_400 else None

    talk_s, whole_s, wait_s = seconds("talk"), seconds("duration"), seconds("wait")
    if talk_s is not None and wait_s is None and whole_s is not None:
        return max(whole_s - talk_s, 0.0), talk_s
    taken_s, ended_s = after("answer_at"), after("end_at")
    if talk_s is None and "talk" not in line.found:
        if "answer_at" in line.found:
            talk_s = ended_s - taken_s if taken_s is not None and ended_s is not None else 0.0
            wait_s = wait_s if wait_s is not None else taken_s if taken_s is not None else ended_s
        else:
            talk_s = whole_s
    elif wait_s is None and whole_s is not None:
        wait_s = max(whole_s - (talk_s or 0.0), 0.0)
    elif wait_s is None and (taken_s is not None or not talk_s):
        wait_s = taken_s if taken_s is not None else ended_s
    return wait_s, max(talk_s or 0.0, 0.0)


def _machine(reading: Reading, record: CallRecord, app: str, lasted_s: float) -> None:
    """Asterisk calls it answered when its own voice has: without a second channel nobody talked."""
    reading.counted[MACHINE] += 1
    record.answered, record.talk_s = False, 0.0
    if app == "Queue":  # and he left it without an agent
        record.wait_s = (record.wait_s or 0.0) + lasted_s
    else:
        record.wait_s, record.sent_away = None, True


def _who(record: CallRecord, told: Way, ends: tuple[str, str, str], context: str, line: Line) -> None:
    """Sets the way, the customer's number and ours. Some bills tell the way by an arrow before the number."""
    if told is Way.UNKNOWN:
        told = next((way_of(end[:3]) for end in ends if end.startswith(("<-", "->", "--"))), told)
    caller, callee, customer = (telephone(end, line.country) for end in ends)
    if ends[2]:
        record.way, record.number = told, customer
        record.other = caller if told is Way.OUT and caller else callee or caller
        return
    record.way = told if told is not Way.UNKNOWN else way_by(context, caller, callee, line.own)
    out = record.way is Way.OUT
    record.number, record.other = (callee or caller, caller) if out else (caller or callee, callee)
