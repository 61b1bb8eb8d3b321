"""Tracking as the rest of the process sees it: pages, calls, and the wish to be forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pbx.config import Config, MaskedNumber, WebSite
from pbx.events import Alarm, CallEvent, Kind
from pbx.ids import new_id
from pbx.tracking.addresses import clean_text, read_page
from pbx.tracking.asking import EventAsk, GuardAsk, PageAsk, Senseless
from pbx.tracking.attribution import Attribution, Attributor
from pbx.tracking.callers import Callers
from pbx.tracking.desk import Desk
from pbx.tracking.display import written
from pbx.tracking.figures import Figures
from pbx.tracking.guarding import Guarding
from pbx.tracking.places import place_of
from pbx.tracking.ports import Erased, TrackingStore, Window
from pbx.tracking.sessions import Sessions, is_id
from pbx.tracking.sizing import CLEAR, Sizing
from pbx.tracking.steady import SteadyClock
from pbx.tracking.views import Views
from pbx.tracking.visit import GuardReport, Shown, Visit, WebEvent

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.call.setup import Setup
    from pbx.configfile.change import ConfigChange

log = logging.getLogger("centrala.tracking")

TURN_S = 1.0
SIZING_S = 60.0
SWEEP_S = 3600.0
DAY_S = 86_400.0
SECTIONS = ("tracking", "site_web", "source_rule", "number_pool", "masked_number", "numbering", "number")


class Tracking:
    """`start` after the store, before the first call. `key` signs sessions and proofs."""

    def __init__(self, services: Services, store: TrackingStore, folder: Path, key: bytes) -> None:
        self._services, self._store, self._key = services, store, key
        self.now = SteadyClock(services.clock)
        config = services.config
        settings = config.tracking
        self.figures = Figures()
        self.desk = Desk(config, folder, store)
        keep_s = max(4 * settings.memory_s, settings.hold_s + settings.quarantine_s, settings.session_idle_s)
        self.sessions = Sessions(
            key, idle_s=settings.session_idle_s, keep_s=keep_s, limit=settings.max_sessions, on_end=self._ended
        )
        self.sizing = Sizing(config, self.desk, store.hour)
        self.views = Views(config, self.desk, self.sessions, self.sizing, store, self.figures)
        self.callers = Callers(settings.unique_days * DAY_S, settings.max_callers)
        self.attributor = Attributor(config, self.desk, self.views, self.callers)
        self.guarding = Guarding(services.bus.publish)
        self.sites: dict[str, WebSite] = {}  # by key
        self._masked: dict[tuple[str, str], MaskedNumber] = {}
        self._small: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._configure(config)

    def _configure(self, config: Config) -> None:
        self.sites = {site.key: site for site in config.site_web}
        self._masked = {}
        for masked in config.masked_number:
            for site in config.site_web:
                if masked.site in ("", site.name):
                    self._masked[site.name, masked.name] = masked

    def follow(self, change: ConfigChange) -> None:
        """A change of the configuration while calls and visits go on."""
        config = change.new
        if change.touches("number_pool", "tracking"):
            self.desk.reconfigure(config, self.now())
        self.sizing.configure(config)
        self.views.configure(config)
        self.attributor.configure(config)
        self.sessions.idle_s, self.sessions.limit = config.tracking.session_idle_s, config.tracking.max_sessions
        self.callers.window_s = config.tracking.unique_days * DAY_S
        self._configure(config)
        self._listen(config)

    def _listen(self, config: Config) -> None:
        """Calls of a company without sites and without numbers that tell where they stand cost nothing."""
        told = any(number.tag or number.campaign or number.medium for number in config.number)
        used = told or bool(config.site_web or config.number_pool or config.source_rule)
        self._services.attribute = self.started if used else None

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Takes up what an earlier process knew. Raises StoreError, OSError."""
        now, config = self.now(), self._services.config
        settings = config.tracking
        quarantine_s = max(
            [settings.hold_s + settings.quarantine_s, *(p.hold_s + p.quarantine_s for p in self._pools())]
        )
        window = Window(
            visits_since=now - max(self.sessions.keep_s, quarantine_s) - DAY_S,
            callers_since=now - self.callers.window_s,
            hours_since=now - settings.warn_days * DAY_S,
            visitors=4 * settings.max_sessions,
            callers=settings.max_callers,
        )
        loaded = await self._store.load(window)
        self.desk.start(loaded.leases, loaded.wishes, now)
        for visit in loaded.visitors:
            self.views.first.load(visit)
        self._restore_numbers(loaded.visits)
        self.sessions.load(sorted(loaded.visits, key=lambda visit: visit.seen), now)
        self.callers.load(loaded.callers)
        self.sizing.load(loaded.hours, now)
        self.guarding.load(loaded.bad_pages)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._turns()), loop.create_task(self._sweeps())]
        self._services.followers.add(self.follow, *SECTIONS)
        self._listen(config)
        self._services.bus.subscribe(CallEvent, self._on_test, (Kind.TEST_CALL,))

    async def stop(self) -> None:
        """Everything live is kept as it is; the next start goes on from there."""
        self._services.attribute = None
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        now = self.now()
        self.sizing.roll(now)
        for visit in self.sessions.live.values():
            self._store.visit(visit)
        await asyncio.to_thread(self.desk.close, now)

    def _pools(self) -> list[Any]:
        return list(self.desk.pools.values())

    def _restore_numbers(self, visits: list[Visit]) -> None:
        """What the visits are shown, by what they hold; their last sign is the board's."""
        by_id = {visit.id: visit for visit in visits}
        defaults = {site.name: {"main": site.number, **site.lines} for site in self.sites.values()}
        lines = {pool.name: pool.line for pool in self._services.config.number_pool}
        for pool in self._pools():
            for number, holding in pool.held.items():
                visit = by_id.get(holding.visit)
                if visit is not None:
                    line = lines[pool.name]
                    default = defaults.get(visit.site, {}).get(line, "")
                    visit.numbers[line] = Shown(number, "session", default, pool.name)
                    visit.seen = max(visit.seen, holding.seen)

    async def _turns(self) -> None:
        last_sizing = 0.0
        while True:
            await asyncio.sleep(TURN_S)
            now = self.now()
            self.sessions.expire(now)
            self.desk.expire(now)
            if self.desk.dirty:
                await asyncio.to_thread(self.desk.sync, now)
            if now - last_sizing >= SIZING_S:
                last_sizing = now
                self.sizing.roll(now)
                self.watch_pools(now)

    async def _sweeps(self) -> None:
        while True:
            before = self.now() - self._services.config.tracking.visits_days * DAY_S
            try:
                await self._store.sweep(before)
            except Exception as error:
                log.error("old visits cannot be deleted: %s; it is tried again in an hour", error)
            await asyncio.sleep(SWEEP_S)

    def watch_pools(self, now: float) -> None:
        """Raises or ends the alarm of each pool that is too small for its busiest hour."""
        for need in self.sizing.needs(now):
            name = f"number_pool_small:{need.pool}"
            if need.is_small and need.pool not in self._small:
                self._small.add(need.pool)
                text = (
                    f"pool {need.pool} has {need.size} numbers and needs {need.needed}: with "
                    f"{need.visits_per_hour:.0f} visitors an hour {100 * need.loss:.1f} % find none and share the "
                    "number of their channel; add numbers, or shorten hold_s"
                )
                self._services.bus.publish(Alarm(name, text, True, now))
            elif need.pool in self._small and need.needed < CLEAR * need.size:
                self._small.discard(need.pool)
                self._services.bus.publish(Alarm(name, f"pool {need.pool} is large enough again", False, now))

    def _ended(self, visit: Visit) -> None:
        """A visit is over."""
        now = self.now()
        for shown in visit.numbers.values():
            if shown.kind == "session":
                self.sizing.stayed(shown.pool, max(visit.seen - visit.started, 0.0), now)
        self.desk.close_lease(visit)
        self._store.visit(visit)

    # -- calls ----------------------------------------------------------------------------------------------------

    def started(self, call_id: str, setup: Setup, at: float) -> None:
        """A call has begun: says where it comes from, on the bus and to the call. Never raises: the call goes on."""
        try:
            self._attribute(call_id, setup, at)
        except Exception:
            log.exception("nobody knows where call %s comes from", call_id)

    def _attribute(self, call_id: str, setup: Setup, at: float) -> None:
        now = self.now()
        if setup.contact:
            found = self._of_contact(setup.contact, setup.did)
        elif setup.direction == "inbound":
            found = self.attributor.attribute(setup, now)
        else:
            return
        if found is None:
            return
        data = found.data()
        if setup.direction == "inbound":
            repeat = self.callers.rang(setup.caller, now)
            data["unique"], data["repeat"] = repeat == 1, repeat
            self.attributor.learn(setup.caller, found)
        setup.origin = data
        self.figures.calls[found.method] += 1
        if found.method == "none" and not self._services.config.site_web:
            return  # nothing is tracked here: no call pays for a row that says so
        self._services.bus.publish(CallEvent(Kind.CALL_ATTRIBUTED, call_id, "a", at, data))

    def _of_contact(self, contact: str, number: str) -> Attribution | None:
        contacts = self._services.contacts
        item = contacts.peek(contact) if contacts is not None else None
        wanted = item.source.get("visit", "") if item is not None else ""
        if not wanted:
            return None
        visit = self.sessions.find(wanted)
        if visit is None:
            return self.attributor.unknown_visit(number)
        return self.attributor.of_visit(visit, number)

    def _on_test(self, event: CallEvent) -> None:
        """A test call is no customer: `centrala selftest` rings our own numbers."""
        call = self._services.running.calls.get(event.call_id)
        if call is not None:
            self.callers.unring(call.setup.caller)

    # -- pages ----------------------------------------------------------------------------------------------------

    def visit(self, site: WebSite, ask: PageAsk, user_agent: str, address: str = "") -> dict[str, Any]:
        """POST /t/visit of a browser at an IP address ("": nobody knows). Raises Senseless."""
        return self.views.view(site, ask, user_agent, self.now(), place_of(address))

    def beat(self, site: WebSite, session: object, *, end: bool) -> dict[str, Any]:
        """POST /t/beat."""
        now = self.now()
        visit = self.sessions.live.get(self.sessions.read(session))
        if visit is None or visit.site != site.name or visit.seen + self.sessions.idle_s <= now:
            return {"again": True}
        self.sessions.touch(visit, now)
        for shown in visit.numbers.values():
            if shown.kind == "session" and not self.desk.keep(shown.pool, shown.number, visit, now):
                return {"again": True}
        if end and not visit.consent.tracking:
            self.sessions.end(visit)  # nothing in the browser leads back to it
        return {"ttl_s": self.views.ttl_s(visit)}

    def guard(self, site: WebSite, visit: Visit | None, ask: GuardAsk, user_agent: str, address: str = "") -> None:
        """POST /t/guard of a browser at an IP address."""
        now = self.now()
        page = read_page(ask.page).text
        if not page:
            raise Senseless("page is no http or https address")
        report = GuardReport(
            new_id(now), now, site.name, visit.id if visit else "", page, ask.line, ask.selector, ask.shown,
            ask.assigned, ask.href, ask.verdict, clean_text(user_agent, 200),
        )  # fmt: skip
        self.figures.guard[site.name, ask.verdict] += 1
        self.guarding.report(report, place_of(address))
        self._store.guard(report)

    def reveal(self, site: WebSite, visit: Visit | None, name: object, page: object) -> dict[str, Any] | None:
        """POST /t/reveal; None for a masked number that the site does not have."""
        masked = self._masked.get((site.name, name)) if isinstance(name, str) else None
        if masked is None:
            return None
        form = written(masked.number)
        if visit is None or masked.name not in visit.revealed:
            now = self.now()
            key = f"reveal:{visit.id}:{masked.name}" if visit is not None else f"reveal:{new_id(now)}"
            if visit is not None:
                visit.revealed.add(masked.name)
            self.figures.reveals[masked.name] += 1
            where = read_page(page).text if isinstance(page, str) else ""
            dealer = masked.dealer or masked.name
            told = WebEvent(
                key, now, "reveal", site.name, visit.id if visit else "", masked.name, dealer, masked.number, where
            )
            self._store.event(told)
        return {"number": form.number, "national": form.national, "international": form.international}

    def event(self, site: WebSite, visit: Visit | None, ask: EventAsk) -> None:
        """POST /t/event."""
        now = self.now()
        if visit is not None and ask.event in ("tel_click", "qr"):
            visit.tapped = now
        self.figures.events[ask.event] += 1
        page = read_page(ask.page).text
        name = visit.id if visit is not None else ""
        self._store.event(WebEvent(new_id(now), now, ask.event, site.name, name, ask.line, "", ask.number, page))

    def who(self, site: WebSite, session: object, visit: object) -> Visit | None:
        """The live visit that a request is about: by its session, or by the public id."""
        found = self.sessions.live.get(self.sessions.read(session))
        if found is None and is_id(visit):
            found = self.sessions.live.get(str(visit))
        return found if found is not None and found.site == site.name else None

    # -- for other features ---------------------------------------------------------------------------------------

    def visit_of(self, visit: str) -> Visit | None:
        """A visit of the last hours."""
        return self.sessions.find(visit)

    def latest_visit(self, visitor: str) -> Visit | None:
        """The live visit of a visitor, on whatever site."""
        for site in self.sites.values():
            found = self.sessions.of_visitor(site.name, visitor)
            if found is not None:
                return found
        return None

    async def forget(self, kind: str, subject: str, by: str) -> Erased:
        """Erases who wants to be forgotten: "number" of a caller, or "visitor". Raises StoreError, ValueError."""
        if kind == "number":
            subjects = self._forms(subject)
        elif kind == "visitor" and is_id(subject):
            subjects = [subject]
        else:
            raise ValueError(f"{subject!r} is no {kind}")
        proof = hmac.new(self._key, f"{kind}:{subjects[0]}".encode(), hashlib.sha256).hexdigest()
        erased = await self._store.forget(kind, subjects, proof, by, self.now())
        visits = set(erased.visit_ids)
        visitors = {v.visitor for v in map(self.sessions.find, visits) if v is not None and v.visitor}
        visitors |= {subject} if kind == "visitor" else set()
        self.sessions.forget(visits)
        self.desk.forget(visits, visitors)
        self.callers.forget_visits(visits)
        for form in subjects if kind == "number" else ():
            self.callers.forget(form)
        for visitor in visitors:
            self.views.first.forget(visitor)
        return erased

    async def export(self, number: str) -> dict[str, Any]:
        """All that is kept of a caller. Raises StoreError, ValueError."""
        return await self._store.export(self._forms(number))

    def _forms(self, number: str) -> list[str]:
        """The ways in which a caller's number may stand in the records; the first is E.164 where it is one."""
        digits = "".join(mark for mark in number if mark.isdigit())
        if len(digits) < 5:
            raise ValueError(f"{number!r} is no number; write it as +48600100200")
        e164 = self.attributor.plan.e164(f"+{digits}" if number.strip().startswith("+") else digits)
        return list(dict.fromkeys(form for form in (e164, e164.removeprefix("+"), f"+{digits}", digits) if form))
