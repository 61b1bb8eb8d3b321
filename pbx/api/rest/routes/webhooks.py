"""Subscriptions of other systems to events."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from pbx.api.rest.access import Permission, Principal, allow, allows
from pbx.api.rest.guard import HIDDEN
from pbx.api.rest.models.base import Asked, Instant, ItemId, MaybeInstant, Shown, Text
from pbx.api.rest.models.outbox import Delivery
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of
from pbx.api.rest.problem import problems
from pbx.api.webhook_routes import WebhookControl
from pbx.webhooks.catalogue import NAMES
from pbx.webhooks.subscription import MAX_FILTER, MAX_URL

Url = Annotated[
    str,
    StringConstraints(max_length=MAX_URL, pattern=r"^https?://[!-~]+$"),
    Field(examples=["https://crm.example/hooks/centrala"]),
]
Names = Annotated[list[Text], Field(max_length=MAX_FILTER)]
State = Literal["pending", "delivered", "dead", "dropped"]


class NewWebhook(Asked):
    """A subscription that is asked for."""

    url: Url
    name: Text = ""
    events: Names = Field(default=["*"], min_length=1, examples=[["call.*", "sms.received"]])
    queues: Names = Field(default=[], description="only events of these; empty: all")
    enabled: bool = True


class WebhookChange(Asked):
    """What is to be different; what is left out stays."""

    url: Url | None = None
    name: Text | None = None
    events: Annotated[Names | None, Field(min_length=1)] = None
    queues: Names | None = None
    enabled: bool | None = None


class Webhook(Shown):
    """A subscription. Its secret is shown when it is made, and when it is changed."""

    id: str
    name: str
    url: str
    events: list[str]
    queues: list[str]
    enabled: bool
    version: int = Field(description="of the body's shape")
    created: Instant
    previous_until: MaybeInstant = Field(description="until when the secret before the last signs as well")
    failing_since: MaybeInstant
    disabled: MaybeInstant = Field(description="when it was switched off by the PBX")
    disabled_why: str
    is_down: bool
    pending: int
    dead: int


class WebhookWithSecret(Webhook):
    """With the secret: it is shown this once."""

    secret: str = Field(examples=["whsec_yxl0e2Qm..."])


class Event(Shown):
    """A kind of event."""

    name: str = Field(examples=[NAMES[0]])
    text: str
    body: dict[str, Any] = Field(alias="schema", description="JSON Schema of the body")


class Ping(Shown):
    """The event that is on its way."""

    id: str
    event: str


class Removed(Shown):
    id: str


def webhooks_router(control: WebhookControl) -> APIRouter:
    """/webhooks and what is below."""
    router = APIRouter(tags=["webhooks"])
    read, write = [allow(Permission.WEBHOOKS_READ)], [allow(Permission.WEBHOOKS_WRITE)]

    @router.get("/webhooks", dependencies=read)
    async def webhooks(page: Paging) -> Page[Webhook]:
        """All subscriptions."""
        found = page_of(control.webhooks(), page, lambda row: str(row["id"]))
        return Page[Webhook].model_validate(found)

    @router.post("/webhooks", status_code=201, dependencies=write, openapi_extra={HIDDEN: True})
    async def add(body: NewWebhook) -> WebhookWithSecret:
        """Subscribe."""
        return WebhookWithSecret.model_validate(await control.add(body.model_dump()))

    @router.get("/webhooks/events", dependencies=read)
    async def events() -> list[Event]:
        """All that can be told."""
        return [Event.model_validate(row) for row in control.events()]

    @router.get("/webhooks/{webhook}", dependencies=read)
    async def webhook(webhook: ItemId) -> Webhook:
        """One subscription."""
        return Webhook.model_validate(control.webhook(webhook))

    @router.patch("/webhooks/{webhook}", dependencies=write)
    async def change(webhook: ItemId, body: WebhookChange) -> Webhook:
        """Change it. To enable one that was switched off begins anew."""
        fields = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
        return Webhook.model_validate(await control.change(webhook, fields))

    @router.delete("/webhooks/{webhook}", dependencies=write)
    async def remove(webhook: ItemId) -> Removed:
        """Forget it."""
        return Removed.model_validate(await control.remove(webhook))

    @router.post("/webhooks/{webhook}/rotate", dependencies=write, openapi_extra={HIDDEN: True})
    async def rotate(webhook: ItemId) -> WebhookWithSecret:
        """A new secret; both sign for a while."""
        return WebhookWithSecret.model_validate(await control.rotate(webhook))

    @router.post("/webhooks/{webhook}/ping", status_code=202, responses=problems(409))
    async def ping(webhook: ItemId, who: Annotated[Principal, allows(Permission.WEBHOOKS_WRITE)]) -> Ping:
        """Send an event that says nothing."""
        return Ping.model_validate(await control.ping(webhook, f"{who.kind}:{who.id}"))

    @router.get("/webhooks/{webhook}/deliveries", dependencies=read)
    async def deliveries(
        webhook: ItemId, page: Paging, state: Annotated[State | None, Query(description="Only of this state")] = None
    ) -> Page[Delivery]:
        """What was sent, the newest first, and what became of it."""
        after = page.after(int)
        rows = await control.deliveries(webhook, state or "", after[0] if after else 0, page.limit + 1)
        return Page[Delivery].model_validate(page_from(rows, page, lambda row: make_cursor(row["seq"])))

    return router
