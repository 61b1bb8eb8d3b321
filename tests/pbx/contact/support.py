"""A book with a store that can be made to fail, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from typing import Any

from pbx.clock import VirtualClock
from pbx.config import Config
from pbx.contact.book import ContactBook
from pbx.contact.item import ContactItem, ItemKind, OpenRequest
from pbx.contact.journal import ContactChanged
from pbx.contact.keeping import MemoryContacts
from pbx.events import CallEvent, EventBus

NUMBER = "+48600100200"


class SlowContacts(MemoryContacts):
    """Each write takes a turn of the loop; the next `failing` of them are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.failing = 0
        self.writes = 0

    async def write(self, *items: ContactItem, new: bool = False) -> ContactItem | None:
        rows = [item.draft() for item in items]
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the disk is full")
        self.writes += 1
        return await super().write(*rows, new=new)


class World:
    """`events` are the journeys of the items, `changes` what listeners were told."""

    def __init__(self, store: SlowContacts | None = None, clock: VirtualClock | None = None, **contacts: Any) -> None:
        self.clock = clock or VirtualClock()
        self.store = store or SlowContacts()
        self.bus = EventBus(on_error=self._failed)
        self.config = Config.model_validate({"contacts": contacts, "numbering": {"country": "PL"}})
        self.book = ContactBook(self.config, self.bus, self.clock, self.store)
        self.events: list[CallEvent] = []
        self.changes: list[ContactChanged] = []
        self.bus.subscribe(CallEvent, self.events.append)
        self.bus.subscribe(ContactChanged, self.changes.append)

    def _failed(self, event: object, error: BaseException) -> None:
        raise error

    def kinds(self, contact: str = "") -> list[str]:
        return [event.kind.value for event in self.events if contact in ("", event.call_id)]

    async def restart(self, **contacts: Any) -> World:
        """Another process with the same database."""
        settings = {**self.config.contacts.model_dump(), **contacts}
        world = World(self.store, self.clock, **settings)
        await world.book.start()
        return world


def asked(number: str = NUMBER, queue: str = "sales", **more: Any) -> OpenRequest:
    return OpenRequest(**{"kind": ItemKind.CALLBACK, "number": number, "queue": queue, "automatic": True, **more})
