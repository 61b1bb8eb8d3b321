"""Asterisk's queue_log: one line for each step of a call in a queue."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from pbx.twin.record import CallRecord, Reading, Way
from pbx.twin.values import instant, telephone

FIELDS = 5  # time, call, queue, agent, event
_INSTANT = re.compile(r"\d{9,10}(\.\d+)?|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
LEFT = ("EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY")


def is_queue_log(text: str) -> bool:
    """Whether its first lines look like one."""
    lines = [line for line in text[:4000].splitlines() if line.strip()][:5]
    return bool(lines) and all(
        len(parts) >= FIELDS and _INSTANT.fullmatch(parts[0].strip()) is not None and parts[4].isupper()
        for parts in (line.split("|") for line in lines)
    )


def read_queue_log(text: str, country: str, zone: ZoneInfo) -> Reading:
    """Calls by queue: those that were answered, and those that gave up or were sent away. Its first column is seconds
    since 1970, or the date and time of the zone's clock where the log was exported from a database.
    """
    reading = Reading("Asterisk queue_log")
    waiting: dict[tuple[str, str], CallRecord] = {}
    talking: dict[tuple[str, str], CallRecord] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [*line.rstrip("\n").split("|"), *[""] * 6]
        try:
            at = instant(parts[0], zone)
        except ValueError:
            reading.skip("no instant", number, line)
            continue
        key, event = (parts[1], parts[2]), parts[4]
        if event == "ENTERQUEUE":
            caller = telephone(parts[6], country)
            record = CallRecord(at, Way.IN, caller, queue=parts[2], call_id=parts[1])
            waiting[key] = record
            reading.records.append(record)
        elif event == "CONNECT" and key in waiting:
            record = talking[key] = waiting.pop(key)
            record.answered, record.agent = True, parts[3]
            record.wait_s = _seconds(parts[5], at - record.at)
        elif event in ("COMPLETECALLER", "COMPLETEAGENT") and key in talking:
            talking.pop(key).talk_s = _seconds(parts[6], 0.0)
        elif event in ("TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER") and key in talking:
            record = talking.pop(key)
            record.talk_s = max(at - record.at - (record.wait_s or 0.0), 0.0)
        elif event == "ABANDON" and key in waiting:
            record = waiting.pop(key)
            record.wait_s = _seconds(parts[7], at - record.at)
        elif event in LEFT and key in waiting:
            record = waiting.pop(key)
            record.wait_s, record.sent_away = at - record.at, True
        elif event in ("ABANDON", "CONNECT", *LEFT):
            reading.skip("the call is not known: the log begins after it", number, line)
    for record in waiting.values():
        reading.records.remove(record)
        reading.skip("the log ends before the call", 0, record.call_id)
    return reading


def _seconds(text: str, otherwise: float) -> float:
    return float(text) if text.strip().isdigit() else max(otherwise, 0.0)
