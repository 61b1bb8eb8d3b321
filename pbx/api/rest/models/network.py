"""Trunks, numbers, registrations, phones, lists of callers, bans."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, IPvAnyAddress

from pbx.api.rest.models.base import EXAMPLE_NUMBER, Asked, MaybeInstant, Shown, Text


class Trunk(Shown):
    """A trunk at this moment; money is in `currency`."""

    name: str = Field(examples=["carrier"])
    host: str
    address: str
    health: str = Field(examples=["up"])
    registration: str
    registered: bool
    expires_s: float
    reason: str
    calls: int
    max_calls: int
    spent_today: float
    spent_month: float
    currency: str
    prices: int


class Number(Shown):
    """A number as it is configured or was imported."""

    number: str = Field(examples=["+48221234567"])
    last: str = ""
    application: str
    trunks: list[str] = []
    internal: bool = False
    tag: str = ""
    campaign: str = ""
    medium: str = ""
    hours: str = ""
    imported: bool


class Registration(Shown):
    """A phone that is registered."""

    extension: str
    contact: str
    transport: str
    address: str
    expires_s: float
    user_agent: str
    state: Literal["reachable", "unreachable"]


class Subscription(Shown):
    """Who is told of what: lamps, presence, messages waiting."""

    watcher: str
    event: str = Field(examples=["dialog"])
    resource: str
    address: str
    expires_s: float
    notified: int


class Phone(Shown):
    """What an extension has in effect."""

    extension: str
    name: str
    dnd: bool
    call_waiting: bool
    follow_me: bool
    forward_always: str = ""
    forward_busy: str = ""
    forward_no_answer: str = ""
    forward_unregistered: str = ""
    set: bool = Field(description="Something was set from the phone or by command")


class PhoneChange(Asked):
    """As the phone would by code; null gives a setting back to the configuration."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"dnd": True}, {"forward_busy": "102"}]})

    dnd: bool = False
    call_waiting: bool | None = None
    follow_me: bool | None = None
    forward_always: Text | None = None
    forward_busy: Text | None = None
    forward_no_answer: Text | None = None
    forward_unregistered: Text | None = None


class ScreeningEntry(Shown):
    """Callers who are refused, or let through whatever else says no."""

    side: Literal["block", "allow"]
    pattern: str = Field(examples=["+4860*"])
    action: str
    reason: str
    left_s: float = Field(0.0, description="0: for ever")


class ScreeningRequest(Asked):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"side": "block", "pattern": EXAMPLE_NUMBER, "reason": "flood", "for_s": 3600}]}
    )

    side: Literal["block", "allow"]
    pattern: Text
    action: Text = "reject"
    reason: Text = ""
    for_s: float = Field(0.0, ge=0, lt=1e9, description="0: for ever")


class Ban(Shown):
    """An address that is not listened to."""

    address: str = Field(examples=["192.0.2.10"])
    since: MaybeInstant = None
    until: MaybeInstant = None
    left_s: float
    reason: str
    times: int = Field(description="How often it was banned")


class BanRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"address": "192.0.2.10", "for_s": 3600}]})

    address: IPvAnyAddress
    for_s: float = Field(3600.0, gt=0, lt=1e9)
