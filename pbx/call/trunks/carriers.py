"""What goes on with carriers while the PBX runs: registrations, questions whether they live, alarms about both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.call.trunks.probe import Probe
from pbx.call.trunks.registration import TrunkRegistration
from pbx.events import Alarm, EventBus
from pbx.numbers.prices import MICRO

if TYPE_CHECKING:
    from pbx.call.limits import Limits
    from pbx.call.ports import Requester
    from pbx.call.trunks.ledger import Ledger
    from pbx.call.trunks.trunk import Trunk
    from pbx.call.trunks.trunks import Trunks
    from pbx.clock import Clock
    from pbx.config import Trunk as TrunkConfig
    from pbx.configfile.change import ConfigChange
    from pbx.sip.address import Destination


@dataclass(slots=True, frozen=True)
class TrunkNow:
    """One trunk at this moment, for lists and metrics. Money is in `currency`."""

    name: str
    host: str
    address: str
    health: str  # "up", "down", "unknown"
    registration: str  # "" when it does not register
    registered: bool
    expires_s: float
    reason: str
    calls: int
    max_calls: int
    spent_today: float
    spent_month: float
    currency: str
    prices: int


class Carriers:
    """Use: `start()` when SIP listens, `await stop()` before it stops."""

    def __init__(
        self, trunks: Trunks, agent: Requester, bus: EventBus, clock: Clock, limits: Limits, ledger: Ledger
    ) -> None:
        self._trunks = trunks
        self._agent = agent
        self._bus = bus
        self._clock = clock
        self._limits = limits
        self._ledger = ledger
        self.registrations: dict[str, TrunkRegistration] = {}
        self._probes: dict[str, Probe] = {}
        self._started = False
        self._leaving: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Registers where that is wanted, and begins to ask."""
        self._started = True
        for trunk in self._trunks:
            self._begin(trunk)

    def _begin(self, trunk: Trunk) -> None:
        if trunk.host:
            trunk.health.on_change = lambda up: self._health(trunk, up)
        if trunk.config.registration and trunk.name not in self.registrations:
            registration = TrunkRegistration(trunk, self._agent)
            registration.on_change = lambda on: self._registration(registration, on)
            self.registrations[trunk.name] = registration
            self._trunks.add_line(registration.line, trunk)
            registration.start()
        if trunk.config.options_every_s and trunk.name not in self._probes:
            probe = self._probes[trunk.name] = Probe(trunk, self._agent)
            probe.start()

    def part(self, change: ConfigChange) -> None:
        """Before trunks change: those that go, or are to be known to their carrier in another way, take leave."""
        before, after = change.names("trunk")
        for name, old in before.items():
            new = after.get(name)
            if new is None or _account(new) != _account(old):
                self._take_leave(name)
            if new is None or _place(new) != _place(old):
                probe = self._probes.pop(name, None)
                if probe is not None:
                    probe.stop()
                trunk = self._trunks.get(name)
                if trunk is not None:
                    trunk.health.forget()
                self._bus.publish(Alarm(f"trunk_down_{name}", f"trunk {name} was changed", False, self._clock.unix()))

    def follow(self, _change: ConfigChange) -> None:
        """After trunks changed: what is new is registered and asked."""
        if self._started:
            for trunk in self._trunks:
                self._begin(trunk)

    def _take_leave(self, name: str) -> None:
        registration = self.registrations.pop(name, None)
        if registration is None:
            return
        self._trunks.drop_line(registration.line)
        registration.on_change = None
        registration.say_goodbye()
        task = asyncio.get_running_loop().create_task(registration.stop())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        text = f"the registration of trunk {name} was changed"
        self._bus.publish(Alarm(f"trunk_unregistered_{name}", text, False, self._clock.unix()))

    def places(self) -> Iterator[Destination]:
        """Where we are registered: connections to these are kept."""
        for registration in self.registrations.values():
            if registration.registered:
                yield from registration.trunk.registrar.destinations()

    def connection_lost(self, place: Destination) -> None:
        """A connection of ours to `place` ended."""
        for registration in self.registrations.values():
            if any(place[:3] == found[:3] for found in registration.trunk.registrar.destinations()):
                registration.connection_lost()

    async def stop(self) -> None:
        """Takes all registrations back."""
        for probe in self._probes.values():
            probe.stop()
        await asyncio.gather(*self._leaving, *(registration.stop() for registration in self.registrations.values()))

    def now(self) -> list[TrunkNow]:
        """Every trunk, in the order of the configuration."""
        return [self._now(trunk) for trunk in self._trunks]

    def _now(self, trunk: Trunk) -> TrunkNow:
        registration = self.registrations.get(trunk.name)
        spent = self._ledger.spent(trunk.limit_key)
        destination = trunk.hop.destination
        left_s = registration.expires_at - asyncio.get_running_loop().time() if registration is not None else 0.0
        return TrunkNow(
            trunk.name,
            trunk.config.host,
            f"{destination.host}:{destination.port}" if destination is not None else "",
            trunk.health.state,
            registration.state if registration is not None else "",
            registration is not None and registration.registered,
            max(0.0, left_s),
            registration.reason if registration is not None else "",
            self._limits.in_use(trunk.limit_key),
            trunk.max_calls,
            spent.day_money / MICRO,
            spent.month_money / MICRO,
            trunk.config.currency,
            len(trunk.prices),
        )

    def _health(self, trunk: Trunk, up: bool) -> None:
        text = f"trunk {trunk.name} answers again"
        if not up:
            text = (
                f"trunk {trunk.name} ({trunk.config.host}) does not answer; calls go by other trunks of their route. "
                "Look at the connection to the carrier, and at its state page"
            )
        self._bus.publish(Alarm(f"trunk_down_{trunk.name}", text, not up, self._clock.unix()))

    def _registration(self, registration: TrunkRegistration, on: bool) -> None:
        name = registration.trunk.name
        text = f"trunk {name} is registered"
        if not on:
            remedy = "correct username and secret" if registration.state == "refused" else "look at the connection"
            text = f"trunk {name} is not registered, calls from it may not arrive: {registration.reason}; {remedy}"
        self._bus.publish(Alarm(f"trunk_unregistered_{name}", text, not on, self._clock.unix()))


def _account(config: TrunkConfig) -> tuple[object, ...]:
    """What our registration at the carrier is made of."""
    return (
        *(config.registration, config.registrar, config.register_expires_s, config.username, config.auth_username),
        *(config.secret, *_place(config)),
    )


def _place(config: TrunkConfig) -> tuple[object, ...]:
    """Where the carrier is, and how we ask whether it lives."""
    return config.host, config.tls_verify, bool(config.options_every_s)
