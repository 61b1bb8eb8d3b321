"""Identifiers: time-ordered 128-bit ids (UUID version 7, RFC 9562 section 5.7) and random tokens for SIP."""

from __future__ import annotations

from core.tokens import new_id, token

__all__ = ["id_time", "new_id", "token"]


def id_time(identifier: str) -> float:
    """Seconds since 1970 (UTC, millisecond resolution) at which `new_id` made `identifier`."""
    return int(identifier[:12], 16) / 1000
