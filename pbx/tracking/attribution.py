"""Which visit, source or medium a call comes from. Asked in the turn in which the call begins.

In this order: the visit that a callback was asked in; the holders of a pool's number; the number of a channel; what
[[number]] says of the number dialled (billboard, app); the number that stands in a site's pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbx.config import Config
from pbx.numbers.plan import NumberPlan
from pbx.tracking.callers import Callers
from pbx.tracking.desk import Desk, plain
from pbx.tracking.likelihood import Candidate, shares
from pbx.tracking.region import NOWHERE, Region, region_of
from pbx.tracking.sources import Source
from pbx.tracking.views import Views
from pbx.tracking.visit import Visit

if TYPE_CHECKING:
    from pbx.call.setup import Setup

MAX_CANDIDATES = 5  # told in the event
NAMED = 0.5  # a visit is named when it is likelier than all others together
APP = "app"


@dataclass(slots=True)
class Attribution:
    """What CALL_ATTRIBUTED says; see pbx.events for the names."""

    method: str
    probability: float
    number: str = ""
    site: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    channel: str = ""
    visit: Visit | None = None
    region: Region = NOWHERE
    candidates: list[dict[str, Any]] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """The event's data: what is empty is left out."""
        told: dict[str, Any] = {
            "method": self.method,
            "probability": round(self.probability, 4),
            "source": self.source,
            "medium": self.medium,
            "campaign": self.campaign,
            "channel": self.channel,
            "number": self.number,
            "site": self.site,
        }
        if self.visit is not None:
            told.update(_of_visit(self.visit))
        kept = {name: value for name, value in told.items() if value != ""}
        if self.region.name:
            kept["region"], kept["region_by"] = self.region.name, self.region.by
            kept["region_probability"] = round(self.region.probability, 4)
        if self.candidates:
            kept["candidates"] = self.candidates
        return kept


class Attributor:
    """Instants are steady UTC seconds."""

    def __init__(self, config: Config, desk: Desk, views: Views, callers: Callers) -> None:
        self._desk, self._views, self.callers = desk, views, callers
        self.configure(config)

    def configure(self, config: Config) -> None:
        self._memory_s = config.tracking.memory_s
        self._stray = config.tracking.stray
        self.plan = NumberPlan(config.numbering.country)
        self._channels = {plain(rule.number): rule for rule in reversed(config.source_rule) if rule.number}
        self._pages: dict[str, str] = {}
        for site in config.site_web:
            for number in (site.number, *site.lines.values()):
                if number:
                    self._pages.setdefault(plain(number), site.name)

    def attribute(self, setup: Setup, now: float) -> Attribution:
        """Of a call that came in by a trunk."""
        number = self._known_number(setup.did)
        if number in self._desk.pool_of:
            return self._by_pool(number, setup.caller, now)
        rule = self._channels.get(number)
        if rule is not None:
            # Where the rule has a pool as well, its number is shown to those who found the pool empty.
            found = Attribution("pool" if rule.pool else "static", 1.0, rule.number, rule.site)
            found.source, found.medium, found.campaign = rule.source or rule.name, rule.medium, rule.campaign
            return self._by_shared(found, number, setup.caller, now)
        tag, campaign, medium = setup.tag, setup.campaign, setup.medium
        if tag or campaign or medium:
            method = APP if medium == APP else "static"
            channel = "other" if medium == APP else "offline"
            return Attribution(method, 1.0, setup.did, "", tag or medium, medium, campaign, channel)
        site = self._pages.get(number)
        if site is not None:
            return self._by_shared(Attribution("number", 0.0, setup.did, site), number, setup.caller, now)
        return Attribution("none", 0.0, setup.did)

    def of_visit(self, visit: Visit, number: str) -> Attribution:
        """Of a call that is placed because the visit asked for it."""
        source = visit.source
        return Attribution(
            "widget", 1.0, number, visit.site, source.source, source.medium, source.campaign, source.channel, visit,
            region_of([(visit, 1.0)]),
        )  # fmt: skip

    def unknown_visit(self, number: str) -> Attribution:
        """The same of a visit that is no longer known."""
        return Attribution("widget", 0.0, number)

    def learn(self, caller: str, found: Attribution) -> None:
        """After the caller was counted: by which number he means whom, for the next time."""
        if found.visit is not None:
            self.callers.learn(caller, plain(found.number), found.visit.id, found.probability)

    # -- the ways -------------------------------------------------------------------------------------------------

    def _known_number(self, did: str) -> str:
        digits = plain(did)
        if digits in self._desk.pool_of or digits in self._channels or digits in self._pages:
            return digits
        return plain(self.plan.e164(did)) or digits

    def _by_pool(self, number: str, caller: str, now: float) -> Attribution:
        holders = self._desk.holders(number, now)
        visits = [self._views.sessions.find(holding.visit) for holding in holders]
        known = [(visit, holding) for visit, holding in zip(visits, holders, strict=True) if visit is not None]
        told = [Candidate(h.visit, max(h.seen, 0.0), v.tapped, v.place) for v, h in known]
        weights = shares(told, now, memory_s=self._memory_s, stray=self._stray)
        likely = list(zip((visit for visit, _ in known), weights, strict=True))
        meant = self.callers.meant(caller, number)
        if meant is not None:
            likely = self._redialled(likely, meant.visit, meant.probability)
        found = self._best(Attribution("pool", 0.0, self._desk.written(number)), likely)
        if found.visit is not None and self._desk.holds(number, found.visit.id) and not found.visit.ended:
            found.method = "session"
        return found

    def _redialled(self, likely: list[tuple[Visit, float]], visit: str, sure: float) -> list[tuple[Visit, float]]:
        """The caller rang the number before: it is in his telephone, whoever is shown it now."""
        meant = self._views.sessions.find(visit)
        if meant is None:
            return likely
        others = [(other, weight * (1.0 - sure)) for other, weight in likely if other.id != visit]
        return [(meant, max(sure, next((w for v, w in likely if v.id == visit), 0.0))), *others]

    def _by_shared(self, found: Attribution, number: str, caller: str, now: float) -> Attribution:
        """A number that many see: the source is as good as its rule, the visit is one of those who see it."""
        visits = [self._views.sessions.find(visit) for visit in self._views.shared.get(number, ())]
        known = [visit for visit in visits if visit is not None]
        if not known:
            return found
        told = [Candidate(visit.id, visit.seen, visit.tapped, visit.place) for visit in known]
        weights = shares(told, now, memory_s=self._memory_s, stray=self._stray)
        likely = list(zip(known, weights, strict=True))
        meant = self.callers.meant(caller, number)
        if meant is not None:
            likely = self._redialled(likely, meant.visit, meant.probability)
        best = self._best(Attribution(found.method, found.probability, found.number, found.site), likely)
        found.candidates, found.region = best.candidates, best.region
        if best.visit is not None:
            found.visit = best.visit
        if found.method == "number" or (best.probability and not self._channels[number].source):
            # The rule is about several sources, or about none: what the visitors of it come from is the better guess.
            found.probability = best.probability
            found.source, found.medium, found.campaign = best.source, best.medium, best.campaign
        found.channel = best.channel
        return found

    def _best(self, found: Attribution, likely: Sequence[tuple[Visit, float]]) -> Attribution:
        """The likeliest source, with the visit where that is likelier than all others."""
        ranked = sorted(likely, key=lambda pair: -pair[1])
        by_source: dict[tuple[str, str, str], float] = {}
        for visit, weight in ranked:
            by_source[visit.source.key] = by_source.get(visit.source.key, 0.0) + weight
        if not by_source:
            return found
        key = max(by_source, key=lambda name: by_source[name])
        first, share = ranked[0]
        found.source, found.medium, found.campaign = key
        found.probability = min(by_source[key], 1.0)
        found.channel = next(visit.source.channel for visit, _ in ranked if visit.source.key == key)
        found.site = found.site or first.site
        found.region = region_of(ranked)
        if share >= NAMED and first.source.key == key:
            found.visit = first
        if len(ranked) > 1:
            found.candidates = [
                _candidate(visit, weight) for visit, weight in ranked[:MAX_CANDIDATES] if weight >= 0.001
            ]
        return found


def _candidate(visit: Visit, weight: float) -> dict[str, Any]:
    source = visit.source
    return {
        "visit": visit.id,
        "source": source.source,
        "medium": source.medium,
        "campaign": source.campaign,
        "probability": round(weight, 4),
    }


def _of_visit(visit: Visit) -> dict[str, Any]:
    source: Source = visit.source
    return {
        "term": source.term,
        "content": source.content,
        "click_id": source.click_id,
        "click_kind": source.click_kind,
        "visit": visit.id,
        "session": visit.ga_session or visit.id,
        "visitor": visit.visitor,
        "site": visit.site,
        "landing": visit.landing,
        "page": visit.page,
        "ga_client": visit.ga_client,
        "ga_session": visit.ga_session,
        "device": visit.device,
        "first_source": visit.first_source,
        "first_medium": visit.first_medium,
        "first_campaign": visit.first_campaign,
    }
