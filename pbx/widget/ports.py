"""What the widget asks of a store: its requests with the proof of consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, kw_only=True)
class WidgetRow:
    """A request of a page. Instants are UTC seconds, 0 for none; the proof of consent is `consent` (of a wording that
    is kept), `given` (a box was ticked, or the button pressed) and `created`.
    """

    id: str
    contact: str  # the item's
    site: str
    queue: str
    number: str
    created: float
    language: str = ""
    visit: str = ""
    page: str = ""
    origin: str = ""
    address: str = ""
    agent: str = ""  # the browser, as it names itself
    slot: float = 0.0
    shown_s: float = 0.0  # what was promised; 0: nothing
    consent: str = ""  # version: the digest of the wording
    given: bool = False
    rung: float = 0.0  # the customer's phone rang first
    connected: float = 0.0


class WidgetStore(Protocol):
    """Every method that is awaited returns after the commit, and raises StoreError (with the remedy) when there is
    none: then nobody may be told.
    """

    async def write(self, row: WidgetRow) -> None:
        """A new request; the same id again is the same request."""
        ...

    async def get(self, request: str) -> WidgetRow | None: ...

    async def of_contact(self, contact: str) -> list[WidgetRow]: ...

    async def mark(self, contact: str, *, rung: float = 0.0, connected: float = 0.0) -> None:
        """Notes for the requests of a contact when it rang and when they spoke; the first instant of each stays."""
        ...

    async def keep_wording(self, version: str, language: str, text: str, now: float) -> None:
        """A wording of the consent, for ever."""
        ...

    async def wording(self, version: str) -> str:
        """Its text, "" for one that was never kept."""
        ...

    async def latest(self, limit: int, before: float = 0.0) -> list[WidgetRow]:
        """The newest requests, of those before an instant (0: now)."""
        ...

    async def prune(self, site: str, before: float) -> int:
        """Deletes requests that are older; returns how many."""
        ...

    async def forget(self, number: str) -> int:
        """Deletes what is known of a number; returns how many requests that were."""
        ...
