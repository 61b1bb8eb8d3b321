"""What blocks need beyond the call: the book of customers, requests over HTTP, calendars, rotas, dealers, PINs.

Built once; blocks find it in `services.extra`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.calendars.book import Calendars
from pbx.calendars.feed import Feed
from pbx.call.pins import PinLocks
from pbx.call.range_book import RangeBook, RangeStore
from pbx.configfile.recording_key import read_recording_key
from pbx.customers.book import CustomerBook
from pbx.flow.dealers import DealerBook
from pbx.flow.duty import Duty
from pbx.flow.hearing import Hearing
from pbx.flow.partners import Partners
from pbx.flow.passed import Passed
from pbx.web.client import Web, WebClient
from pbx.web.recognizer import Recognizer

if TYPE_CHECKING:
    from pbx.call.keeping import Keeper
    from pbx.call.services import Services
    from pbx.config import Config
    from pbx.configfile.change import ConfigChange
    from pbx.customers.customer import CustomerStore


class Equipment:
    """`start` needs a running loop; `stop` ends what was begun."""

    def __init__(
        self,
        services: Services,
        customers: CustomerStore,
        ranges: RangeStore | None = None,
        keeper: Keeper | None = None,
        web: Web | None = None,
    ) -> None:
        config, clock = services.config, services.clock
        keeper = keeper if keeper is not None else services.keeper
        self._own_web = WebClient(config.http) if web is None else None
        self.web: Web = web if web is not None else self._own_web  # type: ignore[assignment]
        self.customers = CustomerBook(customers, config.numbering.country)
        self.ranges = RangeBook(ranges)
        self.calendars = Calendars(config, clock, services.bus, self.web)
        conditions = services.dialplan.hours
        conditions.events = self.calendars.at
        self.rotas: dict[str, Duty] = {}
        self._take_rotas(config)
        self.dealers = DealerBook(config.dealer, config.dealers, clock, keeper)
        self.dealers.is_open = lambda hours: conditions.state(hours) == "open"
        self.partners = Partners(config.partner, services.ledger, keeper)
        self.partners.is_open = self.dealers.is_open
        self._clock = clock
        self._stock = self._stock_of(config) if config.dealers.stock else None
        self._leaving: set[asyncio.Task[None]] = set()
        self._follow(services)
        self._regions = services.inbound.regions
        self.ranges.changed = self._take_ranges
        self._take_ranges()
        if config.speech.recognizer.url:
            services.extra["hearing"] = self._hearing(config)
        services.extra.update(
            customers=self.customers,
            web=self.web,
            rotas=self.rotas,
            dealers=self.dealers,
            partners=self.partners,
            pin_locks=PinLocks(keeper, clock),
            guard_passed=Passed(keeper, clock),
        )

    def _follow(self, services: Services) -> None:
        """Changes of the configuration reach what was made of it."""
        followers = services.followers
        followers.rebuild(lambda new: self.customers.configure(new.numbering.country), "numbering")
        followers.rebuild(self.calendars.configure, "calendar")
        followers.rebuild(self._take_rotas, "rota", "calendar")
        followers.rebuild(lambda new: self.dealers.configure(new.dealer, new.dealers), "dealer", "dealers")
        followers.rebuild(lambda new: self.partners.reconfigure(new.partner), "partner")
        followers.add(self._follow_stock, "dealers")

    def _hearing(self, config: Config) -> Hearing:
        name = config.media.recordings_key_file
        key = read_recording_key(Path(name)) if name else b""
        return Hearing(Recognizer(self.web, config.speech.recognizer), key)

    def start(self) -> None:
        """Begins to read calendars and stock."""
        self.calendars.start()
        if self._stock is not None:
            self._stock.start()

    async def stop(self) -> None:
        if self._stock is not None:
            await self._stock.stop()
        await asyncio.gather(*self._leaving)
        await self.calendars.stop()
        if self._own_web is not None:
            await self._own_web.stop()

    def _take_rotas(self, config: Config) -> None:
        self.rotas.clear()
        self.rotas.update({one.name: Duty(one, config.server.timezone, self.calendars.at) for one in config.rota})

    def _follow_stock(self, change: ConfigChange) -> None:
        """What was read is used until the new feed has been."""
        old, new = change.old.dealers, change.new.dealers
        if (old.stock, old.stock_every_s) == (new.stock, new.stock_every_s):
            return
        if self._stock is not None:
            task = asyncio.get_running_loop().create_task(self._stock.stop())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        self._stock = self._stock_of(change.new) if new.stock else None
        if self._stock is not None:
            self._stock.start()
        else:
            self.dealers.stock = None

    def _stock_of(self, config: Config) -> Feed:
        """What the dealers have, as a feed that they are told of."""
        stock = Feed(
            "the stock of dealers",
            config.dealers.stock,
            every_s=config.dealers.stock_every_s,
            copy=Path(config.server.data_dir) / "feeds" / "stock",
            web=self.web,
            clock=self._clock,
            take=self.dealers.take_stock,
        )
        self.dealers.stock_age_s = stock.age_s
        return stock

    def _take_ranges(self) -> None:
        self._regions.take_ranges(self.ranges.all())
