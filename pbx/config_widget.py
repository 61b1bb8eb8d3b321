"""[site_web.widget]: the callback widget of a site, what it looks like, what it promises and whom it refuses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config_base import Language, Section

Texts = dict[Language, str]
Path = Annotated[str, Field(pattern=r"^/[^\s]{0,200}$")]  # of a page: "/checkout/*"


class WidgetDepartment(Section):
    """A choice of the visitor: a queue, and what it is called on the page."""

    queue: str
    title: Texts = {}


class Widget(Section):
    """Off until `enabled`; the snippet substitutes and guards numbers all the same."""

    enabled: bool = False
    departments: list[WidgetDepartment] = []  # the first one is chosen at the beginning
    hours: str = ""  # an [[hours]], in the site's zone where it names none; outside them only slots; empty: always open
    countries: list[str] = []  # ISO 3166, whose numbers the form takes; empty: those of callback.countries
    mode: Literal["", "agent_first", "customer_first"] = ""  # empty: the queue's
    # The promise
    max_seconds: int = Field(default=60, ge=5, le=3600)  # more than this is not promised: a slot is offered instead
    quantile: float = Field(default=0.9, gt=0, lt=1)  # of the measured times: so many of the promises are kept
    # Slots
    slot_days: int = Field(default=3, ge=0, le=14)  # so many days ahead, today included; 0: none are offered
    slot_minutes: int = Field(default=30, ge=5, le=240)
    slot_requests: int = Field(default=0, ge=0)  # of one slot; 0: as many as the queue has agents
    # Look
    colour: str = Field(default="#1a56db", pattern=r"^#[0-9a-fA-F]{6}$")
    position: Literal["bottom-right", "bottom-left", "top-right", "top-left"] = "bottom-right"
    offset: tuple[Annotated[int, Field(ge=0, le=2000)], Annotated[int, Field(ge=0, le=2000)]] = (20, 20)  # pixels
    z: int = Field(default=9999, ge=0, le=2_147_483_647)
    avatar: str = Field(default="", pattern=r"^(https?://\S{1,500}|/\S{0,500})?$")  # address of a picture
    texts: dict[Language, dict[str, Annotated[str, Field(max_length=300)]]] = {}  # instead of ours, by name
    # When it is seen
    button: bool = True
    exit_intent: bool = False
    after_s: float = Field(default=0.0, ge=0, le=86_400)  # on the page; 0: does not open by itself
    scroll: float = Field(default=0.0, ge=0, le=1)  # share of the page; 0: does not open by itself
    pages: list[Path] = []  # where it may open by itself; empty: everywhere
    hide: list[Path] = []  # where there is none
    mobile: Literal["tel", "widget"] = "tel"  # what the button of a telephone does first
    # Consent
    consent: Texts = {}  # wording, kept with each request as it was shown; empty: ours
    consent_ask: bool = False  # with a box to tick
    # Messages, each an [[sms.template]]
    sms_on_failure: str = ""  # empty: callback.sms_on_failure
    sms_on_schedule: str = ""
    # Abuse; limits are "3/60m". Those of an address are callback.limits_per_source
    limits_per_visitor: list[str] = ["3/60m", "4/24h"]  # different numbers
    limits_per_number: list[str] = ["3/60m"]  # requests of one, on all sites; beside callback.limits_per_number
    work_bits: int = Field(default=14, ge=0, le=24)  # of proof of work; more while many ask
    work_free: int = Field(default=20, ge=1)  # requests of the site within ten minutes until it costs more
    requests_per_day: int = Field(default=500, ge=1)
    money_per_day: float = Field(
        default=0.0, ge=0
    )  # of calls that its requests led to; 0: callback.money_per_day alone
    ban_after: int = Field(default=20, ge=1)  # refusals of an address, or fruitless requests of a number, within a day
    ban_days: float = Field(default=7.0, gt=0, le=366)
    keep_days: int = Field(default=1100, ge=1)  # of requests with their consent
