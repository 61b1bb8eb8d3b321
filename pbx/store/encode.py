"""Turns what a call says into what a database can hold: nothing that a caller sends may make a row unwritable."""

from __future__ import annotations

import json
from math import floor
from typing import Any

import orjson

from pbx.events import Kind

MAX_TEXT = 512  # longer names and numbers than this are cut in the derived tables; the journey keeps them whole
_MICRO = 1_000_000

# A StrEnum member is bound by sqlite3 through its slow adapter search; its plain text is not.
KIND_TEXT: dict[str, str] = {kind: str(kind.value) for kind in Kind}

# Journeys of contacts and of short messages: their call id is no call's (pbx.contact, pbx.sms).
CONTACT_PREFIXES = ("contact.", "sms.")
CONTACT_KINDS = frozenset(kind for kind in KIND_TEXT.values() if kind.startswith(CONTACT_PREFIXES))


def micros(seconds: float) -> int:
    """UTC seconds since 1970 as whole microseconds."""
    return floor(seconds * _MICRO + 0.5)  # round() is ten times as slow


def seconds(us: int) -> float:
    """Whole microseconds as seconds."""
    return us / _MICRO


def json_text(data: Any) -> str:
    """`data` as JSON. What JSON cannot hold becomes its repr, a lone surrogate a question mark: never an error."""
    try:
        return orjson.dumps(data).decode()
    except TypeError:
        text = json.dumps(data, default=repr, skipkeys=True, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def from_json(text: str) -> Any:
    """What `json_text` wrote, be it beyond strict JSON (integers over 64 bits, NaN)."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def clean(value: object) -> str:
    """`value` as text that every database takes: no NUL, no lone surrogate, at most MAX_TEXT characters."""
    if not value and value != 0:
        return ""
    text = value if type(value) is str else str(value)
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT]
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def number(value: object) -> float:
    """`value` as a finite number of at least 0; anything else is 0."""
    if isinstance(value, (int, float)) and 0 <= value < 1e15:
        return float(value)
    return 0.0
