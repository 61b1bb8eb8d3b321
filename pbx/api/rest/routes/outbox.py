"""Deliveries to other systems: what waits, what died, and sending it again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from pbx.api.outbox_routes import OutboxControl
from pbx.api.rest.access import Permission, allow
from pbx.api.rest.models.base import Asked, ItemId, Shown, Text, Word
from pbx.api.rest.models.outbox import Delivery, DeliveryBody, Target
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of
from pbx.api.rest.problem import problems
from pbx.outbox.shelf import Wanted

State = Literal["pending", "delivered", "dead", "dropped"]


class Action(Asked):
    """`retry` sends it again under the same id, `drop` never more."""

    action: Literal["retry", "drop"]


class ActionOnAll(Action):
    """All dead letters of a target."""

    target: Word = Field(examples=["ga4"])


class Changed(Shown):
    target: str
    changed: int


def outbox_router(control: OutboxControl) -> APIRouter:
    """/outbox and what is below."""
    router = APIRouter(tags=["outbox"])
    read, write = [allow(Permission.OUTBOX_READ)], [allow(Permission.OUTBOX_WRITE)]

    @router.get("/outbox", dependencies=read)
    async def deliveries(
        page: Paging,
        target: Annotated[Text, Query(description="Only of this target")] = "",
        state: Annotated[State | None, Query(description="Only of this state")] = None,
        call_id: Annotated[Text, Query(description="Only of this call or contact")] = "",
    ) -> Page[Delivery]:
        """Deliveries, the newest first."""
        after = page.after(int)
        before, limit = after[0] if after else 0, page.limit + 1
        wanted = Wanted(target=target, state=state or "", call_id=call_id, before=before, limit=limit)
        rows = await control.entries(wanted)
        return Page[Delivery].model_validate(page_from(rows, page, lambda row: make_cursor(row["seq"])))

    @router.post("/outbox", dependencies=write)
    async def act_on_all(body: ActionOnAll) -> Changed:
        """Retries or drops all dead letters of a target."""
        return Changed.model_validate(await control.change_all(body.target, body.action))

    @router.get("/outbox/targets", dependencies=read)
    async def targets(page: Paging) -> Page[Target]:
        """What waits for whom."""
        return Page[Target].model_validate(page_of(control.targets(), page, lambda row: str(row["target"])))

    @router.get("/outbox/{delivery}", dependencies=read)
    async def one(delivery: ItemId) -> DeliveryBody:
        """A delivery with what it says."""
        return DeliveryBody.model_validate(await control.entry(delivery))

    @router.post("/outbox/{delivery}", dependencies=write, responses=problems(409))
    async def act(delivery: ItemId, body: Action) -> DeliveryBody:
        """Retries or drops it."""
        return DeliveryBody.model_validate(await control.change(delivery, body.action))

    return router
