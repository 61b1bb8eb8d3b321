"""The callback widget over the API."""

from __future__ import annotations

from pydantic import BaseModel, Field

from pbx.api.rest.models.base import EXAMPLE_CALL, EXAMPLE_NUMBER, Asked, Instant, MaybeInstant, Word


class WidgetRequest(BaseModel):
    """A visitor's request, and what became of it."""

    id: str = Field(examples=[EXAMPLE_CALL])
    contact: str = Field(description="The contact that it led to", examples=[EXAMPLE_CALL])
    site: str = Field(examples=["shop"])
    queue: str = Field(examples=["sales"])
    number: str = Field(examples=[EXAMPLE_NUMBER])
    created: Instant
    language: str = Field(examples=["pl"])
    visit: str
    page: str
    slot: MaybeInstant = Field(description="The hour that was chosen")
    shown_s: float = Field(description="Seconds that were promised; 0: nothing", examples=[28])
    rung: MaybeInstant = Field(description="When the visitor's phone rang first")
    connected: MaybeInstant
    state: str = Field(examples=["connected"])


class WidgetProof(WidgetRequest):
    """With all that proves the consent."""

    origin: str
    address: str
    agent: str = Field(description="The browser, as it names itself")
    consent: str = Field(description="The version of the wording")
    given: bool
    wording: str = Field(description="As the visitor read it")


class WidgetBan(BaseModel):
    """An address or number whose requests are refused."""

    site: str = Field(examples=["shop"])
    key: str = Field(examples=["address:192.0.2.1"])
    since: Instant
    until: Instant
    offences: int


class LiftBan(Asked):
    site: Word = Field(examples=["shop"])
    key: Word = Field(examples=["address:192.0.2.1"])


class LiftedBan(BaseModel):
    site: str
    key: str
