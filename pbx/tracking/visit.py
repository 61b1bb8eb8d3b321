"""A visit: one visitor's stay on one site, from one source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pbx.tracking.sources import Source

DIRECT_SOURCE = Source()
ShownKind = Literal["session", "channel", "default"]
Device = Literal["mobile", "tablet", "desktop", "bot", ""]
RegionBy = Literal["page", "address", "site", "time_zone", ""]  # what the region of a visit is known by


class Consent(NamedTuple):
    """What the visitor allows. Without `tracking` nothing is kept in his browser and no id of his is kept here."""

    tracking: bool = False
    analytics: bool = False
    ads: bool = False

    @property
    def text(self) -> str:
        return ",".join(name for name, given in zip(self._fields, self, strict=True) if given)


NO_CONSENT = Consent()


class Shown(NamedTuple):
    """The number that stands in the page as one logical number."""

    number: str
    kind: ShownKind
    default: str
    pool: str = ""  # that it is of, or that was short


@dataclass(slots=True)
class Visit:
    """Instants are UTC seconds. `first_...` are of the visitor's first visit that we know of."""

    id: str
    site: str
    started: float
    seen: float
    source: Source = DIRECT_SOURCE
    visitor: str = ""  # "" before consent
    consent: Consent = NO_CONSENT
    referrer: str = ""
    landing: str = ""
    page: str = ""
    pages: int = 0
    device: Device = ""
    city: str = ""
    ga_client: str = ""
    ga_session: str = ""
    ym_uid: str = ""
    first_source: str = ""
    first_medium: str = ""
    first_campaign: str = ""
    first_at: float = 0.0
    ended: bool = False
    region: str = ""
    region_by: RegionBy = ""
    numbers: dict[str, Shown] = field(default_factory=dict)  # by logical number
    tapped: float = 0.0  # when a number was tapped last
    revealed: set[str] = field(default_factory=set)
    place: str = ""  # the network that it came from; never stored


class PageView(NamedTuple):
    """One row of visit_pages."""

    visit: str
    number: int  # from 1
    at: float
    page: str


@dataclass(slots=True, frozen=True)
class Lease:
    """One number that one visit held."""

    number: str
    visit: str
    visitor: str
    pool: str
    site: str
    line: str
    since: float
    seen: float


@dataclass(slots=True, frozen=True)
class WebEvent:
    """A tap, a copy, a reveal. `key` makes it one row."""

    key: str
    at: float
    kind: str
    site: str
    visit: str
    subject: str  # the logical or masked number
    dealer: str = ""
    number: str = ""
    page: str = ""


@dataclass(slots=True, frozen=True)
class GuardReport:
    """What the number guard saw on a page."""

    id: str
    at: float
    site: str
    visit: str
    page: str
    line: str
    selector: str
    shown: str
    assigned: str
    href: str
    verdict: str
    user_agent: str


@dataclass(slots=True)
class PoolHour:
    """One hour of a pool; `hour` is its beginning."""

    pool: str
    hour: int
    visits: int = 0  # that wanted a number
    given: int = 0
    short: int = 0
    most_held: int = 0
    size: int = 0
    stay_s: float = 0.0  # sum of the stays that ended in it, first to last sign
    stays: int = 0
    load: float = 0.0  # erlang, by the busiest hour so far
    needed: int = 0
