"""What people ask of the ledger: imports, reconciliations, files for advert systems."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pbx.api.control import Refused
from pbx.api.late import at_leisure
from pbx.ids import new_id
from pbx.ledger.costs import CostKey, Defaults
from pbx.ledger.ports import Put
from pbx.ledger.reconcile.records import System
from pbx.ledger.sales import Sale
from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval, period
from pbx.reporting.money.compare import Given
from pbx.reporting.money.conversions import ConversionsJob
from pbx.reporting.money.importing import CostsJob, SalesJob
from pbx.store.database import database_url
from pbx.store.errors import StoreError
from pbx.store.ledger_lists import cost_rows, run_rows, runs, sale_rows

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx

DEFAULTS = ("source", "medium", "currency", "decimal", "order")
SYSTEMS = (System.GA, System.CRM, System.TRACKING)


class PbxLedgerControl:
    """For the control socket and the HTTP API alike. Refuses with Refused."""

    def __init__(self, app: Pbx) -> None:
        self._app = app

    # -- imports ----------------------------------------------------------------------------------------------------

    async def import_costs(
        self, text: str, name: str, mapping: Mapping[str, str], defaults: Mapping[str, str], *, check: bool
    ) -> dict[str, Any]:
        """Takes a table of costs in, or tells only what it would. With one row that cannot be used nothing is taken."""
        given = Defaults(**{key: value for key, value in defaults.items() if key in DEFAULTS and value})
        found = await self._app.ledger.reports.run(CostsJob(text, name, self._terms(), dict(mapping), given))
        entries = await asyncio.to_thread(at_leisure, _costs, found.pop("entries"))
        found |= {"entries": len(entries), "taken": False, "put": None}
        if not check and not found["bad"]:
            put = await self._stored(self._app.store.ledger.put_costs(entries, self._batch()))
            found |= {"taken": True, "put": _put(put)}
        return dict(found)

    async def import_sales(self, text: str, name: str, mapping: Mapping[str, str], *, check: bool) -> dict[str, Any]:
        """Takes a table of sales in; as `import_costs`. Their calls are looked for at once."""
        zone = self._app.config.server.timezone
        found = await self._app.ledger.reports.run(SalesJob(text, name, self._terms(), zone, dict(mapping)))
        sales = await asyncio.to_thread(at_leisure, _sales, found.pop("entries"))
        found |= {"entries": len(sales), "taken": False, "put": None, "matched": 0}
        if not check and not found["bad"] and sales:
            put = await self._stored(self._app.store.ledger.put_sales(sales, self._batch()))
            oldest = min(sale.at_us for sale in sales) / 1e6
            matched = await self._stored(self._app.ledger.match_sales(oldest))
            found |= {"taken": True, "put": _put(put), "matched": matched}
        return dict(found)

    async def costs(self, after: tuple[Any, ...] | None, limit: int) -> list[dict[str, Any]]:
        """Costs by day, source, medium, campaign and number, the newest day first."""
        return await self._read(cost_rows, after, limit)

    async def sales(self, after: tuple[Any, ...] | None, limit: int) -> list[dict[str, Any]]:
        """Sales with their calls, the newest first."""
        return await self._read(sale_rows, after, limit)

    # -- reconciliations --------------------------------------------------------------------------------------------

    async def reconcile(
        self, since: str, until: str, by: str, files: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Compares a period with exports (by system: text, timezone, columns), or with what systems were told."""
        given: dict[System, Given] = {}
        for name, file in files.items():
            if name not in SYSTEMS:
                raise Refused(422, f"{name!r} is no system: {', '.join(SYSTEMS)}")
            given[System(name)] = Given(
                str(file["text"]), name, _zone(str(file.get("timezone") or "")), dict(file.get("columns") or {})
            )
        run = await self._stored(self._app.ledger.reconcile(self._period(since, until), by, given))
        return (await self._read(runs, None, 1, run.id))[0]

    async def runs(self, after: tuple[Any, ...] | None, limit: int) -> list[dict[str, Any]]:
        """The newest first."""
        return await self._read(runs, after, limit, "")

    async def run(self, run: str) -> dict[str, Any]:
        found = await self._read(runs, None, 1, run)
        if not found:
            raise Refused(404, f"there is no reconciliation {run}")
        return found[0]

    async def run_rows(self, run: str, after: tuple[Any, ...] | None, limit: int) -> list[dict[str, Any]]:
        """Each difference with its reasons, in the order of time."""
        await self.run(run)
        return await self._read(run_rows, after, limit, run)

    async def conversions(self, form: str, since: str, until: str, name: str) -> str:
        """A CSV for an advert system."""
        job = ConversionsJob(
            database_url(self._app.config), Terms.of(self._app.config), self._period(since, until), form, name
        )
        return str((await self._app.ledger.reports.run(job))["csv"])

    # -- the rest ---------------------------------------------------------------------------------------------------

    def _terms(self) -> Terms:
        terms = Terms.of(self._app.config)
        if not terms.currency:
            raise Refused(409, 'no currency is configured: write currency = "PLN" under [ledger]')
        return terms

    def _period(self, since: str, until: str) -> Interval:
        try:
            return period(since, until, ZoneInfo(self._app.config.server.timezone))
        except ValueError as error:
            raise Refused(422, str(error)) from None

    def _batch(self) -> str:
        return new_id(self._app.clock.unix())

    async def _read(self, query: Any, *given: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._stored(
            self._app.store.durable(lambda connection: query(connection, *given))
        )
        return found

    async def _stored(self, awaitable: Any) -> Any:
        try:
            return await awaitable
        except StoreError as error:
            raise Refused(503, str(error)) from None


def _costs(rows: list[list[Any]]) -> dict[CostKey, tuple[int, str]]:
    """In a thread, as `_sales`: an import has 100,000 of them."""
    return {
        CostKey(date.fromisoformat(day), *named): (int(micro), str(currency)) for day, *named, micro, currency in rows
    }


def _sales(rows: list[dict[str, Any]]) -> list[Sale]:
    return [Sale(**row) for row in rows]


def _put(put: Put) -> dict[str, int]:
    return {"new": put.new, "changed": put.changed, "same": put.same}


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, ValueError, OSError):
        raise Refused(422, f"{name!r} is no time zone; write one like Europe/Warsaw") from None
