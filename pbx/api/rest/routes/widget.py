"""Requests of web pages for a call, their proof of consent, and who is not listened to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from pbx.accounts.rights import Permission
from pbx.api.rest.access import allow
from pbx.api.rest.models.base import ItemId
from pbx.api.rest.models.widget import LiftBan, LiftedBan, WidgetBan, WidgetProof, WidgetRequest
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of
from pbx.api.rest.problem import problems
from pbx.api.widget_routes import WidgetControl

READ = [allow(Permission.TRACKING_READ)]
WRITE = [allow(Permission.TRACKING_WRITE)]


def widget_router(control: WidgetControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["widget"])

    @router.get(
        "/widget/requests", response_model=Page[WidgetRequest], dependencies=READ, summary="Requests, the newest first"
    )
    async def requests(page: Paging) -> Any:
        after = page.after(float)
        rows = await control.requests(page.limit + 1, after[0] if after is not None else 0.0)
        return page_from(rows, page, lambda row: make_cursor(row["created"]))

    @router.get(
        "/widget/requests/{request}", response_model=WidgetProof, dependencies=WRITE, summary="A request with its proof"
    )
    async def proof(request: ItemId) -> Any:
        """The wording of the consent is the one that this visitor read."""
        return await control.request(request)

    @router.get("/widget/bans", response_model=Page[WidgetBan], dependencies=READ, summary="Who is not listened to")
    async def bans(page: Paging) -> Any:
        return page_of(control.bans(), page, lambda row: f"{row['site']} {row['key']}")

    @router.post(
        "/widget/bans/lift",
        response_model=LiftedBan,
        dependencies=WRITE,
        summary="Listen to somebody again",
        responses=problems(404),
    )
    async def lift(body: LiftBan) -> Any:
        return control.lift(body.site, body.key)

    return router
