"""What tracking needs from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pbx.tracking.callers import Known
from pbx.tracking.visit import GuardReport, Lease, PageView, PoolHour, Visit, WebEvent


@dataclass(slots=True)
class Loaded:
    """What the database knew at the start, the oldest first."""

    visits: list[Visit] = field(default_factory=list)  # of the last hours
    leases: list[Lease] = field(default_factory=list)  # of the last hours
    visitors: list[Visit] = field(default_factory=list)  # the last visit of each visitor
    wishes: list[Lease] = field(default_factory=list)  # the last number of each visitor
    callers: list[tuple[str, Known]] = field(default_factory=list)
    hours: list[PoolHour] = field(default_factory=list)
    bad_pages: list[GuardReport] = field(default_factory=list)  # whose last report was a bad one


@dataclass(slots=True)
class Window:
    """What `load` is to read. Instants are UTC seconds."""

    visits_since: float
    callers_since: float
    hours_since: float
    visitors: int
    callers: int


@dataclass(slots=True, frozen=True)
class Erased:
    """What was deleted for somebody who wanted to be forgotten; `visit_ids` are for the memory."""

    visits: int
    calls: int
    visit_ids: frozenset[str]


class TrackingStore(Protocol):
    """Rows go with the next batch; what is awaited is committed when it returns, or raises StoreError."""

    async def load(self, window: Window) -> Loaded: ...

    def visit(self, visit: Visit) -> None: ...

    def page(self, view: PageView) -> None: ...

    def lease(self, lease: Lease) -> None: ...

    def event(self, event: WebEvent) -> None: ...

    def guard(self, report: GuardReport) -> None: ...

    def hour(self, hour: PoolHour) -> None: ...

    async def sweep(self, before: float) -> int:
        """Deletes visits that began before, with all that belongs to them; returns how many."""
        ...

    async def forget(self, kind: str, subjects: Sequence[str], proof: str, by: str, at: float) -> Erased:
        """`kind` is "number" (of a caller, in the forms in which he may be written) or "visitor"."""
        ...

    async def export(self, numbers: Sequence[str]) -> dict[str, Any]:
        """All that is kept of a caller."""
        ...
