"""Money: costs and sales come in, counts are compared, conversions go out. The figures are reports (/reports/money)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from pbx.api.controls import LedgerControl
from pbx.api.rest.access import Permission, Principal, allow, allows
from pbx.api.rest.models.base import ItemId, Text
from pbx.api.rest.models.ledger import Cost, CostsImport, Imported, ReconcileAsk, Run, RunRow, SaleRow, SalesImport
from pbx.api.rest.page import Page, Paging, make_cursor, page_from
from pbx.api.rest.patient import PatientRoute
from pbx.api.rest.problem import problems

CSV = "text/csv; charset=utf-8"
READ, WRITE = [allow(Permission.LEDGER_READ)], [allow(Permission.LEDGER_WRITE)]
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}
MAX_BODY = 4 * 1024 * 1024
COST_KEY = ("day", "source", "medium", "campaign", "number")
Day = Annotated[str, Query(alias="from", max_length=40, examples=["2026-07-01"])]
LastDay = Annotated[str, Query(alias="to", max_length=40, examples=["2026-07-14"])]


def ledger_router(control: LedgerControl) -> APIRouter:
    """/ledger and what is below."""
    router = APIRouter(tags=["ledger"], route_class=PatientRoute)
    _imports(router, control)
    _reconciliations(router, control)
    return router


def _imports(router: APIRouter, control: LedgerControl) -> None:
    @router.get("/ledger/costs", dependencies=READ)
    async def costs(page: Paging) -> Page[Cost]:
        """Advert costs, the newest day first."""
        rows = await control.costs(page.after(str, str, str, str, str), page.limit + 1)
        return Page[Cost].model_validate(
            page_from(rows, page, lambda row: make_cursor(*(row[name] for name in COST_KEY)))
        )

    @router.post("/ledger/costs", dependencies=WRITE, responses=problems(409, 413), max_body_size=MAX_BODY)
    async def import_costs(body: CostsImport) -> Imported:
        """Takes costs in: one sum for each source, medium, campaign, number and day; what was there is replaced."""
        defaults = body.defaults.model_dump()
        return Imported.model_validate(
            await control.import_costs(body.csv, "csv", body.columns, defaults, check=body.check)
        )

    @router.get("/ledger/sales", dependencies=READ)
    async def sales(page: Paging) -> Page[SaleRow]:
        """Sales with the calls that they belong to, the newest first."""
        rows = await control.sales(page.after(int, str), page.limit + 1)
        return Page[SaleRow].model_validate(
            page_from(rows, page, lambda row: make_cursor(row["at_us"], row["order_id"]))
        )

    @router.post("/ledger/sales", dependencies=WRITE, responses=problems(409, 413), max_body_size=MAX_BODY)
    async def import_sales(body: SalesImport) -> Imported:
        """Takes sales in, by the number of the order, and looks for their calls."""
        return Imported.model_validate(await control.import_sales(body.csv, "csv", body.columns, check=body.check))

    @router.get("/ledger/conversions", dependencies=READ, response_class=Response, responses=AS_CSV)
    async def conversions(
        since: Day,
        until: LastDay,
        form: Annotated[Literal["google_ads", "metrica"], Query(alias="format")] = "google_ads",
        name: Annotated[Text, Query(description="Google's name of the conversion")] = "Phone call",
    ) -> Response:
        """Calls and their sales as a file for Google Ads or Yandex Metrica."""
        return Response(await control.conversions(form, since, until, name), media_type=CSV)


def _reconciliations(router: APIRouter, control: LedgerControl) -> None:
    @router.get("/ledger/reconciliations", dependencies=READ)
    async def runs(page: Paging) -> Page[Run]:
        """Reconciliations that were made, the newest first."""
        rows = await control.runs(page.after(int, str), page.limit + 1)
        return Page[Run].model_validate(page_from(rows, page, lambda row: make_cursor(row["made_us"], row["id"])))

    @router.post("/ledger/reconciliations", responses=problems(413), max_body_size=2 * MAX_BODY)
    async def reconcile(body: ReconcileAsk, who: Annotated[Principal, allows(Permission.LEDGER_WRITE)]) -> Run:
        """Compares the calls of a period with the exports of other systems."""
        files = {name: file.model_dump() for name in ("ga", "crm", "tracking") if (file := getattr(body.exports, name))}
        return Run.model_validate(await control.reconcile(body.since, body.until, who.name, files))

    @router.get("/ledger/reconciliations/{run}", dependencies=READ)
    async def one(run: ItemId) -> Run:
        """One of them."""
        return Run.model_validate(await control.run(run))

    @router.get("/ledger/reconciliations/{run}/rows", dependencies=READ)
    async def rows(run: ItemId, page: Paging) -> Page[RunRow]:
        """Each difference with its reasons, in the order of time."""
        found = await control.run_rows(run, page.after(int), page.limit + 1)
        return Page[RunRow].model_validate(page_from(found, page, lambda row: make_cursor(row["position"])))
