"""Where a call comes from, as a record: derived from its CALL_ATTRIBUTED event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pbx.store.bulk import Row
from pbx.store.encode import clean, json_text, number
from pbx.store.schema_tracking import call_sources

_TEXTS_BEFORE = (
    *("source", "medium", "campaign", "term", "content", "click_id", "click_kind", "channel"),
    *("visit", "session", "visitor", "site", "number"),
)
_TEXTS_AFTER = (
    "landing",
    "page",
    "ga_client",
    "ga_session",
    "device",
    "first_source",
    "first_medium",
    "first_campaign",
)
CALL_SOURCES = call_sources.name


def source_row(call_id: str, data: Mapping[str, Any]) -> Row:
    """In the order of the table's columns."""
    candidates, told = data.get("candidates"), data.get
    return (
        call_id,
        *[clean(value) if (value := told(name)) else "" for name in _TEXTS_BEFORE],
        min(number(data.get("probability")), 1.0),
        clean(data.get("method")),
        data.get("unique") is True,
        int(number(data.get("repeat"))),
        *[clean(value) if (value := told(name)) else "" for name in _TEXTS_AFTER],
        json_text(candidates) if isinstance(candidates, list) and candidates else "",
    )
