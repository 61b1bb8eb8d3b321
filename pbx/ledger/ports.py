"""What the ledger asks of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pbx.ledger.costs import CostKey
from pbx.ledger.mark import Mark
from pbx.ledger.sales import Sale


@dataclass(frozen=True, slots=True)
class Put:
    """What an import changed."""

    new: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A reconciliation that was made; instants are UTC microseconds. `summary` is JSON-ready."""

    id: str
    start_us: int
    end_us: int
    label: str
    made_us: int
    made_by: str
    summary: Mapping[str, Any]


class LedgerStore(Protocol):
    """Every method returns after the commit. All raise StoreError (a RuntimeError with the remedy)."""

    async def put_costs(self, entries: Mapping[CostKey, tuple[int, str]], batch: str) -> Put:
        """All of them in one transaction; what is known of a key is replaced."""
        ...

    async def put_sales(self, sales: Sequence[Sale], batch: str) -> Put:
        """All of them in one transaction; an order that is known is replaced, and has to be matched again."""
        ...

    async def set_matches(self, matches: Mapping[str, tuple[str, str]]) -> None:
        """(call, by) for each order id."""
        ...

    async def mark(self, *marks: Mark) -> None:
        """What a system was told, or why not; the newest of a call, target and event holds."""
        ...

    async def first_of(self, target: str, number: str, call_id: str, at: float, again_s: float) -> bool:
        """Whether this contact is the number's first for the target within `again_s` before `at`; noted as its latest.

        The contact that was the first is so again when it is asked a second time.
        """
        ...

    async def put_run(self, run: Run, rows: Sequence[tuple[Any, ...]]) -> None:
        """A reconciliation with its rows: (call_id, at_us, number, place, present, reasons) each."""
        ...

    async def prune(self, before: float) -> int:
        """Deletes runs and marks that were made before (UTC seconds); returns how many runs."""
        ...
