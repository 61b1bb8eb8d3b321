"""The book of customers: asked for a caller, changed by imports and by people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pbx.customers.customer import Customer, CustomerError, CustomerStore, read_customer, tail_of
from pbx.numbers.plan import NumberPlan

CACHE = 4096
MAX_ROWS = 5000  # that one step takes
_BATCH = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


@dataclass(slots=True, frozen=True)
class Found:
    """`exact` False: by the last digits alone, because carriers and people write a number's beginning differently."""

    customer: Customer
    exact: bool


class CustomerBook:
    """All methods belong to the event loop's thread; look-ups go to the store's, and are remembered."""

    def __init__(self, store: CustomerStore, country: str) -> None:
        self._store = store
        self._known: dict[str, Found | None] = {}
        self._changes = 0
        self.configure(country)

    def configure(self, country: str) -> None:
        """From now on numbers are read by the plan of `country`; customers keep theirs as they were read."""
        self._plan = NumberPlan(country)
        self._forget()

    def number(self, text: str) -> str:
        """`text` as E.164, else as it is."""
        return self._plan.e164(text) or text

    async def find(self, caller: str) -> Found | None:
        """Whose number `caller` is. Raises what the store raises."""
        number = self.number(caller)
        if not number or not number.removeprefix("+").isdigit():
            return None
        if number in self._known:
            return self._known[number]
        tail = tail_of(number) if len(number) > len(tail_of(number)) else ""
        changes = self._changes
        customer, exact = await self._store.by_number(number, tail)
        found = Found(customer, exact) if customer is not None else None
        if changes == self._changes:  # else it may be what was there before
            if len(self._known) >= CACHE:
                self._known.clear()
            self._known[number] = found
        return found

    async def is_first_call(self, caller: str, call_id: str) -> bool:
        """Whether no other call came from this number. Raises what the store raises."""
        forms = {caller, self.number(caller)}
        return not await self._store.called_before([form for form in forms if form], call_id)

    async def take(self, rows: Sequence[Mapping[str, Any]], batch: str) -> int:
        """Adds customers, all or none. Raises CustomerError with the row that is wrong."""
        if not _BATCH.fullmatch(batch):
            raise CustomerError("a batch is named by 1 to 64 letters, digits or .:_-")
        if len(rows) > MAX_ROWS:
            raise CustomerError(f"at most {MAX_ROWS} customers at once")
        customers = []
        for at, row in enumerate(rows, 1):
            try:
                customers.append(read_customer(row))
            except CustomerError as error:
                raise CustomerError(f"customer {at}: {error}") from None
        await self._store.put(customers, batch)
        self._forget()
        return len(customers)

    async def retain(self, batch: str) -> int:
        """Takes out all that are not of this batch; returns how many."""
        if not _BATCH.fullmatch(batch):
            raise CustomerError("a batch is named by 1 to 64 letters, digits or .:_-")
        gone = await self._store.retain(batch)
        self._forget()
        return gone

    async def remove(self, number: str) -> bool:
        """Takes out whose number it is; False when nobody's."""
        gone = await self._store.remove(self.number(number))
        self._forget()
        return gone

    async def set_pin(self, number: str, hashed: str) -> bool:
        """`hashed` is of pbx.call.pins, "" takes the PIN away; False when nobody has this number."""
        done = await self._store.set_pin(self.number(number), hashed)
        self._forget()
        return done

    async def search(self, text: str = "", tag: str = "", limit: int = 100) -> list[Customer]:
        """By number, or by a part of the name."""
        return await self._store.search(self.number(text) if text else "", tag.casefold(), limit)

    async def count(self) -> int:
        return await self._store.count()

    def _forget(self) -> None:
        """The store holds something else than before."""
        self._known.clear()
        self._changes += 1
