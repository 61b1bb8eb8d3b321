"""Builds what blocks of flows need beyond the call, and answers the control socket about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from pbx.api.control import Refused
from pbx.call.range_book import RangeError
from pbx.customers.customer import CustomerError
from pbx.customers.table import read_table
from pbx.flow.equipment import Equipment
from pbx.metrics.blocks import BlockMetrics
from pbx.numbers.table import TableError
from pbx.store.errors import StoreError

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

PART = 2000  # customers that are kept together
MAX_PROBLEMS = 100  # that are told


def start_equipment(app: Pbx, stack: AsyncExitStack) -> Equipment:
    """Built, begun, and counted; `stack` ends it."""
    equipment = Equipment(app.calls.services, app.store.customers, app.store.ranges, app.store.kept)
    metrics = BlockMetrics(app.bus, app.config.http.hosts, [dealer.name for dealer in app.config.dealer])
    app.metrics.add(metrics)
    follow = app.calls.services.followers.rebuild
    follow(lambda config: metrics.configure(dealer.name for dealer in config.dealer), "dealer")
    equipment.start()
    stack.push_async_callback(equipment.stop)
    return equipment


class PbxEquipmentControl:
    """Implements pbx.api.equipment_routes.EquipmentControl."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    # -- customers -----------------------------------------------------------------------------------------------

    async def customers(self, text: str, tag: str, limit: int) -> list[dict[str, Any]]:
        found = await _done(self._app.equipment.customers.search(text, tag, limit))
        return [customer.row() for customer in found]

    async def customer(self, number: str) -> dict[str, Any]:
        """Whose number it is."""
        book = self._app.equipment.customers
        plain = book.number(number)
        for found in await _done(book.search(plain, "", 10)):
            if plain in found.numbers:
                row: dict[str, Any] = found.row()
                return row
        raise Refused(404, f"nobody has the number {number}; `centrala customers find` looks for names")

    async def take_table(self, text: str, batch: str, last: bool) -> dict[str, Any]:
        """Customers from a CSV text; its lines that cannot be used are told. `last`: customers of other batches go."""
        country = self._app.config.numbering.country
        try:
            reading = await asyncio.to_thread(read_table, text, "the table", country)
        except TableError as error:
            raise Refused(422, str(error)) from None
        taken = 0
        for start in range(0, len(reading.customers), PART):
            part = reading.customers[start : start + PART]
            taken += (await self.take_customers(part, batch, False))["taken"]
        told = await self.take_customers([], batch, last and bool(reading.customers))
        problems = reading.problems[:MAX_PROBLEMS]
        return {**told, "taken": taken, "lines": reading.lines, "columns": reading.columns, "problems": problems}

    async def take_customers(self, rows: list[dict[str, Any]], batch: str, last: bool) -> dict[str, Any]:
        """`last`: customers of other batches go."""
        book = self._app.equipment.customers
        taken = await _done(book.take(rows, batch)) if rows else 0
        gone = await _done(book.retain(batch)) if last else 0
        return {"taken": taken, "removed": gone, "customers": await _done(book.count())}

    async def remove_customer(self, number: str) -> dict[str, Any]:
        if not await _done(self._app.equipment.customers.remove(number)):
            raise Refused(404, f"nobody has the number {number}; `centrala customers find` looks for names")
        return {"number": number}

    async def set_pin(self, number: str, hashed: str) -> dict[str, Any]:
        if not await _done(self._app.equipment.customers.set_pin(number, hashed)):
            raise Refused(404, f"nobody has the number {number}; `centrala customers find` looks for names")
        return {"number": number, "has_pin": bool(hashed)}

    # -- regions -------------------------------------------------------------------------------------------------

    def ranges(self) -> list[dict[str, Any]]:
        tables = self._app.equipment.ranges.tables
        return [{"name": name, "ranges": len(table)} for name, table in reversed(tables.items())]

    async def take_ranges(self, name: str, rows: list[Any], begin: bool, end: bool) -> dict[str, Any]:
        return {"name": name, "ranges": await _done(self._app.equipment.ranges.take(name, rows, begin=begin, end=end))}

    async def remove_ranges(self, name: str) -> dict[str, Any]:
        if not await _done(self._app.equipment.ranges.remove(name)):
            raise Refused(404, f"there is no table {name!r}; `centrala regions list` shows them")
        return {"name": name}

    def region(self, number: str) -> dict[str, Any]:
        origin = self._app.calls.services.inbound.regions.origin(number)
        return {"number": number, **origin._asdict()}

    # -- dealers and duty ----------------------------------------------------------------------------------------

    def dealers(self) -> list[dict[str, Any]]:
        return self._app.equipment.dealers.views()

    def partners(self) -> list[dict[str, Any]]:
        return self._app.equipment.partners.rows()

    def duty(self) -> list[dict[str, Any]]:
        now = self._app.clock.unix()
        return [
            {"rota": name, "people": duty.people(now), "targets": [one.target for one in duty.now(now)]}
            for name, duty in self._app.equipment.rotas.items()
        ]


async def _done(step: Awaitable[Any]) -> Any:
    try:
        return await step
    except (CustomerError, RangeError) as error:
        raise Refused(422, str(error)) from None
    except StoreError as error:
        raise Refused(503, str(error)) from None
