"""How the call layer follows changes of the configuration: each part in its turn, those that others look into first."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.call.trunks.tables import price_lists, range_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pbx.call.authentication import Authenticator
    from pbx.call.services import Services
    from pbx.config import Config
    from pbx.configfile.change import ConfigChange
    from pbx.numbers.prices import PriceList
    from pbx.numbers.ranges import RangeTable

    Tables = tuple[Mapping[str, PriceList], RangeTable]

NUMBERS = ("extension", "number", "route", "hours", "site")


def follow(services: Services, authenticator: Authenticator) -> None:
    """Once, when all parts are there."""
    followers, outbound, dialplan = services.followers, services.dialplan.outbound, services.dialplan
    trunks = _TrunkTables(services)
    followers.before(trunks.prepare, "trunk", "numbering")
    followers.add(services.carriers.part, "trunk")
    followers.add(trunks.follow, "trunk", "numbering")
    followers.rebuild(services.sip_policies.configure, "extension", "trunk")
    followers.add(lambda _change: _tell_agent(services), "extension", "trunk")
    followers.rebuild(services.media_policies.configure, "extension", "trunk")
    followers.rebuild(services.digit_ways.configure, "extension", "trunk")
    followers.rebuild(services.rings.configure, "ring")
    followers.rebuild(services.incall_codes.configure, "extension", "queue", "incall", "parking")
    followers.rebuild(outbound.ids.configure, "caller_id", "site")
    followers.rebuild(outbound.emergency.configure, "emergency", "route", "numbering")
    followers.rebuild(outbound.configure, "extension", "trunk")
    followers.rebuild(dialplan.hours.configure, "hours", "site")
    followers.rebuild(dialplan.configure, *NUMBERS)
    followers.rebuild(services.numbers.configure, *NUMBERS, "trunk")
    followers.rebuild(services.router.configure, "features", "parking", "speed_dials")
    followers.rebuild(services.inbound.configure, "screening")
    followers.rebuild(authenticator.configure, "extension")
    followers.add(lambda change: _sign_off(services, change), "extension")
    followers.add(lambda _change: services.applications.forget_all())


def _tell_agent(services: Services) -> None:
    services.agent.extensions = services.sip_policies.general


def _sign_off(services: Services, change: ConfigChange) -> None:
    """Phones of extensions that are no more are not registered any longer; their calls go on."""
    before, after = change.names("extension", "number")
    for number in before.keys() - after.keys():
        held = services.registrar.held(number)
        if held:
            services.registrar.replace(number, (), held, "removed")


class _TrunkTables:
    """Price lists and ranges of numbers are files: read before the change, in a thread."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: Tables | None = None

    async def prepare(self, change: ConfigChange) -> None:
        self._read = await asyncio.to_thread(_read, change.new)

    def follow(self, change: ConfigChange) -> None:
        prices, ranges = self._read if self._read is not None else _read(change.new)
        self._read = None
        country = change.new.numbering.country
        self._services.trunks.configure(change.new.trunk, prices, country)
        if change.touches("numbering"):
            self._services.inbound.regions.configure(country, ranges)


def _read(config: Config) -> Tables:
    return price_lists(config), range_table(config)
