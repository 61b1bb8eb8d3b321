"""Reads one iCalendar file into the events that lie ahead, recurring ones unrolled.

`python -m pbx.calendars.reader FROM UNTIL ZONE < FILE` prints them as JSON: a process of its own with limits, because a
file of a few lines can mean millions of events, and comes from elsewhere.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

MAX_BYTES = 2_000_000
MAX_EVENTS = 5000
MAX_NAME = 200
_RULES = re.compile(rb"(?im)^(?:RRULE|EXRULE)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*")  # with what is folded
_FAST = re.compile(rb"(?i)SECONDLY|MINUTELY|BYSECOND|BYMINUTE")
CPU_S = 20
MEMORY = 512 * 1024 * 1024


class Event(NamedTuple):
    """From `start` to before `end`, UTC seconds."""

    start: float
    end: float
    name: str


class CalendarError(ValueError):
    """A file that is no calendar; the text says why."""


def read_events(data: bytes, since: float, until: float, zone: str) -> list[Event]:
    """The events between two instants (UTC seconds) by their start; times without a zone are of `zone`.

    Takes a process and up to 20 s. Raises CalendarError.
    """
    if len(data) > MAX_BYTES:
        raise CalendarError(f"the calendar has {len(data)} bytes, more than {MAX_BYTES}")
    command = [sys.executable, "-m", "pbx.calendars.reader", str(since), str(until), zone]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=CPU_S + 10, check=False)  # noqa: S603
    except (subprocess.SubprocessError, OSError) as error:
        raise CalendarError(f"the calendar cannot be read: {error}") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise CalendarError(last or f"its reader ended with {done.returncode}: the file asks for too much")
    return [Event(*row) for row in json.loads(done.stdout)]


def unroll(data: bytes, since: float, until: float, zone: ZoneInfo) -> list[Event]:
    """As `read_events`, here. Raises CalendarError."""
    import icalendar
    import recurring_ical_events

    try:
        calendar = icalendar.Calendar.from_ical(data)
    except ValueError as error:
        raise CalendarError(f"no iCalendar file: {error}") from None
    if any(_FAST.search(rule) for rule in _RULES.findall(data)):
        raise CalendarError("an event recurs every minute or second, which says nothing about days")
    query = recurring_ical_events.of(calendar)
    first, last = datetime.fromtimestamp(since, UTC), until
    found: list[Event] = []
    for event in query.after(first):  # one after the other, in the order of their starts
        read = _event(event, zone)
        if read is None:
            continue
        if read.start > last:
            break
        found.append(read)
        if len(found) > MAX_EVENTS:
            raise CalendarError(f"the calendar has more than {MAX_EVENTS} events ahead")
    return sorted(found)


def _event(event: Any, zone: ZoneInfo) -> Event | None:
    """None for what does not take up time: cancelled or marked as free (TRANSPARENT)."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED" or str(event.get("TRANSP", "")).upper() == "TRANSPARENT":
        return None
    begin, end = event.start, event.end
    if not isinstance(begin, datetime) and end == begin:
        end = begin + timedelta(days=1)
    name = " ".join(str(event.get("SUMMARY", "")).split())[:MAX_NAME]
    return Event(_instant(begin, zone), _instant(end, zone), name)


def _instant(when: date | datetime, zone: ZoneInfo) -> float:
    if not isinstance(when, datetime):
        when = datetime.combine(when, time())
    return (when if when.tzinfo is not None else when.replace(tzinfo=zone)).timestamp()


def main() -> int:
    """Status 1 and one line on stderr for what is no calendar."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    since, until, zone = float(sys.argv[1]), float(sys.argv[2]), ZoneInfo(sys.argv[3])
    try:
        events = unroll(sys.stdin.buffer.read(MAX_BYTES), since, until, zone)
    except CalendarError as error:
        print(error, file=sys.stderr)
        return 1
    except Exception as error:  # whatever a library makes of a file that somebody else wrote
        print(f"no calendar that can be read: {type(error).__name__}: {error}"[:300], file=sys.stderr)
        return 1
    print(json.dumps(events))
    return 0


if __name__ == "__main__":
    sys.exit(main())
