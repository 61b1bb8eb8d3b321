"""Calls in order of time, however many: what the memory should not hold is sorted in parts on the disk and merged."""

from __future__ import annotations

import heapq
import pickle
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from operator import attrgetter

from pbx.twin.record import CallRecord

IN_MEMORY = 200_000  # some 100 MB
PIECE = 2_000
_AT = attrgetter("at")


class Records:
    """Takes calls in any order and gives them by time, as often as it is asked. Parts lie in temporary files that
    nobody else sees and that are gone with the process. OSError where the disk is full.
    """

    def __init__(self, records: Iterable[CallRecord] = (), in_memory: int = IN_MEMORY) -> None:
        self._most = in_memory
        self._last: list[CallRecord] = []
        self._parts: list[_Part] = []
        self._count = 0
        for record in records:
            self.append(record)

    def append(self, record: CallRecord) -> None:
        self._last.append(record)
        self._count += 1
        if len(self._last) >= self._most:
            self._put_away()

    def extend(self, other: Records) -> None:
        """Takes over what the other holds, which must not be used after."""
        self._parts += other._parts
        self._count += other._count - len(other._last)
        for record in other._last:
            self.append(record)

    def _put_away(self) -> None:
        self._last.sort(key=_AT)
        self._parts.append(_Part(self._last))
        self._last = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[CallRecord]:
        """One reader at a time. Records that are held in memory are the same objects each time."""
        self._last.sort(key=_AT)
        if not self._parts:
            return iter(self._last)
        return heapq.merge(*self._parts, self._last, key=_AT)

    def __getitem__(self, number: int) -> CallRecord:
        return list(self)[number]


class _Part:
    """Calls in order, in a file that is closed when nobody holds them any more."""

    def __init__(self, records: list[CallRecord]) -> None:
        file = tempfile.TemporaryFile(prefix="centrala-twin-")  # noqa: SIM115 - it is read later
        weakref.finalize(self, file.close)
        for start in range(0, len(records), PIECE):
            pickle.dump(records[start : start + PIECE], file, pickle.HIGHEST_PROTOCOL)
        self._file = file

    def __iter__(self) -> Iterator[CallRecord]:
        at = 0
        while True:
            self._file.seek(at)
            try:
                piece = pickle.load(self._file)  # noqa: S301 - we wrote it
            except EOFError:
                return
            at = self._file.tell()
            yield from piece
