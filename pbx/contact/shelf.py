"""The open items in memory, by id and by number and queue, with a lock each; and steps that are always finished."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from pbx.contact.item import ContactItem, WrongState

log = logging.getLogger("centrala.contact")
Result = TypeVar("Result")


class ContactError(LookupError):
    """There is no such item, or no room for another; the text names the remedy."""


class Shelf:
    """What the book works on. An item may be reserved before it is written: then only the book sees it."""

    def __init__(self) -> None:
        self.open: dict[str, ContactItem] = {}
        self._by_number: dict[str, dict[str, ContactItem]] = {}  # number, queue
        self._unwritten: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        self._steps: set[asyncio.Task[Any]] = set()

    def enter(self, item: ContactItem, *, written: bool = True) -> None:
        self.open[item.id] = item
        if item.number:
            self._by_number.setdefault(item.number, {})[item.queue] = item
        if not written:
            self._unwritten.add(item.id)

    def written(self, item: ContactItem) -> None:
        self._unwritten.discard(item.id)

    def drop(self, item: ContactItem) -> None:
        """Off the shelf: closed, or not written after all."""
        self.open.pop(item.id, None)
        self._locks.pop(item.id, None)
        self._unwritten.discard(item.id)
        queues = self._by_number.get(item.number)
        if queues is not None and queues.get(item.queue) is item:
            del queues[item.queue]
            if not queues:
                del self._by_number[item.number]

    def is_written(self, item: ContactItem) -> bool:
        return item.id not in self._unwritten

    def reserved(self, number: str, queue: str) -> ContactItem | None:
        """The item of a number in a queue, be it still unwritten."""
        return self._by_number.get(number, {}).get(queue)

    def of_number(self, number: str) -> list[ContactItem]:
        """The written items of a number in all queues."""
        return [item for item in self._by_number.get(number, {}).values() if item.id not in self._unwritten]

    def all(self) -> list[ContactItem]:
        """The written items."""
        if not self._unwritten:
            return list(self.open.values())
        return [item for item in self.open.values() if item.id not in self._unwritten]

    def lock(self, item: ContactItem) -> asyncio.Lock:
        """One step at a time for each item."""
        lock = self._locks.get(item.id)
        if lock is None:
            lock = self._locks[item.id] = asyncio.Lock()
        return lock

    async def to_its_end(self, step: Coroutine[Any, Any, Result]) -> Result:
        """A step that was begun is finished even when its caller is cancelled (a hang-up): the commit may be under
        way, and the memory has to follow it.
        """
        task = asyncio.get_running_loop().create_task(step)
        self._steps.add(task)
        task.add_done_callback(self._step_done)
        return await asyncio.shield(task)

    def begin(self, step: Coroutine[Any, Any, Any]) -> None:
        """Like `to_its_end`, without anybody who waits."""
        task = asyncio.get_running_loop().create_task(step)
        self._steps.add(task)
        task.add_done_callback(self._step_done)

    async def settle(self) -> None:
        """Waits until every step that was begun is finished."""
        while self._steps:
            await asyncio.wait(self._steps)

    def _step_done(self, task: asyncio.Task[Any]) -> None:
        self._steps.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, (WrongState, ContactError)):
            log.error("a step of a contact failed: %s", error)
