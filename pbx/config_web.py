"""Sections of the web side: sites, the numbers that they show, and what is known of their visitors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config_base import Language, Section
from pbx.config_widget import Widget

LINE = r"^[a-z0-9_-]{1,40}$"
Line = Annotated[str, Field(pattern=LINE)]  # what a page calls a number: data-pbx-number="main"
MAIN = "main"
ReferrerGroup = Literal["search", "social", "messenger", "mail", "maps", "ads", "site", "direct", "other"]
Channel = Literal[
    "paid_search",
    "paid_social",
    "display",
    "organic_search",
    "organic_social",
    "messenger",
    "maps",
    "email",
    "sms",
    "affiliate",
    "referral",
    "direct",
    "offline",
    "other",
]


class WebSite(Section):
    """[[site_web]]: a site whose pages show our numbers. Its `key` stands in the page and is no secret."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    key: str = Field(pattern=r"^pk_[A-Za-z0-9]{8,64}$")
    origins: list[str] = []  # "https://shop.example", "https://*.shop.example": nobody else's pages are answered
    number: str = ""  # that stands in the page as logical number "main", and is right without us
    lines: dict[Line, str] = {}  # further logical numbers of the page: name = the number that stands in it
    country: str = ""  # ISO 3166: whose way of writing numbers; empty: numbering.country
    language: Language | None = None  # None: the server's
    timezone: str = ""  # empty: the server's
    region: str = Field(default="", max_length=80)  # whose visitors it is for; what its pages say goes before it
    region_parameter: str = Field(default="", pattern=r"^[A-Za-z0-9_.~-]{0,60}$")  # of addresses, that names the region
    consent: Literal["required", "given"] = "required"  # "given": the site asks by itself before it loads the snippet
    # What is shown before consent: a number of the pool for this page alone, or that of the channel
    before_consent: Literal["page", "channel"] = "page"
    server_token: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,128}$")  # of pages that a server renders
    widget: Widget = Widget()


class SourceRule(Section):
    """[[source_rule]]: what visitors of one source are shown. One kind of condition each; docs/tracking.md has the
    order.
    """

    name: str = Field(min_length=1, max_length=60)
    site: str = ""  # a [[site_web]]; empty: all
    line: Line = MAIN
    parameters: dict[str, str] = {}  # of the landing page, all of them: {utm_source = "ads"}; "*": any value
    landing: list[str] = []  # paths of the landing page: "/lp/*"
    referrer: list[str] = []  # "partner.example", "*.partner.example", "partner.example/catalogue/*"
    referrer_group: list[ReferrerGroup] = []
    channel: list[Channel] = []
    always: bool = False
    number: str = ""  # shown alone, or when the pool has none left
    pool: str = ""  # a [[number_pool]]
    # What such a visit is said to come from, where its landing page has no utm parameters
    source: str = Field(default="", max_length=100)
    medium: str = Field(default="", max_length=100)
    campaign: str = Field(default="", max_length=100)


class NumberPool(Section):
    """[[number_pool]]: numbers of which each visitor is shown one of his own."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    site: str = ""  # shown to whom no rule fits on this [[site_web]]; empty: only where a rule names the pool
    line: Line = MAIN
    numbers: list[str] = []
    first: str = ""  # with `last`, instead of `numbers`: a range
    last: str = ""
    hold_s: float | None = Field(default=None, ge=0, le=86_400)  # None: tracking.hold_s
    quarantine_s: float | None = Field(default=None, ge=0, le=604_800)  # None: tracking.quarantine_s
    loss: float | None = Field(default=None, gt=0, lt=1)  # None: tracking.loss
    address_share: float | None = Field(default=None, ge=0, le=1)  # None: tracking.address_share


class MaskedNumber(Section):
    """[[masked_number]]: shown without its last digits until the visitor asks for them; every such wish is counted."""

    name: Line  # data-pbx-reveal="..."
    number: str
    site: str = ""  # a [[site_web]]; empty: all
    dealer: str = ""  # whose it is, for reports; empty: `name`


class Tracking(Section):
    """[tracking]: sessions of visitors, how calls are attributed, how long it is all kept."""

    heartbeat_s: float = Field(default=60.0, ge=5, le=600)  # of open pages
    session_idle_s: float = Field(default=1800.0, ge=60, le=86_400)  # without a sign the visit is over
    hold_s: float = Field(default=1800.0, ge=0, le=86_400)  # after the last sign the number is still the visitor's
    quarantine_s: float = Field(default=600.0, ge=0, le=604_800)  # and then for so long nobody's
    loss: float = Field(default=0.01, gt=0, lt=1)  # share of visitors who may find a pool empty
    # Share of a pool, one number at least, that visitors of one network (/24, IPv6 /64) hold at once; 1: all of it
    address_share: float = Field(default=0.25, ge=0, le=1)
    warn_days: int = Field(default=7, ge=1, le=90)  # whose busiest hour says how many numbers a pool needs
    memory_s: float = Field(default=3600.0, ge=60, le=2_592_000)  # in which half of the visitors' calls have come
    stray: float = Field(default=0.02, ge=0, le=1)  # weight of callers whom no visit of the number explains
    unique_days: int = Field(default=30, ge=1, le=366)  # a caller who did not call for so long is a new one
    visits_days: int = Field(default=90, ge=1, le=1100)  # visits and their pages are deleted after this
    max_sessions: int = Field(default=50_000, ge=100, le=1_000_000)
    max_callers: int = Field(default=200_000, ge=1000, le=5_000_000)
    max_pages: int = Field(default=50, ge=1, le=500)  # kept of one visit
    parameters: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~-]{1,60}$")]] = []  # of URLs, that are kept as well
    region_certainty: float = Field(default=0.8, ge=0, le=1)  # of the visits that tell a flow the caller's region
    # By the time zone of the browser: {"Asia/Omsk" = "Омская область"}; zones that are not named tell nothing
    zone_regions: dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(min_length=1, max_length=80)]] = {}
    bots: list[str] = []  # further words of user agents that are shown no number of a pool
    # Requests of one address (an IPv6 /64) within a minute; whole offices and mobile networks share one
    visits_per_minute: int = Field(default=600, ge=10)
    beats_per_minute: int = Field(default=3000, ge=10)
    reports_per_minute: int = Field(default=300, ge=10)  # number guard, reveals and events, each
