"""Deliveries over HTTP, as the API shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pbx.api.rest.models.base import EXAMPLE_CALL, Instant, MaybeInstant, Shown


class Delivery(Shown):
    """One delivery and what became of it."""

    id: str = Field(description="the same at every attempt", examples=[EXAMPLE_CALL])
    target: str = Field(examples=["webhook:0199c4a1b2c37d4e8f90a1b2c3d4e5f6"])
    kind: str = Field(examples=["call.ended"])
    key: str
    call_id: str = Field(description="of the call or contact whose order it keeps; empty for none")
    number: int = Field(description="of the target: 1, 2, 3...")
    state: Literal["pending", "delivered", "dead", "dropped"]
    created: Instant
    due: MaybeInstant = Field(description="not tried before")
    ended: MaybeInstant
    attempts: int
    status: int | None = Field(description="HTTP's, of the last answer")
    error: str = Field(description="of the last attempt")
    excerpt: str = Field(description="the beginning of the last answer")
    took_ms: int | None


class DeliveryBody(Delivery):
    """With what it says."""

    body: str


class Target(Shown):
    """A receiver."""

    target: str
    registered: bool = Field(description="whether somebody in the PBX knows how to speak to it")
    is_down: bool
    paused_until: MaybeInstant
    pending: int
    oldest: MaybeInstant = Field(description="since when the oldest waits")
    dead: int
    delivered: int = Field(description="since the start")
    failed_attempts: int
