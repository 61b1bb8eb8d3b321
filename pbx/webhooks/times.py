"""Instants as webhooks write them."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(unix: float) -> str | None:
    """UTC with milliseconds (RFC 3339); None for 0."""
    if not unix:
        return None
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
