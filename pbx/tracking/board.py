"""The board: which visit holds which number, in a file mapped into memory, so that a killed process loses none of it.

A write is a copy into memory that the kernel keeps when the process dies, so an allocation is safe before the answer
that tells it leaves: no database could commit a thousand of them a second one by one. When the machine itself dies
the last seconds may be missing; then the boot id differs, and whoever reads it must hold back what looks free.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MAGIC = b"CTRBRD01"
HEADER = struct.Struct("<8s36sId")  # magic, boot id, clean (1: stopped in order), last sync (UTC)
SLOT = struct.Struct("<20s16s16sdd")  # number, visit, visitor, since, seen (UTC seconds)
CHECK = struct.Struct("<I")  # CRC-32 of the slot: a write that was cut off is recognised
SLOT_BYTES = 80
NOBODY = bytes(16)
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Entry(NamedTuple):
    """One number's line; `visit` and `visitor` are hexadecimal, "" for nobody. `damaged`: cut off while written."""

    number: str
    visit: str
    visitor: str
    since: float
    seen: float
    damaged: bool = False


class Found(NamedTuple):
    """What an earlier process left. `certain` is False when its last seconds may be missing."""

    entries: list[Entry]
    certain: bool
    synced: float


def boot_id() -> str:
    """Of this run of the machine."""
    try:
        return BOOT_ID.read_text().strip()[:36]
    except OSError:
        return ""


def read_board(path: Path) -> Found | None:
    """None when there is none, or none that can be understood."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < SLOT_BYTES or data[:8] != MAGIC:
        return None
    _magic, boot, clean, synced = HEADER.unpack_from(data)
    entries = [_entry(data, at) for at in range(SLOT_BYTES, len(data) - SLOT_BYTES + 1, SLOT_BYTES)]
    return Found(entries, bool(clean) or boot.rstrip(b"\0").decode("ascii", "replace") == boot_id(), synced)


class Board:
    """Made anew at each start with all numbers; `put` is all that happens afterwards."""

    def __init__(self, path: Path, entries: Iterable[Entry], now: float) -> None:
        lines = list(entries)
        self._at = {entry.number: SLOT_BYTES * (index + 1) for index, entry in enumerate(lines)}
        self._boot = boot_id().encode()
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.truncate(SLOT_BYTES * (len(lines) + 1))
        with fresh.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._head(0, now)
        for entry in lines:
            self.put(entry.number, entry.visit, entry.visitor, entry.since, entry.seen)
        self._map.flush()
        os.replace(fresh, path)
        self.dirty = False

    def put(self, number: str, visit: str, visitor: str, since: float, seen: float) -> None:
        """`visit` holds `number` from now on; "" for nobody. Does not block."""
        at = self._at[number]
        line = SLOT.pack(number.encode(), _raw(visit), _raw(visitor), since, seen)
        self._map[at : at + SLOT_BYTES] = (
            line + CHECK.pack(zlib.crc32(line)) + bytes(SLOT_BYTES - SLOT.size - CHECK.size)
        )
        self.dirty = True

    def sync(self, now: float) -> None:
        """To the disk; blocks, so it is called on a thread."""
        self.dirty = False
        self._head(0, now)
        self._map.flush()

    def close(self, now: float) -> None:
        """In order: the next start may believe all of it."""
        self._head(1, now)
        self._map.flush()
        self._map.close()

    def _head(self, clean: int, now: float) -> None:
        self._map[: HEADER.size] = HEADER.pack(MAGIC, self._boot, clean, now)


def _entry(data: bytes, at: int) -> Entry:
    line = data[at : at + SLOT.size]
    number, visit, visitor, since, seen = SLOT.unpack(line)
    damaged = CHECK.unpack_from(data, at + SLOT.size)[0] != zlib.crc32(line)
    text = number.rstrip(b"\0").decode("ascii", "replace")
    return Entry(text, _hex(visit), _hex(visitor), since, seen, damaged)


def _raw(identity: str) -> bytes:
    return bytes.fromhex(identity) if identity else NOBODY


def _hex(raw: bytes) -> str:
    return raw.hex() if raw != NOBODY else ""
