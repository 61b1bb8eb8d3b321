"""All messages, in memory as the database has them: every change is committed before anybody sees it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from pbx.voicemail.message import Message, MessageState, MessageStore

log = logging.getLogger("centrala.voicemail")

DAY_S = 86_400.0
UNDELETE_S = DAY_S  # what was deleted by phone can be taken back for so long


class Count(NamedTuple):
    """Messages of a box that nobody has heard, and others."""

    new: int = 0
    old: int = 0


class Shelf:
    """`changed(box)` is called after every change that lamps show. All methods belong to the event loop's thread."""

    def __init__(self, store: MessageStore, folder: Path, changed: Callable[[str], None]) -> None:
        """`folder` is that of the recordings."""
        self._store = store
        self._changed = changed
        self._boxes: dict[str, dict[str, Message]] = {}
        self.folder = folder

    def load(self) -> list[Message]:
        """Takes what the store has; returns those whose recording or removal a crash cut off."""
        unfinished = []
        for message in sorted(self._store.load(), key=lambda each: each.id):
            self._boxes.setdefault(message.box, {})[message.id] = message
            if message.state is not MessageState.KEPT:
                unfinished.append(message)
        return unfinished

    # -- looking ---------------------------------------------------------------------------------------------------

    def messages(self, box: str) -> list[Message]:
        """Of a box, new ones first, each part the oldest first; without deleted ones."""
        kept = [each for each in self._kept(box) if not each.deleted]
        return sorted(kept, key=lambda each: (bool(each.heard), each.id))

    def everything(self, box: str) -> list[Message]:
        """The same with deleted ones."""
        return sorted(self._kept(box), key=lambda each: (bool(each.heard), each.id))

    def find(self, box: str, message: str) -> Message | None:
        found = self._boxes.get(box, {}).get(message)
        return found if found is not None and found.state is MessageState.KEPT else None

    def count(self, box: str) -> Count:
        kept = [each for each in self._kept(box) if not each.deleted]
        new = sum(each.is_new for each in kept)
        return Count(new, len(kept) - new)

    def recording(self, box: str) -> int:
        """Messages that are being recorded."""
        return sum(each.state is MessageState.RECORDING for each in self._boxes.get(box, {}).values())

    def room(self, box: str, limit: int) -> bool:
        """Whether another message may come; those that are being recorded and those that may be taken back count."""
        return len(self._boxes.get(box, ())) < limit

    def path(self, message: Message) -> Path:
        return self.folder / message.file

    # -- changing --------------------------------------------------------------------------------------------------

    async def begin(self, message: Message) -> None:
        """Its row is on disk before its sound is."""
        await self._write(message)

    async def keep(self, message: Message, *, file: str, duration_s: float, recovered: bool = False) -> Message:
        """Its sound is complete."""
        kept = replace(
            message.moved(MessageState.KEPT), file=file, duration_s=round(duration_s, 3), recovered=recovered
        )
        await self._write(kept)
        self._changed(kept.box)
        return kept

    async def change(self, message: Message, **changes: Any) -> Message:
        """Another field of a message that is kept."""
        changed = replace(self._boxes[message.box][message.id], **changes)
        await self._write(changed)
        self._changed(changed.box)
        return changed

    async def erase(self, message: Message) -> None:
        """The row says so, the file goes, the row goes: a crash in between is made good at the next start."""
        if message.state is not MessageState.ERASED:
            message = message.moved(MessageState.ERASED)
            await self._write(message)
            self._changed(message.box)
        for name in files_of(message.file):
            await asyncio.to_thread((self.folder / name).unlink, missing_ok=True)
        await self._store.erase(message.id)
        box = self._boxes.get(message.box, {})
        box.pop(message.id, None)
        if not box:
            self._boxes.pop(message.box, None)

    async def prune(self, box: str, now: float, keep_days: float, keep_new_days: float) -> int:
        """Erases what is older than its time; returns how many. Raises what the store raises."""
        old = [each for each in self._kept(box) if _is_over(each, now, keep_days, keep_new_days)]
        for message in old:
            await self.erase(message)
        return len(old)

    def boxes(self) -> Iterable[str]:
        """Names of boxes that hold anything."""
        return tuple(self._boxes)

    def _kept(self, box: str) -> list[Message]:
        return [each for each in self._boxes.get(box, {}).values() if each.state is MessageState.KEPT]

    async def _write(self, message: Message) -> None:
        await self._store.write(message)
        self._boxes.setdefault(message.box, {})[message.id] = message


def _is_over(message: Message, now: float, keep_days: float, keep_new_days: float) -> bool:
    if message.deleted:
        return now - message.deleted > UNDELETE_S
    if message.heard and not message.saved:
        return now - max(message.heard, message.at) > keep_days * DAY_S
    return now - message.at > keep_new_days * DAY_S


def files_of(file: str) -> tuple[str, ...]:
    """Where the sound of a message may lie: sealed, when a key was configured as it was recorded."""
    plain = file.removesuffix(".sealed")
    return plain, f"{plain}.sealed"
