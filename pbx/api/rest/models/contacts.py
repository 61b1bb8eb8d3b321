"""Contacts that somebody owes an answer, and callbacks; customers."""

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
    Note,
    Shown,
    Text,
    Word,
)
from pbx.api.rest.models.calls import Step

End = Literal["reached", "customer_came_back", "refused", "unreachable", "not_a_customer", "cancelled"]


class Contact(Shown):
    """A customer who wanted to speak with us and has not yet, or how that ended."""

    id: str = Field(examples=[EXAMPLE_CALL])
    state: str = Field(examples=["open"])
    end: str
    kind: str = Field(examples=["abandoned"])
    queue: str
    number: str = Field(examples=[EXAMPLE_NUMBER])
    name: str
    owner: str = Field(examples=["queue:sales"])
    claimed_by: str
    since: Instant = Field(description="Of the original contact")
    created: Instant
    age_s: float
    promise: MaybeInstant = Field(None, description="Until when the customer is to be answered")
    overdue: bool
    breached: bool
    not_before: MaybeInstant = None
    not_after: MaybeInstant = None
    ended: MaybeInstant = None
    ended_by: str
    reason: str
    times: int = Field(description="Contacts of the customer that this one stands for")
    attempts: int
    last_outcome: str
    automatic: bool
    mode: str
    priority: int
    skills: list[str]
    language: str
    preferred_agent: str
    source: dict[str, str]
    merged_into: str
    origin_call: str


class Attempt(Shown):
    at: Instant
    ended: MaybeInstant = None
    outcome: str
    call_id: str
    by: str


class ContactDetail(Contact):
    tries: list[Attempt]
    journey: list[Step]


class ContactRequest(Asked):
    """A task for people; what the PBX is to dial by itself is asked for as a callback."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": EXAMPLE_NUMBER, "queue": "sales", "reason": "wrote an e-mail"}]}
    )

    number: Dialled
    queue: Text = ""
    kind: Literal["callback", "widget", "abandoned", "missed", "voicemail", "lead", "sms"] = "missed"
    name: Text = ""
    owner: Text = Field("", description="agent:101, team:sales, queue:sales, group:office or extension:101")
    since: AskedInstant | None = Field(None, description="Of the original contact; now when left out")
    deadline_s: float | None = Field(None, gt=0, lt=1e8)
    key: Text = Field("", description="The same key twice is one contact")
    reason: Text = ""


class Claim(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "agent:101"}]})

    by: Text = Field("", description="Empty: whoever asks")
    reason: Text = ""


class CloseRequest(Claim):
    model_config = ConfigDict(json_schema_extra={"examples": [{"end": "reached", "reason": "ordered by e-mail"}]})

    end: End


class ContactSummary(Shown):
    open: int
    overdue: int
    breached: int
    oldest_s: float
    by_queue: dict[str, int]
    by_kind: dict[str, int]
    by_state: dict[str, int]
    refused: int
    lost: int


class Callback(Shown):
    """A customer whom the PBX calls back."""

    id: str = Field(examples=[EXAMPLE_CALL])
    kind: str
    queue: str
    number: str = Field(examples=[EXAMPLE_NUMBER])
    name: str
    state: str
    mode: str
    since: Instant
    created: Instant
    promise: MaybeInstant = None
    slot: MaybeInstant = Field(None, description="The hour that the customer chose")
    next_try: MaybeInstant = Field(None, description="null: now, or never by itself; waits_for says which")
    waits_for: str
    attempts: int
    last_outcome: str
    owner: str


class NewCallback(Callback):
    new: bool = Field(description="false: the customer's open request goes on, or the key was known")


class CallbackAsked(Asked):
    """Kept before it is answered: it survives a restart."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": EXAMPLE_NUMBER, "queue": "sales", "key": "form-17"}]}
    )

    number: Dialled
    queue: Word
    key: Text = Field("", description="The same key twice is one request; the header Idempotency-Key when left out")
    name: Text = ""
    language: Language = ""
    at: AskedInstant | None = Field(None, description="The hour that the customer chose")
    until: AskedInstant | None = None
    mode: Literal["", "agent_first", "customer_first"] = ""
    source: Text = Field("", description="Who asks; limits count by it")
    promise_s: float | None = Field(None, ge=0, lt=1e8)
    priority: int = Field(0, ge=-10, le=10)
    preferred_agent: Text = ""
    zone: Text = Field("", description="The customer's time zone (Europe/Moscow), where his number may be in it")
    tags: dict[Word, Text] = Field(default_factory=dict, max_length=16)


class Reschedule(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"at": "2026-12-24T10:00:00+01:00"}]})

    at: AskedInstant


class CallbackFigures(Shown):
    waiting: dict[str, dict[str, int]]
    refused: dict[str, int]
    launched: dict[str, int]
    silent_share: dict[str, float]
    caution: dict[str, float]
    reach_s: dict[str, float]


class Preview(Shown):
    """What an agent reads before the customer is called."""

    agent: str
    contact: str
    queue: str
    kind: str
    number: str
    name: str
    language: str
    source: dict[str, str]
    since: Instant
    promise: MaybeInstant = None
    slot: MaybeInstant = None
    attempts: int
    last_outcome: str
    times: int
    left_s: float = Field(description="To decide")


class PreviewAnswer(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"accept": True}]})

    accept: bool


class Customer(Shown):
    id: str
    numbers: list[str] = Field(examples=[[EXAMPLE_NUMBER]])
    name: str
    language: str
    vip: bool
    tags: list[str]
    agent: str
    note: str
    has_pin: bool


class CustomerRow(Asked):
    """One customer of an import."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"numbers": [EXAMPLE_NUMBER], "name": "Anna Nowak", "tags": ["gold"]}]}
    )

    id: Text = ""
    numbers: list[Dialled] = Field(min_length=1, max_length=20)
    name: Text = ""
    language: Language = ""
    vip: bool = False
    tags: list[Word] = Field(default_factory=list, max_length=50)
    agent: Text = ""
    note: Note = ""


class CustomerImport(Asked):
    """A part of a table; with `last`, customers of other batches go."""

    rows: list[CustomerRow] = Field(max_length=5000)
    batch: Text = ""
    last: bool = False


class Imported(Shown):
    taken: int
    removed: int
    customers: int


class Region(Shown):
    """What a number's plan tells of it."""

    number: str
    country: str = ""
    region: str = ""
    operator: str = ""
    kind: str = Field("", description="mobile, fixed, toll_free...")


class ImportedTable(Imported):
    """What a CSV table held."""

    lines: int
    columns: dict[str, str] = Field(description="Column of the table: what it was taken for")
    problems: list[str] = Field(description="Lines that were left out, and why")
