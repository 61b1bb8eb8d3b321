"""Who is banned, for what, for how long, and who never is."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.call.bans import Bans
from pbx.call.keeping import MemoryKeeper
from pbx.call.location import Binding
from pbx.call.registrar import Registrar
from pbx.call.testing import LoopClock
from pbx.call.trunks import Trunks
from pbx.config import Bans as BansConfig
from pbx.config import Trunk
from pbx.events import Alarm, EventBus
from pbx.sip.address import Destination
from pbx.transport.gate import Gate

BAD, OFFICE, CARRIER, FRIEND = "127.15.6.1", "127.15.6.2", "127.15.6.3", "127.15.6.4"


class Clock(LoopClock):
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def unix(self) -> float:
        return self.now


class Yard:
    """Bans with a gate, a registered phone at OFFICE:5062 and a trunk at CARRIER."""

    def __init__(self, keeper: MemoryKeeper | None = None, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.bus = EventBus()
        self.alarms: list[Alarm] = []
        self.bus.subscribe(Alarm, self.alarms.append)
        self.registrar = Registrar(self.bus, self.clock)
        self.gate = Gate()
        self.bans = Bans(
            BansConfig(allow=[FRIEND], guesses=60, scans=100, garbage=1000),
            self.clock,
            self.bus,
            registrar=self.registrar,
            trunks=Trunks([Trunk(name="carrier", peers=[CARRIER])]),
            keeper=keeper,
        )
        self.bans.guard(self.gate)

    def register(self, host: str, port: int) -> None:
        binding = Binding(
            f"sip:101@{host}:{port}", Destination("udp", host, port, None), self.clock.unix() + 9e6, "reg", 1
        )
        self.registrar._bindings["101"] = [binding]

    def heard(self, host: str, port: int = 5060) -> bool:
        return not self.gate.shuts_out(host, port)

    def guess(self, host: str, times: int, transport: str = "udp") -> None:
        for _ in range(times):
            self.bans.guessed(Destination(transport, host, 5060, None))


def test_guessing_leads_to_a_ban_that_ends() -> None:
    yard = Yard()
    yard.guess(BAD, 59)
    assert yard.heard(BAD)
    yard.guess(BAD, 1)
    assert not yard.heard(BAD)
    assert yard.heard("127.15.6.9"), "nobody else"
    assert [(ban.address, ban.reason, ban.times) for ban in yard.bans.active()] == [(BAD, "guessing", 1)]
    assert yard.alarms[-1].active
    assert yard.gate.dropped == 1
    yard.clock.now += 601
    assert yard.heard(BAD)
    assert not yard.bans.active()
    assert not yard.alarms[-1].active


def test_every_further_ban_is_longer() -> None:
    yard = Yard()
    spans = []
    for _ in range(12):
        yard.guess(BAD, 60)
        ban = yard.bans.active()[0]
        spans.append(ban.until - ban.since)
        yard.clock.now = ban.until + 1
    assert spans[:4] == [600, 1200, 2400, 4800]
    assert max(spans) == 86_400
    yard.clock.now += 8 * 86_400
    yard.bans.active()
    yard.guess(BAD, 60)
    assert yard.bans.active()[0].times == 1, "after a quiet week it begins anew"


def test_old_guesses_do_not_count() -> None:
    yard = Yard()
    for _ in range(10):
        yard.guess(BAD, 30)
        yard.clock.now += 700
    assert yard.heard(BAD)


def test_scanning_is_asking_for_many_accounts_without_a_password() -> None:
    yard = Yard()
    source = Destination("udp", BAD, 5060, None)
    for number in range(99):
        yard.bans.challenged(source, str(number))
    yard.clock.now += 40
    yard.bans.challenged(source, "0")
    assert yard.heard(BAD)
    for number in range(200, 202):
        yard.bans.challenged(source, str(number))
    assert yard.heard(BAD), "those were asked just now, and may still answer"
    yard.clock.now += 40
    yard.bans.challenged(source, "300")
    assert not yard.heard(BAD)
    assert yard.bans.active()[0].reason == "scanning"


def test_an_office_after_a_power_cut_does_not_scan() -> None:
    yard = Yard()
    source = Destination("udp", BAD, 5060, None)
    for number in range(500):
        yard.bans.challenged(source, str(number))
    for number in range(500):
        yard.bans.proved(source, str(number))
    yard.clock.now += 100
    yard.bans.challenged(source, "7")
    assert yard.heard(BAD)


def test_what_can_be_forged_bans_nobody_from_where_a_phone_is_registered() -> None:
    yard = Yard()
    yard.register(OFFICE, 5062)
    for transport, heard in (("udp", True), ("tcp", False)):
        for _ in range(1000):
            yard.bans.garbage(Destination(transport, OFFICE, 5060, None))
        assert yard.heard(OFFICE) is heard, transport


def test_a_registered_flow_is_heard_during_the_ban_of_its_address() -> None:
    yard = Yard()
    yard.register(OFFICE, 5062)
    yard.guess(OFFICE, 60)
    assert not yard.heard(OFFICE, 5060)
    assert yard.heard(OFFICE, 5062)


@pytest.mark.parametrize("host", [CARRIER, FRIEND])
def test_trunks_and_listed_addresses_are_never_banned(host: str) -> None:
    yard = Yard()
    yard.guess(host, 500)
    assert yard.heard(host)
    with pytest.raises(ValueError, match="take it out"):
        yard.bans.add(host, 60)


def test_bans_by_hand_and_their_end() -> None:
    yard = Yard()
    yard.bans.add(BAD, 60)
    assert not yard.heard(BAD)
    assert not yard.alarms, "who bans by hand knows it"
    assert yard.bans.remove(BAD)
    assert yard.heard(BAD)
    assert not yard.bans.remove(BAD)
    with pytest.raises(ValueError, match="does not appear"):
        yard.bans.add("pbx.example", 60)


def test_bans_outlive_the_process() -> None:
    keeper, clock = MemoryKeeper(), Clock()
    Yard(keeper, clock).guess(BAD, 60)
    clock.now += 300
    again = Yard(keeper, clock)
    assert not again.heard(BAD)
    clock.now += 301
    assert again.heard(BAD)
    again.guess(BAD, 60)
    assert again.bans.active()[0].times == 2


def test_suspects_do_not_fill_the_memory() -> None:
    yard = Yard()
    for number in range(20_000):
        yard.bans.garbage(Destination("udp", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 5060, None))
    assert len(yard.bans._suspects) <= 16_384
    source: Any = Destination("udp", BAD, 5060, None)
    for number in range(10_000):
        yard.bans.challenged(source, str(number))
    assert len(yard.bans._suspects[BAD].names) <= 801


def test_an_ipv6_customer_is_banned_as_a_whole() -> None:
    yard = Yard()
    for host in ("2001:db8::1", "2001:db8::2"):
        yard.guess(host, 30)
    assert not yard.heard("2001:db8::ffff")
    assert yard.heard("2001:db8:0:1::1")
    assert yard.bans.remove("2001:db8::7")
    assert yard.heard("2001:db8::1")
