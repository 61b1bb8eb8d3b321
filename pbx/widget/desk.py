"""A site as the widget needs it: made of its configuration, and made anew when that changes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from pbx.call.hours import OpeningHours
from pbx.clock import Clock
from pbx.config import Config, Language
from pbx.config_queue import members_of
from pbx.config_web import WebSite
from pbx.config_widget import Widget
from pbx.configfile.check_web import pool_numbers
from pbx.contact.limits import Limit, read_limit
from pbx.numbers.masks import Mask, mask_of
from pbx.numbers.plan import NumberPlan
from pbx.widget.texts import LANGUAGES, refused, words
from pbx.widget.work import Work

LABELS = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*", re.IGNORECASE)  # of a host name


@dataclass(frozen=True, slots=True)
class Wording:
    """A consent as a visitor reads it; `version` is the digest of the text."""

    text: str
    version: str


@dataclass(slots=True)
class SiteDesk:
    """See the module. `work` remembers how many ask and outlives a change of the configuration."""

    site: WebSite
    work: Work
    zone: ZoneInfo
    language: Language
    hours: OpeningHours | None
    number: str  # E.164, "" for none
    countries: list[Mask]
    agents: dict[str, int]  # of each queue of its departments
    per_visitor: list[Limit]
    per_number: list[Limit]
    texts: dict[Language, dict[str, str]] = field(default_factory=dict)
    consents: dict[Language, Wording] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.site.name

    @property
    def widget(self) -> Widget:
        return self.site.widget

    def is_open(self, now: float) -> bool:
        return self.hours is None or self.hours.state(now) == "open"

    def refused(self, reason: str, language: Language) -> str:
        """What the visitor is told of a refusal."""
        return self.texts[language]["bad_country"] if reason == "foreign" else refused(reason, language)

    def has(self, queue: str) -> bool:
        """Whether it is one of the site's departments."""
        return any(department.queue == queue for department in self.widget.departments)


def desks(config: Config, clock: Clock, before: dict[str, SiteDesk]) -> dict[str, SiteDesk]:
    """By the sites' keys; `before` are those of the last configuration."""
    return {site.key: _desk(config, site, clock, before.get(site.key)) for site in config.site_web}


def _desk(config: Config, site: WebSite, clock: Clock, before: SiteDesk | None) -> SiteDesk:
    widget, zone = site.widget, site.timezone or config.server.timezone
    country = (site.country or config.numbering.country).upper()
    hours = next((entry for entry in config.hours if entry.name == widget.hours), None)
    queues = {queue.name: queue for queue in config.queue}
    wanted = [code.upper() for code in widget.countries or config.callback.countries or [country] if code]
    wanted.sort(key=lambda code: code != country)
    work = before.work if before is not None else Work(clock, widget.work_bits, widget.work_free)
    work.base, work.free = widget.work_bits, widget.work_free
    desk = SiteDesk(
        site=site,
        work=work,
        zone=ZoneInfo(zone),
        language=site.language or config.server.language,
        hours=OpeningHours.of(hours, zone) if hours is not None else None,
        number=NumberPlan(country).e164(site.number),
        countries=[mask for code in wanted if (mask := mask_of(code)) is not None],
        agents={
            each.queue: len(members_of(queues[each.queue], config.team))
            for each in widget.departments
            if each.queue in queues
        },
        per_visitor=[read_limit(text) for text in widget.limits_per_visitor],
        per_number=[read_limit(text) for text in widget.limits_per_number],
    )
    served = ", ".join(f"{each.country} +{each.prefix}" for each in desk.countries)
    for language in LANGUAGES:
        texts = desk.texts[language] = {**words(language), **widget.texts.get(language, {})}
        texts["bad_country"] = texts["bad_country"].replace("{countries}", served)
        text = widget.consent.get(language) or desk.texts[language]["consent"]
        desk.consents[language] = Wording(text, hashlib.sha256(text.encode()).hexdigest()[:16])
    return desk


def shown_numbers(config: Config) -> frozenset[str]:
    """Every number that pages show, as E.164: those of sites, rules and pools."""
    plan = NumberPlan(config.numbering.country)
    numbers = [number for site in config.site_web for number in (site.number, *site.lines.values())]
    numbers += [rule.number for rule in config.source_rule]
    numbers += [number for pool in config.number_pool for number in pool_numbers(pool)]
    return frozenset(plan.e164(number) or number for number in numbers if number)


def allows(site: WebSite, origin: str) -> bool:
    """Whether pages of this origin are the site's: "https://shop.example", any subdomain of "https://*.shop.example"."""
    for pattern in site.origins:
        scheme, star, rest = pattern.partition("*")
        if pattern == origin:
            return True
        if star and origin.startswith(scheme) and origin.endswith(rest):
            name = origin[len(scheme) : len(origin) - len(rest)]
            if LABELS.fullmatch(name):
                return True
    return False
