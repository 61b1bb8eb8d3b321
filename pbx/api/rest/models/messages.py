"""Short messages; voicemail."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from pbx.api.rest.models.base import (
    EXAMPLE_CALL,
    EXAMPLE_NUMBER,
    Asked,
    AskedInstant,
    Dialled,
    Instant,
    Language,
    MaybeInstant,
    Shown,
    Text,
    Word,
)

SmsState = Literal["queued", "submitting", "accepted", "delivered", "failed", "expired", "refused", "in_doubt"]


class SmsAsked(Asked):
    """A text, or a template with values for its names. Kept before it is answered: it survives a restart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"to": EXAMPLE_NUMBER, "text": "Your order A17 is on its way.", "key": "order-A17"},
                {"to": EXAMPLE_NUMBER, "template": "order", "variables": {"order": "A17"}, "language": "pl"},
            ]
        }
    )

    to: Dialled
    text: str = Field("", max_length=4000, pattern=r"^[^\x00]*$")
    template: Text = ""
    language: Language = ""
    variables: dict[Word, str | int | float | bool | None] | None = Field(None, max_length=50)
    sender: Text = ""
    key: Text = Field("", description="The same key twice is one message; the header Idempotency-Key when left out")
    source: Text = Field("api", description="What asks; limits and reports count by it")
    reason: Text = ""
    origin_call: Text = ""
    contact: Text = ""
    once_per_h: float = Field(0.0, ge=0, lt=1e6, description="Hours between two of this template to the number")
    not_before: AskedInstant | None = None
    urgent: bool = Field(False, description="In quiet hours as well")


class SmsTicket(Shown):
    """What became of a request."""

    id: str = Field(examples=[EXAMPLE_CALL])
    number: str
    state: str = Field(examples=["queued"])
    parts: int
    coding: str
    cost: float
    new: bool = Field(description="false: the key was known; nothing more is sent")


class SmsPreview(Shown):
    text: str
    coding: str = Field(examples=["gsm7"])
    parts: int
    cost: float


class SmsMessage(Shown):
    id: str = Field(examples=[EXAMPLE_CALL])
    number: str = Field(examples=[EXAMPLE_NUMBER])
    text: str
    coding: str
    parts: int
    state: SmsState
    created: Instant
    expires: MaybeInstant = None
    not_before: MaybeInstant = None
    submitted: MaybeInstant = None
    accepted: MaybeInstant = None
    ended: MaybeInstant = None
    sender: str
    template: str
    language: str
    source: str
    reason: str
    origin_call: str
    contact: str
    gateway: str
    attempts: int
    error: str
    cost: float
    currency: str
    clicks: int = Field(description="How often the link in it was opened")


class SentPart(Shown):
    id: str
    state: str


class SmsMessageDetail(SmsMessage):
    sent: list[SentPart]
    key: str


class SmsAction(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"action": "cancel"}]})

    action: Literal["cancel", "sent", "resend"] = Field(
        description="cancel: not yet sent; sent, resend: settles a message that is in doubt"
    )


class SmsReceived(Shown):
    id: str
    number: str
    to: str
    text: str
    gateway: str
    received: Instant
    what: Literal["text", "stop", "start"]
    contact: str


class OptOut(Shown):
    number: str = Field(examples=[EXAMPLE_NUMBER])
    since: MaybeInstant = None
    by: str = ""


class OptRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"number": EXAMPLE_NUMBER}]})

    number: Dialled


class Opted(Shown):
    number: str
    opted_out: bool
    changed: bool


class SmsTemplate(Shown):
    name: str
    language: str
    text: str
    names: list[str]
    coding: str
    parts: int


class Gateway(Shown):
    name: str
    kind: str
    up: bool
    under_way: int
    throttled: int
    spent: tuple[float, float] = Field(description="Today and this month")
    currency: str


class SmsFigures(Shown):
    enabled: bool
    states: dict[str, int]
    refused: dict[str, int]
    received: dict[str, int]
    opted_out: int
    unknown_receipts: int
    spent: tuple[float, float] = Field(description="Today and this month")
    gateways: list[Gateway]


class Box(Shown):
    """A voicemail box."""

    name: str = Field(examples=["101"])
    extension: str
    queue: str
    new: int
    old: int
    recording: int
    room_for: int
    greetings: list[str]
    locked: bool


class VoicemailMessage(Shown):
    id: str = Field(examples=[EXAMPLE_CALL])
    box: str
    caller: str
    caller_name: str
    call_id: str
    at: Instant
    duration_s: float
    heard: MaybeInstant = None
    saved: bool
    deleted: MaybeInstant = None
    contact: str
    recovered: bool
    transcript: str  # what was said; "-": nothing that was understood; "": not known (yet)


class VoicemailChange(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"heard": True}]})

    heard: bool | None = None
    saved: bool | None = None
    deleted: bool | None = None


class Announcement(Shown):
    name: str
    code: str
    valid: bool
    recorded_at: MaybeInstant = None
    recorded_by: str
    hours: str
