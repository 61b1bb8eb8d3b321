"""Sources that guess passwords, scan for extensions or send garbage are banned for a while, longer each time.

Two kinds of evidence: what needs an answer of ours to have reached the address (a judged password, anything over a
connection) cannot be forged. A datagram can: on its evidence alone nobody is banned from whose address a phone is
registered. Trunks and `bans.allow` never are, and the very flows of registered phones are heard during any ban.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pbx.call.keeping import Keeper, MemoryKeeper
from pbx.events import Alarm, EventBus
from pbx.sip.address import source_of

if TYPE_CHECKING:
    from pbx.call.registrar import Registrar
    from pbx.call.trunks import Trunks
    from pbx.clock import Clock
    from pbx.config import Bans as BansConfig
    from pbx.sip.address import Source
    from pbx.transport.gate import Gate

log = logging.getLogger("centrala.bans")

ROOM = "bans"
ALARM = "bans"
MAX_SUSPECTS = 16_384
MAX_BANS = 65_536
UNANSWERED_S = 32.0  # a challenge that is not answered for so long counts: phones answer at once
FORGET_S = 7 * 86_400.0  # after its last ban a source begins anew
KNOWN_FLOWS_S = 1.0  # how long the flows of registered phones are remembered during bans

GUESSING = "guessing"
SCANNING = "scanning"
GARBAGE = "garbage"
MANUAL = "manual"


@dataclass(slots=True)
class Ban:
    """A source that is not heard: an IPv4 address, or an IPv6 network of 64 bits. Times are UTC seconds."""

    address: str
    reason: str
    since: float
    until: float
    times: int  # how often it was banned


class _Suspect:
    __slots__ = ("garbage", "guesses", "names", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.guesses = 0
        self.garbage = 0
        self.names: dict[str, float] = {}  # accounts that were challenged and did not answer -> since when


class Bans:
    """Told by the authenticator and the driver; shuts the gate."""

    def __init__(
        self,
        config: BansConfig,
        clock: Clock,
        bus: EventBus,
        *,
        registrar: Registrar,
        trunks: Trunks,
        keeper: Keeper | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._bus = bus
        self._registrar = registrar
        self._trunks = trunks
        self._keeper: Keeper = keeper if keeper is not None else MemoryKeeper()
        self._allow = [ipaddress.ip_network(text) for text in config.allow]
        self._suspects: dict[str, _Suspect] = {}  # the oldest window first
        self._bans: dict[str, Ban] = {}  # those that are over too, for a week
        self._gate: Gate | None = None
        self._known: dict[str, set[int]] = {}
        self._known_until = 0.0
        self._alarmed = False
        self.counts = dict.fromkeys((GUESSING, SCANNING, GARBAGE, MANUAL), 0)
        self._restore()

    def guard(self, gate: Gate) -> None:
        """Puts the bans into force at `gate`."""
        self._gate = gate
        gate.now = self._clock.unix
        gate.exempt = self._is_known_flow
        gate.on_garbage = self.garbage
        now = self._clock.unix()
        gate.banned.update({ban.address: ban.until for ban in self._bans.values() if ban.until > now})
        self._tell()

    # -- evidence ------------------------------------------------------------------------------------------------

    def guessed(self, source: Source) -> None:
        """A wrong password was sent, or more of them than are judged."""
        suspect = self._suspect(source_of(source.host))
        suspect.guesses += 1
        if suspect.guesses >= self._config.guesses:
            self._judge(source, GUESSING, proven=True)

    def challenged(self, source: Source, account: str) -> None:
        """A request for `account` without credentials was challenged."""
        suspect = self._suspect(source_of(source.host))
        names = suspect.names
        now = self._clock.unix()
        names.setdefault(account, now)
        if len(names) >= self._config.scans:
            silent = sum(1 for since in names.values() if since <= now - UNANSWERED_S)
            if silent >= self._config.scans:
                self._judge(source, SCANNING, proven=source.transport != "udp")
            elif len(names) > 8 * self._config.scans:
                del names[next(iter(names))]

    def proved(self, source: Source, account: str) -> None:
        """`account` gave its password: what was asked of it before was no scan."""
        suspect = self._suspects.get(source_of(source.host))
        if suspect is not None:
            suspect.names.pop(account, None)

    def garbage(self, source: Source) -> None:
        """A message that is no SIP came."""
        suspect = self._suspect(source_of(source.host))
        suspect.garbage += 1
        if suspect.garbage >= self._config.garbage:
            self._judge(source, GARBAGE, proven=source.transport != "udp")

    def _suspect(self, host: str) -> _Suspect:
        now = self._clock.unix()
        suspect = self._suspects.get(host)
        if suspect is None or suspect.until <= now:
            self._suspects.pop(host, None)
            if len(self._suspects) >= MAX_SUSPECTS:
                del self._suspects[next(iter(self._suspects))]
            suspect = self._suspects[host] = _Suspect(now + self._config.window_s)
        return suspect

    def _judge(self, source: Source, reason: str, *, proven: bool) -> None:
        key = source_of(source.host)
        self._suspects.pop(key, None)
        if not self._config.enabled or self.is_allowed(source.host):
            return
        if not proven and any(source_of(binding.destination.host) == key for _, binding in self._registrar.all()):
            return
        former = self._bans.get(key)
        times = former.times + 1 if former is not None else 1
        for_s = min(self._config.max_ban_s, self._config.ban_s * 2.0 ** min(times - 1, 32))
        self._ban(key, reason, for_s, times)

    def is_allowed(self, host: str) -> bool:
        """Whether `host` is never banned: a trunk's, or on the list."""
        if any(trunk.is_peer(host) for trunk in self._trunks):
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address.version == network.version and address in network for network in self._allow)

    # -- bans ----------------------------------------------------------------------------------------------------

    def add(self, address: str, for_s: float) -> Ban:
        """Bans by hand. ValueError for what is no address, or is never banned."""
        host = str(ipaddress.ip_address(address))
        if self.is_allowed(host):
            raise ValueError(f"{host} is a trunk's or in bans.allow: take it out there first")
        key = source_of(host)
        former = self._bans.get(key)
        return self._ban(key, MANUAL, for_s, former.times if former is not None else 1)

    def remove(self, address: str) -> bool:
        """Lifts a ban, and forgets earlier ones; False when there was none."""
        address = source_of(address)
        found = self._bans.pop(address, None)
        self._suspects.pop(address, None)
        if self._gate is not None:
            self._gate.banned.pop(address, None)
        if found is None:
            return False
        self._keeper.put(ROOM, address, None)
        self._tell()
        return found.until > self._clock.unix()

    def active(self) -> list[Ban]:
        """Those in force, the one that ends first in front."""
        now = self._clock.unix()
        for address in [ban.address for ban in self._bans.values() if ban.until + FORGET_S <= now]:
            del self._bans[address]
            self._keeper.put(ROOM, address, None)
        self._tell()
        return sorted((ban for ban in self._bans.values() if ban.until > now), key=lambda ban: ban.until)

    def _ban(self, host: str, reason: str, for_s: float, times: int) -> Ban:
        now = self._clock.unix()
        while len(self._bans) >= MAX_BANS:
            oldest = next(iter(self._bans))
            del self._bans[oldest]
            self._keeper.put(ROOM, oldest, None)
        self._bans.pop(host, None)
        ban = self._bans[host] = Ban(host, reason, now, now + for_s, times)
        self.counts[reason] += 1
        if self._gate is not None:
            self._gate.banned[host] = ban.until
        row: dict[str, Any] = {"reason": reason, "since": ban.since, "until": ban.until, "times": times}
        self._keeper.put(ROOM, host, row)
        log.warning("%s is not heard for %.0f s: %s", host, for_s, reason)
        self._tell()
        return ban

    def _restore(self) -> None:
        now = self._clock.unix()
        for address, row in self._keeper.load(ROOM).items():
            ban = Ban(address, row["reason"], row["since"], row["until"], row["times"])
            if ban.until + FORGET_S > now:
                self._bans[address] = ban
            else:
                self._keeper.put(ROOM, address, None)

    def _is_known_flow(self, host: str, port: int) -> bool:
        """Whether a phone is registered from exactly there. The flows are gathered at most once a second."""
        now = self._clock.unix()
        if not self._known_until - KNOWN_FLOWS_S <= now < self._known_until:
            self._known = _flows(binding.destination for _, binding in self._registrar.all())
            self._known_until = now + KNOWN_FLOWS_S
        return port in self._known.get(host, ())

    def _tell(self) -> None:
        """The alarm is on while a source is banned that nobody banned by hand."""
        now = self._clock.unix()
        found = [ban.address for ban in self._bans.values() if ban.until > now and ban.reason != MANUAL]
        if bool(found) == self._alarmed:
            return
        self._alarmed = bool(found)
        text = "no source is banned any more"
        if found:
            text = (
                f"{found[-1]} was banned for what it sent; `centrala bans` shows all, `centrala unban` lifts one. "
                "Put addresses of your own into bans.allow"
            )
        self._bus.publish(Alarm(ALARM, text, self._alarmed, now))


def _flows(destinations: Iterable[Any]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for destination in destinations:
        found.setdefault(destination.host, set()).add(destination.port)
    return found
