"""Page views: which visit one belongs to, and which numbers it is shown."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from pbx.config import Config, WebSite
from pbx.ids import new_id
from pbx.tracking.addresses import NOWHERE, Page, clean_text, read_page, read_referrer
from pbx.tracking.asking import PageAsk, Senseless
from pbx.tracking.desk import Desk
from pbx.tracking.devices import Devices
from pbx.tracking.display import written
from pbx.tracking.figures import Figures
from pbx.tracking.ports import TrackingStore
from pbx.tracking.region import settle_region
from pbx.tracking.rules import Rules, Touch
from pbx.tracking.sessions import Sessions, age_s, new_visit_id
from pbx.tracking.sizing import Sizing
from pbx.tracking.sources import Source, find_source
from pbx.tracking.visit import Device, PageView, Shown, Visit

KEEP_DAYS = 180  # that a browser may keep the visitor's id
ADOPT_S = 86_400.0  # a session that the process lost goes on if it is not older than this
MAX_SHARED = 200  # visits that are remembered of one number that many see


class FirstTouches:
    """Where visitors came from for the first time; the latest `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: OrderedDict[str, tuple[str, str, str, float]] = OrderedDict()

    def note(self, visit: Visit) -> None:
        """Writes the visitor's first touch into the visit, which is the first one where none is known."""
        known = self._known.get(visit.visitor)
        if known is None:
            source = visit.source
            known = (source.source, source.medium, source.campaign, visit.started)
            self._known[visit.visitor] = known
            if len(self._known) > self._limit:
                self._known.popitem(last=False)
        visit.first_source, visit.first_medium, visit.first_campaign, visit.first_at = known

    def load(self, visit: Visit) -> None:
        self._known[visit.visitor] = (visit.first_source, visit.first_medium, visit.first_campaign, visit.first_at)

    def forget(self, visitor: str) -> None:
        self._known.pop(visitor, None)


class Views:
    """`view` is the hot path: a thousand a second. All instants are steady UTC seconds, given by the caller."""

    def __init__(
        self, config: Config, desk: Desk, sessions: Sessions, sizing: Sizing, store: TrackingStore, figures: Figures
    ) -> None:
        self.desk, self.sessions, self.sizing, self._store, self.figures = desk, sessions, sizing, store, figures
        self.first = FirstTouches(4 * config.tracking.max_sessions)
        self.shared: dict[str, OrderedDict[str, None]] = {}  # number that many see -> visits, the latest last
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Takes what it needs of the configuration; sessions go on."""
        settings = config.tracking
        self.rules = Rules(config)
        self.devices = Devices(settings.bots)
        named = (site.region_parameter for site in config.site_web)
        self._parameters = frozenset(settings.parameters).union(name for name in named if name)
        self._zones = settings.zone_regions
        self._max_pages = settings.max_pages
        self._beat_s = settings.heartbeat_s
        self._hosts = {site.name: _hosts(site) for site in config.site_web}

    def view(self, site: WebSite, ask: PageAsk, user_agent: str, now: float, place: str = "") -> dict[str, Any]:
        """The answer to POST /t/visit to somebody in `place` (pbx.tracking.places). Raises Senseless."""
        page = read_page(ask.page, self._parameters)
        if not page.text:
            raise Senseless("page is no http or https address")
        device = self.devices.of(user_agent)
        if device == "bot":
            self.figures.bots += 1
            return self._without_visit(site, ask, page)
        visit = self._known(site, ask, now)
        touch: Touch | None = None
        if visit is not None and not ask.same_page:
            touch = self._another_touch(site, ask, page, visit)
        if visit is None or touch is not None:
            if visit is None and self.sessions.full:
                self.figures.full += 1
                return self._without_visit(site, ask, page)
            touch = touch or self._touch(site, ask, page)
            visit = self._begin(site, ask, device, touch, visit, now)
        visit.place = place or visit.place
        self._note(visit, ask, page, now)
        settle_region(visit, site, ask, page, self._zones)
        for line in ask.lines:
            self._show(site, visit, line, touch, now)
        self._store.visit(visit)
        return self._answer(visit, ask.lines)

    def written_numbers(self, numbers: dict[str, Shown]) -> dict[str, dict[str, str]]:
        """As a page gets them."""
        found = {}
        for line, shown in numbers.items():
            if shown.number:
                form = written(shown.number)
                found[line] = {
                    "number": form.number,
                    "national": form.national,
                    "international": form.international,
                    "kind": shown.kind,
                    "default": shown.default,
                }
        return found

    # -- whose view it is -----------------------------------------------------------------------------------------

    def _known(self, site: WebSite, ask: PageAsk, now: float) -> Visit | None:
        """The live visit that the page goes on with. One that a crash has lost goes on under its id."""
        found = self.sessions.read(ask.session)
        if found:
            visit = self.sessions.live.get(found)
            if visit is not None and visit.site == site.name and visit.seen + self.sessions.idle_s > now:
                return visit
            if visit is None and self.sessions.find(found) is None and -5 < age_s(found, now) < ADOPT_S:
                return self._adopt(site, found, ask, now)
        if ask.visitor:
            visit = self.sessions.of_visitor(site.name, ask.visitor)
            if visit is not None and visit.seen + self.sessions.idle_s > now:
                return visit
        return None

    def _adopt(self, site: WebSite, found: str, ask: PageAsk, now: float) -> Visit | None:
        if self.sessions.full:
            return None
        self.figures.adopted += 1
        touch = self._touch(site, ask, read_page(ask.page, self._parameters))
        visit = Visit(found, site.name, now, now, touch.source, ask.visitor, ask.consent, touch.referrer.text)
        visit.landing = touch.landing.text
        self._settle(visit)
        for line in ask.lines:  # what the board says that it holds
            choice = self.rules.choose(site.name, line, touch)
            if choice is not None and choice.pool:
                number = self.desk.held_by(choice.pool, found)
                if number:
                    visit.numbers[line] = Shown(number, "session", choice.default, choice.pool)
        return visit

    def _touch(self, site: WebSite, ask: PageAsk, page: Page) -> Touch:
        landing = read_page(ask.landing, self._parameters) if ask.landing else page
        referrer = (
            read_referrer(ask.landing_referrer or ask.referrer) if ask.landing_referrer or ask.referrer else NOWHERE
        )
        landing = landing if landing.text else page
        return Touch(landing, referrer, find_source(landing.parameters, referrer.host, self._hosts[site.name]))

    def _another_touch(self, site: WebSite, ask: PageAsk, page: Page, visit: Visit) -> Touch | None:
        """The visitor came again by another advert: that is a visit of its own."""
        if not page.parameters:
            return None
        touch = self._touch(site, ask, page)
        said = touch.source
        same = said.key == visit.source.key and said.click_id == (visit.source.click_id or said.click_id)
        return touch if said.said and not same and page.text != visit.page else None

    def _begin(
        self, site: WebSite, ask: PageAsk, device: Device, touch: Touch, former: Visit | None, now: float
    ) -> Visit:
        visitor = ask.visitor or (former.visitor if former is not None else "")
        if ask.consent.tracking and not visitor:
            visitor = new_id(now)
        source = touch.source
        if source.click_id and not (ask.consent.tracking or ask.consent.ads):
            source = _without_click(source)  # it tells one person from all others
        visit = Visit(new_visit_id(now), site.name, now, now, source, visitor, ask.consent, touch.referrer.text)
        visit.landing, visit.device = touch.landing.text, device
        if former is not None:
            self._take_over(former, visit, now)
        self._settle(visit)
        self.figures.visits[site.name] += 1
        return visit

    def _settle(self, visit: Visit) -> None:
        if visit.visitor:
            self.first.note(visit)
        else:
            source = visit.source
            visit.first_source, visit.first_medium, visit.first_campaign = source.key
            visit.first_at = visit.started
        self.sessions.add(visit)

    def _take_over(self, former: Visit, visit: Visit, now: float) -> None:
        """The visitor goes on with the number that he sees."""
        for line, shown in former.numbers.items():
            if shown.kind == "session" and self.desk.hand_over(shown.pool, shown.number, former, visit, line, now):
                visit.numbers[line] = shown
        self.sessions.end(former)

    def _note(self, visit: Visit, ask: PageAsk, page: Page, now: float) -> None:
        self.sessions.touch(visit, now)
        if ask.consent != visit.consent:
            self._consent(visit, ask, now)
        if visit.ga_client != ask.ga_client or visit.ga_session != ask.ga_session or visit.ym_uid != ask.ym_uid:
            visit.ga_client = ask.ga_client or visit.ga_client
            visit.ga_session = ask.ga_session or visit.ga_session
            visit.ym_uid = ask.ym_uid or visit.ym_uid
        visit.city = clean_text(ask.city, 80) or visit.city
        visit.page = page.text
        if ask.same_page:
            return
        visit.pages += 1
        self.figures.pages[visit.site] += 1
        if visit.pages <= self._max_pages:
            self._store.page(PageView(visit.id, visit.pages, now, page.text))

    def _consent(self, visit: Visit, ask: PageAsk, now: float) -> None:
        visit.consent = ask.consent
        if ask.consent.tracking and not visit.visitor:
            self.sessions.know(visit, ask.visitor or new_id(now))
            self.first.note(visit)
        elif not ask.consent.tracking and visit.visitor:  # taken back
            self.sessions.know(visit, "")
            visit.ga_client = visit.ga_session = visit.ym_uid = ""
            visit.source = _without_click(visit.source)

    # -- what it is shown -----------------------------------------------------------------------------------------

    def _show(self, site: WebSite, visit: Visit, line: str, touch: Touch | None, now: float) -> None:
        shown = visit.numbers.get(line)
        if shown is not None and (shown.kind != "session" or self.desk.keep(shown.pool, shown.number, visit, now)):
            return
        if touch is None:
            touch = Touch(read_page(visit.landing, self._parameters), read_referrer(visit.referrer), visit.source)
        choice = self.rules.choose(site.name, line, touch)
        if choice is None:
            return
        rule = choice.rule
        if rule is not None and not visit.source.said and (rule.source or rule.medium or rule.campaign):
            visit.source = _named(visit.source, rule.source, rule.medium, rule.campaign)
        pool = choice.pool
        if site.before_consent == "channel" and not visit.consent.tracking:
            pool = ""
        if pool and not self.desk.is_crowded(pool, visit.place, now):
            number = self.desk.give(pool, visit, line, now, wish=shown.number if shown is not None else "")
            self.sizing.wanted(pool, bool(number), now)
            if number:
                visit.numbers[line] = Shown(number, "session", choice.default, pool)
                self.figures.shown[site.name, "session"] += 1
                return
        number = choice.number or choice.default
        kind = "channel" if choice.number else "default"
        visit.numbers[line] = Shown(number, kind, choice.default, pool)  # type: ignore[arg-type]
        self.figures.shown[site.name, kind] += 1
        self._share(number, visit.id)

    def _share(self, number: str, visit: str) -> None:
        """Remembers who was shown a number that many see."""
        visits = self.shared.setdefault(number.removeprefix("+"), OrderedDict())
        visits[visit] = None
        if len(visits) > MAX_SHARED:
            visits.popitem(last=False)

    def _without_visit(self, site: WebSite, ask: PageAsk, page: Page) -> dict[str, Any]:
        """For robots, and while there is no room: the channel's number, and nothing is kept."""
        touch = self._touch(site, ask, page)
        numbers = {}
        for line in ask.lines:
            choice = self.rules.choose(site.name, line, touch)
            if choice is not None:
                number, kind = (choice.number, "channel") if choice.number else (choice.default, "default")
                numbers[line] = Shown(number, kind, choice.default)  # type: ignore[arg-type]
        return {"session": "", "visit": "", "visitor": "", "keep_days": 0, "beat_s": 0, "ttl_s": 0,
                "numbers": self.written_numbers(numbers)}  # fmt: skip

    def _answer(self, visit: Visit, lines: tuple[str, ...]) -> dict[str, Any]:
        return {
            "session": self.sessions.token(visit.id),
            "visit": visit.id,
            "visitor": visit.visitor,
            "keep_days": KEEP_DAYS if visit.visitor else 0,
            "beat_s": self._beat_s,
            "ttl_s": self.ttl_s(visit),
            "numbers": self.written_numbers({line: visit.numbers[line] for line in lines if line in visit.numbers}),
        }

    def ttl_s(self, visit: Visit) -> float:
        """For how long its numbers are certainly its own, without a further sign."""
        pools = self.desk.pools
        held = [pools[s.pool].hold_s for s in visit.numbers.values() if s.kind == "session" and s.pool in pools]
        return min([self.sessions.idle_s, *held])


def _hosts(site: WebSite) -> frozenset[str]:
    hosts = (origin.partition("://")[2].partition(":")[0].removeprefix("*.").lower() for origin in site.origins)
    return frozenset(name for host in hosts for name in (host, f"www.{host}"))


def _without_click(source: Source) -> Source:
    return Source(
        source.source, source.medium, source.campaign, source.term, source.content, "", source.click_kind,
        source.group, source.channel, source.said,
    )  # fmt: skip


def _named(source: Source, name: str, medium: str, campaign: str) -> Source:
    return Source(
        name or source.source, medium or source.medium, campaign or source.campaign, source.term, source.content,
        source.click_id, source.click_kind, source.group, source.channel, said=False,
    )  # fmt: skip
