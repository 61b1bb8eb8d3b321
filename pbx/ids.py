"""Identifiers: time-ordered 128-bit ids (UUID version 7, RFC 9562 section 5.7) and random tokens for SIP."""

from __future__ import annotations

import os
from collections.abc import Callable


class RandomPool:
    """Hands out random hexadecimal tokens from a block read in one go: one getrandom call serves hundreds of them."""

    def __init__(self, read: Callable[[int], bytes] = os.urandom, block: int = 4096) -> None:
        self._read = read
        self._block = block
        self._hex = ""
        self._at = 0

    def token(self, length: int = 16) -> str:
        """`length` hexadecimal digits (4 bits of randomness each)."""
        end = self._at + length
        if end > len(self._hex):
            self._hex = self._read(max(self._block, length)).hex()
            self._at, end = 0, length
        out = self._hex[self._at : end]
        self._at = end
        return out


_pool = RandomPool()


def token(length: int = 16) -> str:
    """A random token of `length` hexadecimal digits."""
    return _pool.token(length)


def new_id(unix: float) -> str:
    """A globally unique id of 32 hexadecimal digits that sorts by `unix` (seconds since 1970, UTC)."""
    random = int(_pool.token(20), 16)
    milliseconds = int(unix * 1000) & 0xFFFF_FFFF_FFFF
    high = (milliseconds << 16) | 0x7000 | (random >> 68)
    low = 0x8000_0000_0000_0000 | (random & 0x3FFF_FFFF_FFFF_FFFF)
    return f"{high:016x}{low:016x}"


def id_time(identifier: str) -> float:
    """Seconds since 1970 (UTC, millisecond resolution) at which `new_id` made `identifier`."""
    return int(identifier[:12], 16) / 1000
