"""Days as they are written in the page's language: 19.11.2026 or 19 November 2026."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pbx.reporting.intervals import Interval, days, local
from pbx.reporting.page.texts import WEEKDAYS

if TYPE_CHECKING:
    from pbx.config import Language

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def written_day(when: date, language: Language) -> str:
    """A day without its weekday."""
    if language == "en":
        return f"{when.day} {MONTHS[when.month - 1]} {when.year}"
    return f"{when.day}.{when.month:02d}.{when.year}"


def dates(interval: Interval, zone: ZoneInfo, language: Language) -> str:
    """A single day with its weekday, or the first and the last; the label of what is no whole days."""
    first, last = (local(at, zone).date() for at in (interval.start_us, interval.end_us - 1))
    whole = days(last, (last - first).days + 1, zone)
    if (whole.start_us, whole.end_us) != (interval.start_us, interval.end_us):
        return interval.label.replace(" to ", " – ")
    if first == last:
        return f"{WEEKDAYS[language][first.weekday()]} {written_day(first, language)}"
    return f"{written_day(first, language)} – {written_day(last, language)}"


def spans(hours: Sequence[int]) -> str:
    """Hours of the day in order, neighbours in one: "10–12, 15–16"."""
    found: list[tuple[int, int]] = []
    for hour in hours:
        if found and found[-1][1] == hour:
            found[-1] = found[-1][0], hour + 1
        else:
            found.append((hour, hour + 1))
    return ", ".join(f"{first}–{last}" for first, last in found)
