"""Dates, durations and telephone numbers as bills write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers

LONGEST_S = 86_400.0  # no call lasts longer: what does is no duration
EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0  # 2000 and 2100
FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d.%m.%y %H:%M:%S",
    "%d.%m.%y %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d %H%M%S",
    "%Y%m%d%H%M%S",
)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,]\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_WORDS = re.compile(
    r"(?:(\d+)\s*(?:h|godz|год|ч|час)\D*)?(?:(\d+)\s*(?:m|min|мин|м)\D*)?(?:(\d+)\s*(?:s|sek|sec|с|сек)\D*)?", re.I
)


def instant(text: str, zone: ZoneInfo) -> float:
    """UTC seconds. Without an offset it is the zone's clock, of an hour that comes twice the first. Or ValueError."""
    text = " ".join(text.split())
    if re.fullmatch(r"\d{9,10}(\.\d+)?", text):
        found = float(text)
    elif re.fullmatch(r"\d{13}", text):
        found = float(text) / 1000
    else:
        found = _parsed(text).replace(tzinfo=zone).timestamp() if _offset(text) is None else _offset(text) or 0.0
    if not EARLIEST <= found < LATEST:
        raise ValueError(f"{text!r} is not between the years 2000 and 2100")
    return found


def _offset(text: str) -> float | None:
    """An instant that tells its offset itself (ISO 8601)."""
    if not re.search(r"(?:Z|[+-]\d{2}:?\d{2})$", text) or not re.match(r"\d{4}-\d{2}-\d{2}[T ]", text):
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _parsed(text: str) -> datetime:
    text = re.sub(r"(\d\d:\d\d:\d\d)[.,]\d+$", r"\1", text).replace(", ", " ")
    for form in FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date with a time")


def duration(text: str) -> float:
    """Seconds of "83", "1:23", "0:01:23", "83,5", "1 min 23 s", "1 мин 23 сек". ValueError for anything else."""
    text = text.strip().strip('"')
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        found = float(hours * 3600 + minutes * 60 + seconds)
    elif _PLAIN.fullmatch(text):
        found = float(text.replace(",", "."))
    else:
        words = _WORDS.fullmatch(text)
        if words is None or not any(words.groups()):
            raise ValueError(f"{text!r} is no duration")
        hours, minutes, seconds = (int(part or 0) for part in words.groups())
        found = float(hours * 3600 + minutes * 60 + seconds)
    if found > LONGEST_S:
        raise ValueError(f"{text!r} is longer than a day")
    return found


def utc(at: float) -> str:
    """For people."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


@lru_cache(maxsize=100_000)
def telephone(text: str, country: str) -> str:
    """E.164 where it can be one, otherwise its digits; "" for a withheld or empty one. `country` is ISO 3166."""
    text = text.strip().strip("'\"")
    text = re.sub(r"^.*<([^>]*)>$", r"\1", text)
    text = re.sub(r"^sips?:([^@;]*).*$", r"\1", text)
    digits = re.sub(r"\D", "", text)
    if not digits:
        return ""
    try:
        parsed = phonenumbers.parse(("+" if text.lstrip().startswith("+") else "") + digits, country)
    except phonenumbers.NumberParseException:
        return digits
    if phonenumbers.is_possible_number(parsed) and len(digits) > 6:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return digits
