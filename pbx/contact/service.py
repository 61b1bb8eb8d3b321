"""Contacts put together: the book, what calls do to it, and its clock. The composition root builds one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pbx.configfile.change import ConfigChange
from pbx.contact.book import ContactBook
from pbx.contact.deadlines import Deadlines, Prune
from pbx.contact.missed import MissedContacts
from pbx.contact.ports import ContactStore
from pbx.events import CallEvent

if TYPE_CHECKING:
    from pbx.call.services import Services

log = logging.getLogger("centrala.contact")

CATCH_UP_S = 3.0  # calls are not kept waiting for longer by a database that is slow
REPLAYED_ROWS = 5000  # of the journey: what was published and could not yet lead to an item when the process died


class Contacts:
    """Sets `services.contacts` to its book."""

    def __init__(self, services: Services, store: ContactStore, prune: Prune | None = None) -> None:
        config, bus = services.config, services.bus
        self._services = services
        self.book = ContactBook(config, bus, services.clock, store)
        self.missed = MissedContacts(config, bus, self.book, self._numbers)
        self.deadlines = Deadlines(bus, self.book, prune)
        services.contacts = self.book
        services.followers.add(self.follow, "contacts", "queue", "numbering")

    def follow(self, change: ConfigChange) -> None:
        """From now on as the new configuration says."""
        self.book.configure(change.new)
        self.missed.configure(change.new)
        if change.new.contacts.enabled != change.old.contacts.enabled:
            if change.new.contacts.enabled:
                self.missed.start()
            else:
                self.missed.rest()
        if change.touches("contacts"):
            self.deadlines.look_again()

    async def start(self, journeys: Iterable[Iterable[CallEvent]] = ()) -> None:
        """Restores the open items and begins to follow calls; `journeys` are of calls that ended last in an earlier
        process. Before the first call comes in.
        """
        await self.book.start()
        if self.book.settings.enabled:
            self.missed.start()
            await self.missed.replay(journeys)
            if not await self.missed.caught_up(CATCH_UP_S):
                log.warning("contacts of calls that an earlier process left are still being written")
        self.deadlines.start()

    async def stop(self) -> None:
        """After the last call, before the store."""
        await self.missed.stop()
        await self.deadlines.stop()
        await self.book.stop()

    def _numbers(self, dialled: str) -> list[str]:
        """What an extension may mean by the digits it dials: as they are, and as its route sends them out."""
        route = self._services.dialplan.route_of(dialled)
        if route is None or not (route.strip or route.prefix):
            return [dialled]
        return [dialled, route.prefix + dialled[route.strip :]]
