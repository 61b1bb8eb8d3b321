"""Asterisk's queue_log: one line for each step of a call in a queue, of Asterisk 1.8 to 22.

Rotated files are one log: they are merged by time, and lines that stand in two of them count once.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo

from pbx.twin.dates import instant
from pbx.twin.found import Reading
from pbx.twin.record import CallRecord, Way
from pbx.twin.values import telephone

FIELDS = 5  # time, call, queue, agent, event
STALE_S = 86_400.0  # a call that is in the log no more
_INSTANT = re.compile(r"\d{9,10}(\.\d+)?|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
LEFT = ("EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY")
TRANSFERRED = ("TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER")
ENDED = ("COMPLETECALLER", "COMPLETEAGENT", *TRANSFERRED)
UNENDED = "answered, but the log does not tell the end: their talk is not known"
# Headings of a queue_log that was exported from a database.
HEADINGS = ("callid", "queuename", "agent", "event")
Step = tuple[float, list[str]]  # instant; time, call, queue, agent, event, data...


def is_queue_log(text: str) -> bool:
    """Whether its first lines look like one."""
    lines = [line for line in text[:4000].splitlines()[:-1] or text.splitlines() if line.strip()][:5]
    return bool(lines) and all(
        len(parts) >= FIELDS and _INSTANT.fullmatch(parts[0].strip()) is not None and parts[4].isupper()
        for parts in (line.split("|") for line in lines)
    )


def exported(headings: Sequence[str]) -> list[int] | None:
    """The columns (time, call, queue, agent, event, data...) of a queue_log under headings; None for another table."""
    names = [heading.casefold().strip() for heading in headings]
    time = next((name for name in ("time", "created", "eventdate", "date") if name in names), None)
    if time is None or not set(HEADINGS) <= set(names):
        return None
    data = [n for n, name in enumerate(names) if re.fullmatch(r"data\d?", name)]
    return [names.index(name) for name in (time, *HEADINGS)] + data


def steps(lines: Iterable[str], zone: ZoneInfo, reading: Reading) -> Iterator[Step]:
    """Of one file, whose times only rise; those without an instant are counted."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        parts = [*line.rstrip("\r\n").split("|"), *[""] * 8]
        try:
            yield instant(parts[0], zone), parts
        except ValueError:
            reading.skip("no instant", number, line)


def read_steps(files: Sequence[Iterator[Step]], country: str, reading: Reading) -> Reading:
    """Calls by queue: those that were answered, and those that gave up or were sent away."""
    log = _Log(reading, country)
    second, seen = 0, set[tuple[str, ...]]()
    for number, (at, parts) in enumerate(heapq.merge(*files, key=lambda step: step[0]), 1):
        if len(files) > 1:
            if int(at) != second:
                second, seen = int(at), set()
            key = tuple(parts)
            if key in seen:
                reading.skip("the same line in two files", number, "|".join(parts).rstrip("|"))
                continue
            seen.add(key)
        log.step(number, at, parts)
    log.end()
    return reading


class _Log:
    """Calls under way by (id, queue)."""

    def __init__(self, reading: Reading, country: str) -> None:
        self.reading = reading
        self.country = country
        self.waiting: dict[tuple[str, str], CallRecord] = {}
        self.talking: dict[tuple[str, str], CallRecord] = {}
        self.looked = 0.0

    def step(self, number: int, at: float, parts: Sequence[str]) -> None:
        key, event = (parts[1], parts[2]), parts[4].strip()
        if event == "ENTERQUEUE":
            self._enters(key, at, parts)
        elif event == "CONNECT" and key in self.waiting:
            record = self.waiting.pop(key)
            record.answered, record.agent = True, parts[3]
            record.wait_s = _seconds(parts[5], at - record.at)
            self.talking[key] = record
        elif event in ENDED and key in self.talking:
            record = self.talking.pop(key)
            then = at - record.at - (record.wait_s or 0.0)
            # What a transfer tells stands in other fields in each version; the clock tells it always.
            record.talk_s = max(then, 0.0) if event in TRANSFERRED else _seconds(parts[6], then)
            self.reading.records.append(record)
        elif event == "ABANDON" and key in self.waiting:
            record = self.waiting.pop(key)
            record.wait_s = _seconds(parts[7], at - record.at)
            self.reading.records.append(record)
        elif event in LEFT and key in self.waiting:
            record = self.waiting.pop(key)
            record.wait_s, record.sent_away = at - record.at, True
            self.reading.records.append(record)
        elif event in ("ABANDON", "CONNECT", *LEFT, *ENDED):
            self.reading.skip("the call is not known: the log begins after it", number, "|".join(parts).rstrip("|"))
        if at - self.looked > STALE_S:
            self._forget(at - STALE_S)
            self.looked = at

    def _enters(self, key: tuple[str, str], at: float, parts: Sequence[str]) -> None:
        self._lose(key)  # an id that comes again: the log has no end of the one before
        number = telephone(parts[6], self.country)
        self.waiting[key] = CallRecord(at, Way.IN, number, queue=parts[2], call_id=parts[1], exact=True)

    def _lose(self, key: tuple[str, str]) -> None:
        if key in self.waiting:
            self.waiting.pop(key)
            self.reading.skip("the log ends before the call", 0, key[0])
        if key in self.talking:
            self.reading.counted[UNENDED] += 1
            self.reading.records.append(self.talking.pop(key))

    def _forget(self, before: float) -> None:
        for under_way in (self.waiting, self.talking):
            for key in [key for key, record in under_way.items() if record.at < before]:
                self._lose(key)

    def end(self) -> None:
        self._forget(float("inf"))


def _seconds(text: str, otherwise: float) -> float:
    return float(text) if text.strip().isdigit() else max(otherwise, 0.0)
