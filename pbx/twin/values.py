"""Durations and telephone numbers as bills write them."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

LONGEST_S = 86_400.0  # no call lasts longer: what does is no duration
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})(?:[.,]\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_ISO = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?")
_MARKS = re.compile(r"(?:(\d+)\s*°\s*)?(\d+)\s*['′]\s*(?:(\d+)\s*(?:\"|''|″))?")
_WORDS = re.compile(
    r"(?:(\d+)\s*(?:h|godz|g\.|год|ч|час)\D*)?(?:(\d+)\s*(?:m|min|мин|м)\D*)?(?:(\d+)\s*(?:s|sek|sec|с|сек)\D*)?", re.I
)


def duration(text: str, unit_s: float = 1.0) -> float:
    """Seconds of "83", "1:23", "0:01:23", "83,5", "1 min 23 s", "1 мин 23 сек", "PT1M23S". A plain number is in units
    of `unit_s`. ValueError for anything else.
    """
    text = text.strip().strip('"').replace("\xa0", " ")
    if _PLAIN.fullmatch(text):
        found = float(text.replace(",", ".")) * unit_s
    else:
        parts = next((told for form in (_CLOCK, _ISO, _MARKS, _WORDS) if (told := form.fullmatch(text))), None)
        if parts is None or not any(parts.groups()):
            raise ValueError(f"{text!r} is no duration")
        hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        found = float(hours * 3600 + minutes * 60 + seconds)
    if found > LONGEST_S:
        raise ValueError(f"{text!r} is longer than a day")
    return found


# Numbers as most files have them, which need no library: what stands before E.164, by country.
_USUAL = {"PL": re.compile(r"(?:(?:\+|00)48)?([1-9][0-9]{8})"), "RU": re.compile(r"(?:\+7|[78])?([3489][0-9]{9})")}
_PREFIX = {"PL": "+48", "RU": "+7"}


def telephone(text: str, country: str) -> str:
    """E.164 where it can be one, otherwise its digits; "" for a withheld or empty one. `country` is ISO 3166."""
    if len(text) < 7 and text.isdecimal() and text.isascii():
        return text
    usual = _USUAL[country].fullmatch(text) if country in _USUAL else None
    return _PREFIX[country] + usual[1] if usual is not None else _parsed(text, country)


@lru_cache(maxsize=100_000)
def _parsed(text: str, country: str) -> str:
    text = text.strip().strip("'\"=")
    text = re.sub(r"^.*<([^>]*)>$", r"\1", text)
    text = re.sub(r"^sips?:([^@;]*).*$", r"\1", text)
    text = re.sub(r"^.*[^\W\d].*\((\+?\d[\d ]*)\)$", r"\1", text)  # Jan Kowalski (101), as 3CX writes
    text = re.sub(r"^(\+?\d[\d ()-]*) \(.*[^\W\d].*\)$", r"\1", text)  # 500600700 (Jan Kowalski)
    digits = re.sub(r"\D", "", text)
    if country == "PL" and re.fullmatch(r"0[1-9]\d{8}", digits):
        digits = digits[1:]  # as it was dialled until 2005, and still stands in dial plans
    if not digits:
        return ""
    try:
        parsed = phonenumbers.parse(("+" if text.lstrip().startswith("+") else "") + digits, country)
    except phonenumbers.NumberParseException:
        return digits
    if phonenumbers.is_possible_number(parsed) and len(digits) > 6:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return digits
