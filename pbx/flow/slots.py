"""Hours that a caller chooses by a key: "now", "90m", "14:30", "tomorrow 10:00"."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTES = re.compile(r"(\d{1,4})m")
_HOUR = re.compile(r"(tomorrow )?([01]\d|2[0-3]):([0-5]\d)")
REMEDY = 'write "now", "90m", "14:30" or "tomorrow 10:00"'


def check_slot(text: str) -> str:
    """ValueError unless `text` is one."""
    if text != "now" and not _MINUTES.fullmatch(text) and not _HOUR.fullmatch(text):
        raise ValueError(f"{text!r} is no hour: {REMEDY}")
    return text


def slot_at(text: str, unix: float, zone: ZoneInfo) -> float:
    """The instant that `text` means (UTC seconds), 0.0 for now. An hour that is over today is tomorrow's."""
    if text == "now":
        return 0.0
    minutes = _MINUTES.fullmatch(text)
    if minutes is not None:
        return unix + 60.0 * int(minutes.group(1))
    hour = _HOUR.fullmatch(text)
    if hour is None:
        raise ValueError(f"{text!r} is no hour: {REMEDY}")
    local = datetime.fromtimestamp(unix, zone)
    chosen = local.replace(hour=int(hour.group(2)), minute=int(hour.group(3)), second=0, microsecond=0)
    if hour.group(1) or chosen <= local:
        chosen += timedelta(days=1)
    return chosen.timestamp()
