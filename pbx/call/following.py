"""How the call layer follows changes of the configuration: each part in its turn, those that others look into first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.call.dialplan import Tables
from pbx.call.trunks.tables import price_lists, range_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pbx.call.authentication import Authenticator
    from pbx.call.services import Services
    from pbx.config import Config
    from pbx.configfile.change import ConfigChange
    from pbx.numbers.prices import PriceList
    from pbx.numbers.ranges import RangeTable

    Files = tuple[Mapping[str, PriceList], RangeTable]

PRESSING = ("extension", "queue", "incall", "parking")
NUMBERS = ("extension", "number", "route", "hours", "site")


def follow(services: Services, authenticator: Authenticator) -> None:
    """Once, when all parts are there."""
    followers, outbound, dialplan = services.followers, services.dialplan.outbound, services.dialplan
    trunks = _TrunkTables(services)
    followers.before(trunks.prepare, "trunk", "numbering")
    followers.add(services.carriers.part, "trunk")
    followers.add(trunks.follow, "trunk", "numbering")
    sip, media, ways = services.sip_policies, services.media_policies, services.digit_ways
    incall, numbers = services.incall_codes, services.numbers
    followers.build(lambda change: sip.tables(change.new), sip.take, "extension", "trunk")
    followers.add(lambda _change: _tell_agent(services), "extension", "trunk")
    followers.build(lambda change: media.tables(change.new), media.take, "extension", "trunk")
    followers.build(lambda change: ways.tables(change.new), ways.take, "extension", "trunk")
    followers.rebuild(services.rings.configure, "ring")
    followers.build(lambda change: (change.new, incall.allowed(change.new)), incall.take, *PRESSING)
    followers.rebuild(outbound.ids.configure, "caller_id", "site")
    followers.rebuild(outbound.emergency.configure, "emergency", "route", "numbering")
    followers.build(lambda change: outbound.tables(change.new), outbound.take, "extension", "trunk")
    followers.rebuild(dialplan.hours.configure, "hours", "site")
    followers.build(lambda change: Tables(change.new), dialplan.take, *NUMBERS)
    followers.build(lambda change: numbers.tables(change.new), numbers.take_tables, *NUMBERS, "trunk")
    followers.rebuild(services.router.configure, "features", "parking", "speed_dials")
    followers.rebuild(services.inbound.configure, "screening")
    followers.build(lambda change: authenticator.tables(change.new), authenticator.take, "extension")
    followers.build(_gone, lambda gone: _sign_off(services, gone), "extension")
    followers.add(lambda _change: services.applications.forget_all())


def _tell_agent(services: Services) -> None:
    services.agent.extensions = services.sip_policies.general


def _gone(change: ConfigChange) -> set[str]:
    before, after = change.names("extension", "number")
    return before.keys() - after.keys()


def _sign_off(services: Services, gone: set[str]) -> None:
    """Phones of extensions that are no more are not registered any longer; their calls go on."""
    for number in gone:
        held = services.registrar.held(number)
        if held:
            services.registrar.replace(number, (), held, "removed")


class _TrunkTables:
    """Price lists and ranges of numbers are files: read before the change, in a thread."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: Files | None = None

    async def prepare(self, change: ConfigChange) -> None:
        self._read = await asyncio.to_thread(_read, change.new)

    def follow(self, change: ConfigChange) -> None:
        prices, ranges = self._read if self._read is not None else _read(change.new)
        self._read = None
        country = change.new.numbering.country
        self._services.trunks.configure(change.new.trunk, prices, country)
        if change.touches("numbering"):
            self._services.inbound.regions.configure(country, ranges)


def _read(config: Config) -> Files:
    return price_lists(config), range_table(config)
