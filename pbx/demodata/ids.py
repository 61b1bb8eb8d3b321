"""Version 7 UUIDs (RFC 9562) of made-up instants."""

from __future__ import annotations

_VARIANT = 0x8000_0000_0000_0000


def id_of(at: float, low: int, high: int) -> str:
    """`at` is UTC seconds; `low` and `high` are drawn: 12 and 62 bits of them count."""
    return f"{int(at * 1000):012x}7{low & 0xFFF:03x}{_VARIANT | (high & 0x3FFF_FFFF_FFFF_FFFF):016x}"
