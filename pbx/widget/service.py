"""The callback widget put together: pages ask and request, visitors follow what becomes of it."""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pbx.configfile.change import ConfigChange
from pbx.contact.callback_request import RequestRefused
from pbx.contact.item import End
from pbx.contact.journal import ContactChanged
from pbx.contact.limits import read_limit
from pbx.events import CallEvent, Kind
from pbx.widget.bans import Bans
from pbx.widget.desk import SiteDesk, desks, shown_numbers
from pbx.widget.flood import FloodGuard
from pbx.widget.follow import Followed
from pbx.widget.guarantee import hour_of
from pbx.widget.page import Pages
from pbx.widget.ports import WidgetRow, WidgetStore
from pbx.widget.promises import Promises
from pbx.widget.requests import WidgetRequests, network
from pbx.widget.states import Shown, shown
from pbx.widget.texts import language_of
from pbx.widget.wish import Visitor, Wish

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.contact.item import ContactItem

log = logging.getLogger("centrala.widget")

SWEEP_S = 3600.0
DAY_S = 86_400.0
MOST_SITES = 10_000
REMEMBERED = 2000  # requests that a new process looks at
SECTIONS = ("site_web", "number_pool", "source_rule", "queue", "team", "hours", "callback", "numbering", "server")
OFF = RequestRefused(409, "disabled", "the site has no widget; set site_web.widget.enabled = true")


@dataclass(slots=True, frozen=True)
class WidgetFigures:
    """For metrics: requests by (site, result), refusals by (site, reason), promises by (site, whether kept)."""

    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: dict[tuple[str, str], int] = field(default_factory=dict)
    kept: dict[tuple[str, bool], int] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=dict)
    banned: int = 0
    following: int = 0


class WidgetService:
    """Built after the callbacks, started before HTTP; stopped before the contacts. `secret` signs tokens and promises
    and is the same after a restart.
    """

    def __init__(self, services: Services, store: WidgetStore, secret: bytes) -> None:
        self.services = services
        self.store = store
        self._secret = secret
        clock = services.clock
        self.bans = Bans(clock, services.config.server.timezone, services.keeper)
        self._promises = Promises(clock, secret, self._estimate, self._silence)
        self.desks: dict[str, SiteDesk] = {}
        self._pages = Pages(services, self._promises)
        self.requests = WidgetRequests(services, store, self._pages, self._promises, self.bans)
        self.followed = Followed()
        self.floods = FloodGuard(services)
        self._rows: OrderedDict[str, list[WidgetRow]] = OrderedDict()  # open item: its requests
        self._sites: OrderedDict[str, str] = (
            OrderedDict()
        )  # item: its site; also when it is closed, its call may run on
        self._talking: set[str] = set()
        self._messaged: OrderedDict[str, None] = OrderedDict()  # items about whose failure a message went out
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        services.followers.add(self.reconfigure, *SECTIONS)

    @property
    def enabled(self) -> bool:
        """Whether anybody calls back."""
        return "callbacks" in self.services.extra

    async def start(self) -> None:
        """Keeps the wordings of the consent, and takes up open requests."""
        self._load()
        bus = self.services.bus
        calls = (Kind.CALLBACK_BRIDGED, Kind.CALLBACK_ENDED, Kind.SMS_QUEUED, Kind.LEG_CHARGED)
        self._unsubscribe = [
            bus.subscribe(ContactChanged, self._changed),
            bus.subscribe(CallEvent, self._happened, calls),
        ]
        for item in self.services.contacts.unordered():
            if "consent" in item.source:
                for row in await self.store.of_contact(item.id):
                    self._take_up(row)
        await self._remember()
        await self._keep_wordings()
        self.bans.start()
        self._swept()

    async def stop(self) -> None:
        """Visitors who follow are let go."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        self.bans.stop()
        self.floods.stop()
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        self.followed.close()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def reconfigure(self, _change: ConfigChange) -> None:
        """Sites, hours or queues are others now."""
        self._load()
        self._begin(self._keep_wordings())

    # -- pages -------------------------------------------------------------------------------------------------------

    def desk(self, key: str) -> SiteDesk | None:
        """The site of a public key."""
        return self.desks.get(key)

    def page(self, desk: SiteDesk, language: str, address: str) -> dict[str, Any]:
        """What the page is told; without a widget nothing but that."""
        if not (self.enabled and desk.widget.enabled):
            return {"departments": [], "countries": []}
        found = language_of(language, desk.language)
        return self._pages.of(desk, found, network(address), self.services.clock.unix())

    def work(self, desk: SiteDesk, address: str) -> dict[str, Any]:
        """A new challenge."""
        return self._pages.work(desk, network(address))

    # -- requests ----------------------------------------------------------------------------------------------------

    async def request(self, desk: SiteDesk, wish: Wish, visitor: Visitor) -> tuple[str, Shown]:
        """The token of the request, and its state. Raises RequestRefused, StoreError."""
        if not (self.enabled and desk.widget.enabled):
            raise OFF
        row = await self.requests.take(desk, wish, visitor)
        item = self.services.contacts.peek(row.contact)
        if item is not None:
            self._take_up(row)
            if item.attempts and item.attempts[-1].at >= row.created and not row.rung:
                self._rang(item, [row])  # while the request was written
        return self.token(row), await self.state(row)

    def token(self, row: WidgetRow) -> str:
        """Nobody can guess it, and it need not be kept."""
        return f"{row.id}.{self._sign(row.id)}"

    async def of_token(self, token: str) -> WidgetRow | None:
        """The request of a token of ours."""
        id_, _, signature = token.partition(".")
        if not hmac.compare_digest(self._sign(id_).encode(), signature.encode()):
            return None
        return await self.store.get(id_)

    async def state(self, row: WidgetRow) -> Shown:
        """As the visitor may see it now."""
        item = await self.services.contacts.get(row.contact)
        return Shown("failed", over=True) if item is None else self._shown(item)

    async def cancel(self, row: WidgetRow) -> Shown:
        """The visitor takes it back. Raises RequestRefused."""
        await self.services.extra["callbacks"].cancel(row.contact, "visitor")
        return await self.state(row)

    def figures(self) -> WidgetFigures:
        return WidgetFigures(
            taken=dict(self.requests.taken),
            refused=dict(self.requests.refused),
            kept=dict(self._promises.kept),
            bits={desk.name: desk.work.bits("") for desk in self.desks.values() if desk.widget.enabled},
            banned=len(self.bans.rows()),
            following=self.followed.count,
        )

    # -- what happens ------------------------------------------------------------------------------------------------

    def _changed(self, event: ContactChanged) -> None:
        item = event.item
        rows = self._rows.get(item.id)
        if rows is None:
            return
        if event.what is Kind.CONTACT_ATTEMPT and len(item.attempts) == 1:
            self._rang(item, rows)
        elif event.what is Kind.CONTACT_CLOSED:
            self._closed(item, rows)
        self.followed.tell(item.id, self._shown(item))

    async def _remember(self) -> None:
        """How soon phones rang before this process began: promises go on as they were."""
        for row in reversed(await self.store.latest(REMEMBERED)):
            if row.rung:
                self._measured(row, row.rung - row.created)
            elif not row.slot:
                item = await self.services.contacts.get(row.contact)
                if item is not None and item.end == End.UNREACHABLE:
                    self._measured(row, math.inf)

    def _measured(self, row: WidgetRow, took_s: float) -> None:
        """Whoever chose an hour, or asked while it was shut, did not wait for us."""
        desk = next((each for each in self.desks.values() if each.name == row.site), None)
        if desk is not None and not row.slot and desk.is_open(row.created):
            self._promises.measured(row.queue, hour_of(row.created, desk.zone), took_s)

    def _rang(self, item: ContactItem, rows: list[WidgetRow]) -> None:
        """The visitor's phone is about to ring for the first time."""
        now = self.services.clock.unix()
        for row in rows:
            if not row.slot and not row.rung:
                self._measured(row, now - row.created)
                if row.shown_s:
                    self._promises.ended(row.site, now - row.created <= row.shown_s)
            row.rung = row.rung or now
        self._begin(self.store.mark(item.id, rung=now))

    def _closed(self, item: ContactItem, rows: list[WidgetRow]) -> None:
        del self._rows[item.id]
        for row in rows:
            if row.shown_s and not row.rung and item.end != "cancelled":
                self._promises.ended(row.site, False)
            if not row.rung and item.end == End.UNREACHABLE:
                self._measured(row, math.inf)
            if item.end in ("refused", "unreachable"):
                self.bans.offend(row.site, f"number:{row.number}")

    def _happened(self, event: CallEvent) -> None:
        if event.kind is Kind.SMS_QUEUED:
            key = str(event.data.get("key"))
            if key.startswith("callback:"):
                self._wrote(key.removeprefix("callback:"))
            return
        if event.kind is Kind.LEG_CHARGED:
            self._charged(event)
            return
        contact = str(event.data.get("contact"))
        if contact not in self._rows:
            return
        if event.kind is Kind.CALLBACK_BRIDGED:
            self._talking.add(contact)
            now = self.services.clock.unix()
            self._begin(self.store.mark(contact, connected=now))
        else:
            self._talking.discard(contact)
        item = self.services.contacts.peek(contact)
        if item is not None:
            self.followed.tell(contact, self._shown(item))

    def _wrote(self, contact: str) -> None:
        """A message about the failure went out."""
        if contact in self._rows:
            self._messaged[contact] = None
            while len(self._messaged) > 1000:
                self._messaged.popitem(last=False)
            item = self.services.contacts.peek(contact)
            if item is not None:
                self.followed.tell(contact, self._shown(item))

    def _charged(self, event: CallEvent) -> None:
        """A call cost money that a request led to."""
        call = self.services.running.calls.get(event.call_id)
        site = self._sites.get(call.setup.contact) if call is not None else None
        if site is not None:
            self.requests.spend.book(site, float(event.data.get("cost") or 0.0))

    def _shown(self, item: ContactItem) -> Shown:
        talking, sms = item.id in self._talking, item.id in self._messaged
        return shown(item, self.services.clock.unix(), talking=talking, sms=sms)

    # -- parts -------------------------------------------------------------------------------------------------------

    def _take_up(self, row: WidgetRow) -> None:
        """Its item is open: what happens to it is followed."""
        rows = self._rows.setdefault(row.contact, [])
        if all(other.id != row.id for other in rows):
            rows.append(row)
        self._sites[row.contact] = row.site
        while len(self._sites) > MOST_SITES:
            self._sites.popitem(last=False)

    def _estimate(self, queue: str) -> float | None:
        """In how many seconds a newcomer of the queue is called; agents who work there must be signed in."""
        found: float | None = self.services.queues.items.promise_s(queue)
        return found

    def _silence(self, queue: str) -> str:
        """Why nobody can say; "no_agents" when nobody serves the queue."""
        found: str = self.services.queues.items.silence(queue)
        return found

    def _load(self) -> None:
        self.desks = desks(self.services.config, self.services.clock, self.desks)
        self.bans.limits = {desk.name: (desk.widget.ban_after, desk.widget.ban_days) for desk in self.desks.values()}
        self._pages.forget()
        self.floods.start(shown_numbers(self.services.config))

    async def _keep_wordings(self) -> None:
        now = self.services.clock.unix()
        for desk in self.desks.values():
            if desk.widget.enabled:
                for language, wording in desk.consents.items():
                    await self.store.keep_wording(wording.version, language, wording.text, now)

    def _sign(self, id_: str) -> str:
        return hmac.new(self._secret, f"request:{id_}".encode(), "sha256").hexdigest()[:32]

    def _swept(self) -> None:
        windows = [limit.window_s for desk in self.desks.values() for limit in (*desk.per_visitor, *desk.per_number)]
        self.requests.sweep(max(windows, default=read_limit("1/1h").window_s))
        now = self.services.clock.unix()
        for desk in self.desks.values():
            if desk.widget.enabled:
                self._begin(self.store.prune(desk.name, now - desk.widget.keep_days * DAY_S))
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._swept)

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("what became of a request of the widget cannot be kept: %s", error)
