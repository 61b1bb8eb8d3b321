"""A visitor's request: judged, limited, and on disk with the proof of his consent before he is told that we have it."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
from typing import TYPE_CHECKING, NoReturn

from pbx.contact.callback_request import CallbackRequest, RequestRefused
from pbx.contact.distinct import DistinctLimits
from pbx.contact.item import ItemKind, ItemState
from pbx.contact.limits import RequestLimits
from pbx.contact.spend import Spend
from pbx.events import CallEvent, Kind
from pbx.numbers.zones import is_zone
from pbx.widget.desk import SiteDesk
from pbx.widget.ports import WidgetRow
from pbx.widget.states import QUIET
from pbx.widget.texts import language_of
from pbx.widget.wish import Visitor, Wish

if TYPE_CHECKING:
    from pbx.call.services import Services
    from pbx.contact.ports import WebCallbacks
    from pbx.widget.bans import Bans
    from pbx.widget.page import Pages
    from pbx.widget.ports import WidgetStore
    from pbx.widget.promises import Promises

log = logging.getLogger("centrala.widget")

VISITORS, NUMBERS, COUNTS, SPEND = "widget_visitors", "widget_numbers", "widget_counts", "widget_spend"  # rooms
MAX_TAG = 200  # characters of a tag of an item


class WidgetRequests:
    """Takes requests of all sites. `refused` counts by (site, reason), `taken` by (site, result)."""

    def __init__(self, services: Services, store: WidgetStore, pages: Pages, promises: Promises, bans: Bans) -> None:
        self._services = services
        self._store = store
        self._pages = pages
        self._promises = promises
        self._bans = bans
        clock, zone, keeper = services.clock, services.config.server.timezone, services.keeper
        self._turn = asyncio.Lock()  # limits are looked at and counted by one request at a time
        self._visitors = DistinctLimits(clock, VISITORS, keeper)
        self._numbers = RequestLimits(clock, NUMBERS, keeper)
        self._counts = Spend(clock, zone, keeper, COUNTS)
        self.spend = Spend(clock, zone, keeper, SPEND)
        self.refused: dict[tuple[str, str], int] = {}
        self.taken: dict[tuple[str, str], int] = {}

    async def take(self, desk: SiteDesk, wish: Wish, visitor: Visitor) -> WidgetRow:
        """The request, on disk. The same id again is the same request. Raises RequestRefused, whose reason "stale" asks
        for new work; StoreError when it cannot be kept.
        """
        id_ = hashlib.sha256(f"{desk.name}:{wish.id}".encode()).hexdigest()[:32]
        known = await self._store.get(id_)
        if known is not None:
            self._count(desk, "repeated")
            return known
        try:
            return await self._take(desk, wish, visitor, id_)
        except RequestRefused as refused:
            key = (desk.name, refused.reason)
            self.refused[key] = self.refused.get(key, 0) + 1
            if refused.reason != "stale":
                self._bans.offend(desk.name, f"address:{network(visitor.address)}")
            raise

    async def _take(self, desk: SiteDesk, wish: Wish, visitor: Visitor, id_: str) -> WidgetRow:
        self._judge_work(desk, wish, visitor)
        number = self._judge_number(desk, wish)
        await self._judge_consent(desk, wish)
        async with self._turn:
            return await self._accept(desk, wish, visitor, id_, number)

    async def _accept(self, desk: SiteDesk, wish: Wish, visitor: Visitor, id_: str, number: str) -> WidgetRow:
        """What was judged, within the limits."""
        known = await self._store.get(id_)
        if known is not None:  # asked twice in one moment
            self._count(desk, "repeated")
            return known
        now = self._services.clock.unix()
        who = self._who(wish, visitor)
        over = self._visitors.over(who, number, desk.per_visitor)
        if over is not None:
            _refuse(429, "limit_visitor", f"too many numbers of this visitor ({over.limit})", over.wait_s)
        over = self._numbers.over(number, desk.per_number)
        if over is not None:
            _refuse(429, "limit_number", f"too many requests of this number ({over.limit})", over.wait_s)
        self._judge_day(desk)
        self._judge_open(number, wish)
        if wish.at and int(wish.at) not in self._pages.slots(desk, wish.queue, now, fresh=True):
            _refuse(409, "slot", "the slot is taken, or was none")
        shown_s = self._promises.shown(desk.name, wish.queue, wish.offer) if not wish.at else 0.0
        row = WidgetRow(
            id=id_,
            contact="",
            site=desk.name,
            queue=wish.queue,
            number=number,
            created=now,
            language=language_of(wish.lang, desk.language),
            visit=_line(wish.visit),
            page=_line(wish.page),
            origin=visitor.origin,
            address=visitor.address,
            agent=_line(visitor.agent)[:MAX_TAG],
            slot=wish.at,
            shown_s=shown_s,
            consent=wish.consent.version,
            given=wish.consent.given,
        )
        row.contact = await self._open(desk, row, visitor, wish.zone)
        await self._store.write(row)
        self._visitors.count(who, number, desk.per_visitor)
        self._numbers.count(number, desk.per_number)
        self._counts.book(desk.name, 1.0)
        self._count(desk, "scheduled" if wish.at else "taken")
        if wish.at:
            self._pages.forget()
        self._tell(row)
        return row

    async def _open(self, desk: SiteDesk, row: WidgetRow, visitor: Visitor, zone: str) -> str:
        tags = {"site": row.site, "visit": row.visit, "page": row.page[:MAX_TAG], "consent": row.consent}
        if row.shown_s:
            tags["shown_s"] = str(round(row.shown_s))
        callbacks: WebCallbacks = self._services.extra["callbacks"]
        found, _ = await callbacks.request(
            CallbackRequest(
                number=row.number,
                queue=row.queue,
                key=f"widget:{row.id}",
                language=row.language,
                at=row.slot,
                mode=desk.widget.mode,
                source=f"widget:{row.site}",
                zone=zone if is_zone(zone) else "",
                asker=f"address:{network(visitor.address)}",
                promise_s=row.shown_s or None,
                tags=tags,
                kind=ItemKind.WIDGET,
            )
        )
        return str(found.id)

    # -- judging -----------------------------------------------------------------------------------------------------

    def _judge_work(self, desk: SiteDesk, wish: Wish, visitor: Visitor) -> None:
        address = network(visitor.address)
        if self._bans.is_banned(desk.name, f"address:{address}"):
            _refuse(429, "banned", "this address is not listened to for now")
        wrong = desk.work.judge(wish.work.challenge, wish.number, wish.work.counter, address)
        if wrong == "stale":
            _refuse(409, "stale", "the challenge is too old; solve the new one")
        desk.work.asked(address)
        if wrong:
            _refuse(403, "work", "the work for the challenge is wrong")

    def _judge_number(self, desk: SiteDesk, wish: Wish) -> str:
        """The number as E.164. Extensions are nothing for strangers."""
        if not desk.has(wish.queue):
            _refuse(404, "queue", f"{wish.queue!r} is no department of this site")
        callbacks: WebCallbacks = self._services.extra["callbacks"]
        verdict = callbacks.judge(wish.number)
        if not verdict.number.startswith("+"):
            _refuse(422, "invalid", "this is no full number")
        if verdict.reason:
            _refuse(403, verdict.reason, "this number is not called")
        if verdict.country not in [each.country for each in desk.countries]:
            _refuse(403, "foreign", "numbers of this country are not called")
        if self._bans.is_banned(desk.name, f"number:{verdict.number}"):
            _refuse(429, "banned", "this number is not called for now")
        return verdict.number

    async def _judge_consent(self, desk: SiteDesk, wish: Wish) -> None:
        """The wording must be one of ours that we can show later; a site that asks for a tick gets one."""
        if desk.widget.consent_ask and not wish.consent.given:
            _refuse(422, "consent", "the consent was not given")
        current = any(wording.version == wish.consent.version for wording in desk.consents.values())
        if not current and not await self._store.wording(wish.consent.version):
            _refuse(409, "consent", "the wording of the consent is none of ours")

    def _judge_day(self, desk: SiteDesk) -> None:
        widget = desk.widget
        if not self._counts.fits(desk.name, 1.0, widget.requests_per_day, 0.0):
            _refuse(429, "limit_day", "site_web.widget.requests_per_day is reached")
        if widget.money_per_day and self.spend.spent(desk.name)[0] >= widget.money_per_day:
            _refuse(429, "limit_money", "site_web.widget.money_per_day is spent")

    def _judge_open(self, number: str, wish: Wish) -> None:
        """One open request of a number; the same visitor may ask again, as anybody may when an attempt has failed."""
        for item in self._services.contacts.of_number(number):
            if item.kind is not ItemKind.WIDGET:
                continue
            tried = any(attempt.outcome and attempt.outcome not in QUIET for attempt in item.attempts)
            own = bool(wish.visit) and item.source.get("visit") == wish.visit
            if item.queue != wish.queue or item.state is not ItemState.OPEN or not (tried or own):
                _refuse(409, "open", "there is an open request of this number")

    def _who(self, wish: Wish, visitor: Visitor) -> str:
        """The visit where tracking knows it, else the address with the browser."""
        tracking = self._services.extra.get("tracking")
        if wish.visit and tracking is not None and tracking.visit_of(wish.visit) is not None:
            return f"visit:{wish.visit}"
        return f"address:{network(visitor.address)}:{hashlib.sha256(visitor.agent.encode()).hexdigest()[:8]}"

    # -- parts -------------------------------------------------------------------------------------------------------

    def _count(self, desk: SiteDesk, result: str) -> None:
        key = (desk.name, result)
        self.taken[key] = self.taken.get(key, 0) + 1

    def _tell(self, row: WidgetRow) -> None:
        data = {
            "site": row.site,
            "queue": row.queue,
            "visit": row.visit,
            "page": row.page,
            "shown_s": row.shown_s,
            "slot": row.slot,
            "consent": row.consent,
            "request": row.id,
        }
        event = CallEvent(Kind.WIDGET_REQUESTED, row.contact, "", row.created, {k: v for k, v in data.items() if v})
        self._services.bus.publish(event)

    def sweep(self, window_s: float) -> None:
        """Forgets visitors who asked for nothing since long."""
        self._visitors.sweep(window_s)
        self._numbers.sweep(window_s)


def network(address: str) -> str:
    """An address as limits count it: whoever has one IPv6 address has a /64 of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)


def _line(text: str) -> str:
    """Without control characters and marks of direction: it is read in terminals, mails and other systems."""
    return text if text.isprintable() else "".join(mark for mark in text if mark.isprintable())


def _refuse(status: int, reason: str, text: str, wait_s: float = 0.0) -> NoReturn:
    raise RequestRefused(status, reason, text, wait_s)
