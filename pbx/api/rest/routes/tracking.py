"""Visits of sites, pools of numbers, masked numbers, the number guard; erasure and export of a person's data."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allow, allows
from pbx.api.rest.models.base import AskedInstant, ItemId
from pbx.api.rest.models.tracking import ForgetWhom, Forgotten, Guarded, Pool, Reveals, Visit, WholeVisit
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of
from pbx.api.tracking_routes import TrackingControl

READ = [allow(Permission.TRACKING_READ)]
Eraser = Annotated[Principal, allows(Permission.TRACKING_WRITE)]
Word = Annotated[str, Query(max_length=60)]
Asked = Annotated[AskedInstant, Query()]
CallerNumber = Annotated[str, Query(pattern=r"^\+?[0-9]{5,18}$", description="of a caller", examples=["+48600100200"])]


def tracking_router(control: TrackingControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["tracking"])
    _visits(router, control)
    _numbers(router, control)
    _people(router, control)
    return router


def _visits(router: APIRouter, control: TrackingControl) -> None:
    @router.get("/tracking/visits", response_model=Page[Visit], dependencies=READ, summary="Visits, the newest first")
    async def visits(page: Paging, site: Word = "", visitor: Word = "") -> Any:
        after = page.after(str)
        before = after[0] if after is not None else ""
        rows = await control.visits(site=site, visitor=visitor, before=before, limit=page.limit + 1)
        return page_from(rows, page, lambda row: make_cursor(row["id"]))

    @router.get("/tracking/visits/{visit}", response_model=WholeVisit, dependencies=READ, summary="One visit")
    async def visit(visit: ItemId) -> Any:
        """With its pages, the numbers that it was shown, and the calls that came of it."""
        return await control.visit(visit)


def _numbers(router: APIRouter, control: TrackingControl) -> None:
    @router.get("/tracking/pools", response_model=Page[Pool], dependencies=READ, summary="Pools of numbers")
    async def pools(page: Paging) -> Any:
        return page_of(control.pools(), page, lambda row: str(row["pool"]))

    @router.get(
        "/tracking/reveals",
        response_model=Page[Reveals],
        dependencies=READ,
        summary="Masked numbers that visitors asked for, with their calls",
    )
    async def reveals(page: Paging, since: Asked, until: Asked) -> Any:
        rows = await control.reveals(since.timestamp(), until.timestamp())
        return page_of(rows, page, lambda row: f"{row['subject']} {row['number']}")

    @router.get("/tracking/guard", response_model=Guarded, dependencies=READ, summary="Pages with a wrong number")
    async def guard() -> Any:
        return {"bad": (await control.guard(200))["bad"]}


def _people(router: APIRouter, control: TrackingControl) -> None:
    @router.post("/tracking/forget", response_model=Forgotten, summary="Erase who wants to be forgotten")
    async def forget(body: ForgetWhom, who: Eraser) -> Any:
        """Visits are deleted, attributions lead to nobody any more; source, medium and campaign of the calls stay."""
        said = [(kind, value) for kind, value in (("number", body.number), ("visitor", body.visitor)) if value]
        if len(said) != 1:
            raise Refused(422, 'give {"number": "+48600100200"} or {"visitor": "..."}')
        kind, subject = said[0]
        return await control.forget(kind, subject, who.name)

    @router.get(
        "/tracking/export",
        dependencies=[allow(Permission.TRACKING_WRITE)],
        summary="All that is kept of a caller",
    )
    async def export(number: CallerNumber) -> dict[str, list[dict[str, Any]]]:
        """For the right of access: calls, sources, visits, pages, numbers, events; instants in seconds since 1970."""
        return await control.export(number)
