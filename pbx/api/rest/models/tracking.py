"""Bodies of the routes of tracking."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from pbx.api.rest.models.base import EXAMPLE_CALL, EXAMPLE_NUMBER, Instant


class Visit(BaseModel):
    """One visitor's stay on one site, from one source."""

    id: str = Field(examples=[EXAMPLE_CALL])
    site: str = Field(examples=["shop"])
    visitor: str = Field(description="empty without consent")
    started: Instant
    seen: Instant = Field(description="the last sign")
    ended: bool
    consent: str = Field(examples=["tracking,analytics"])
    source: str = Field(examples=["google"])
    medium: str = Field(examples=["cpc"])
    campaign: str
    term: str
    content: str
    click_id: str
    click_kind: str = Field(examples=["gclid"])
    channel: str = Field(examples=["paid_search"])
    referrer: str
    landing: str
    page: str = Field(description="the last one")
    pages: int
    device: str = Field(examples=["mobile"])
    city: str
    region: str = Field(description="empty where neither page, address, site nor time zone says it")
    region_by: str = Field(examples=["page"], description="page, address, site or time_zone")
    ga_client: str
    ga_session: str
    ym_uid: str
    first_source: str = Field(description="of the visitor's first visit, like the next two")
    first_medium: str
    first_campaign: str
    first: Instant


class PageSeen(BaseModel):
    """A page of a visit."""

    at: Instant
    page: str


class NumberHeld(BaseModel):
    """A number that the visit was shown alone."""

    number: str = Field(examples=[EXAMPLE_NUMBER])
    pool: str
    line: str
    since: Instant
    seen: Instant


class PageEvent(BaseModel):
    """A tap, a copy, a reveal."""

    at: Instant
    kind: str = Field(examples=["tel_click"])
    subject: str
    number: str
    page: str


class VisitCall(BaseModel):
    """A call that came of the visit."""

    id: str
    started: Instant
    caller: str
    wait_s: float
    talk_s: float
    number: str
    probability: float


class WholeVisit(Visit):
    """A visit with all that belongs to it."""

    page_list: list[PageSeen]
    numbers: list[NumberHeld]
    events: list[PageEvent]
    calls: list[VisitCall]


class Pool(BaseModel):
    """A pool of numbers as it is and as it should be."""

    pool: str = Field(examples=["shop"])
    size: int
    held: int
    free: int
    quarantined: int
    most_held: int
    visits_per_hour: float = Field(description="of the busiest hour")
    stay_s: float
    load: float = Field(description="erlang")
    needed: int = Field(description="numbers by Erlang B; 0: too few visits to say")
    loss: float = Field(description="share of visitors who find none with the present size")
    given: int
    short: int
    crowded: int = Field(description="since the start, turned away because their network holds its share")
    is_small: bool


class Reveals(BaseModel):
    """A masked number in a period, with the calls that came of it."""

    subject: str = Field(examples=["north"])
    dealer: str
    number: str
    reveals: int
    calls: int
    answered: int
    talk_s: float


class BadPage(BaseModel):
    """A page that shows something else than the number it was given."""

    site: str
    page: str
    verdict: str = Field(examples=["truncated"])
    shown: str
    assigned: str


class Guarded(BaseModel):
    bad: list[BadPage]


_Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{5,24}$")]
_Visitor = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class ForgetWhom(BaseModel):
    """One of the two."""

    model_config = {"extra": "forbid", "json_schema_extra": {"examples": [{"number": EXAMPLE_NUMBER}]}}

    number: _Number | None = None
    visitor: _Visitor | None = None


class Forgotten(BaseModel):
    """What was erased; the proof stays."""

    visits: int
    calls: int
    requests: int = 0  # for a callback, made on a page
