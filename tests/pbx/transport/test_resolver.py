"""SIP names to next hops (RFC 3263) against a real DNS server: order, weights, TTLs, failures, quarantine."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from pbx.config import Dns
from pbx.sip.address import Destination, Security
from pbx.transport import dns_lookup, resolver
from pbx.transport.dns_lookup import Hosts
from pbx.transport.dns_order import Server, in_order
from pbx.transport.resolver import ResolveError, Resolver, Target, parse_target
from tests.pbx.transport.test_driver import until
from tests.support.dns_server import DnsServer

NAME = "carrier.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NAME, Target(NAME)),
        ("10.0.0.1:5070", Target("10.0.0.1", 5070)),
        ("10.0.0.1:5070;transport=TCP", Target("10.0.0.1", 5070, "tcp")),
        ("[2001:db8::1]:5070", Target("2001:db8::1", 5070)),
        ("[2001:db8::1];transport=tls", Target("2001:db8::1", 0, "tls")),
        ("sip:carrier.example;lr", Target(NAME)),
        ("sips:carrier.example", Target(NAME, 0, "tls")),
        ("sips:carrier.example;transport=tcp", Target(NAME, 0, "tls")),
    ],
)
def test_targets(text, expected):
    assert parse_target(text) == expected


@pytest.mark.parametrize(
    "text", ["a b", "host:0", "host:99999", "host:x", "host;transport=ws", "sips:host;transport=udp", "sip:a@host", ""]
)
def test_wrong_targets_are_refused_by_name(text):
    with pytest.raises(ResolveError, match=re.escape(f'"{text}"')):
        parse_target(text)


@pytest.fixture
def server():
    with DnsServer() as running:
        yield running


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def make(server, clock, tmp_path):
    made = []

    def build(families=(True, True), hosts="", **settings):
        (tmp_path / "hosts").write_text(hosts)
        config = Dns(servers=[server.text], timeout_s=settings.pop("timeout_s", 1.0), **settings)
        made.append(
            Resolver(config, hosts=Hosts(tmp_path / "hosts"), now=clock, random=Random(1), families=lambda: families)
        )
        return made[-1]

    yield build
    for one in made:
        await one.close()


async def hops(one, text):
    return [f"{hop.transport}:{hop.host}:{hop.port}" for hop in await one.resolve(parse_target(text))]


async def test_an_address_needs_no_dns(make, server):
    one = make()
    assert await one.resolve(Target("127.0.0.9", 5070)) == [Destination("udp", "127.0.0.9", 5070)]
    assert one.known(Target("::1", 0, "tls")) == [Destination("tls", "::1", 5061, None, Security("::1"))]
    assert not server.queries


async def test_naptr_says_which_transport_comes_first(make, server):
    server.zone(
        f'{NAME} 60 NAPTR 20 50 "s" "SIP+D2U" "" _sip._udp.{NAME}',
        f'{NAME} 60 NAPTR 10 50 "s" "SIPS+D2T" "" _sips._tcp.{NAME}',
        f'{NAME} 60 NAPTR 5 50 "s" "SIP+D2W" "" _sip._ws.{NAME}',
        f'{NAME} 60 NAPTR 1 50 "u" "E2U+sip" "!^.*$!sip:a@b!" .',
        f"_sip._udp.{NAME} 60 SRV 0 0 5060 u.{NAME}",
        f"_sips._tcp.{NAME} 60 SRV 0 0 5071 t.{NAME}",
        f"u.{NAME} 60 A 192.0.2.1",
        f"t.{NAME} 60 A 192.0.2.2",
    )
    found = await make().resolve(Target(NAME))
    assert found == [
        Destination("tls", "192.0.2.2", 5071, None, Security(NAME)),  # RFC 5922: for the name that was asked for
        Destination("udp", "192.0.2.1", 5060),
    ]


async def test_without_naptr_every_transport_with_srv_records(make, server):
    server.zone(
        f"_sip._tcp.{NAME} 60 SRV 0 0 5062 a.{NAME}",
        f"_sip._udp.{NAME} 60 SRV 20 0 5060 b.{NAME}",
        f"_sip._udp.{NAME} 60 SRV 10 0 5061 a.{NAME}",
        f"_sips._tcp.{NAME} 60 SRV 0 0 5061 .",
        f"a.{NAME} 60 A 192.0.2.1",
        f"b.{NAME} 60 A 192.0.2.2",
    )
    assert await hops(make(), NAME) == ["udp:192.0.2.1:5061", "udp:192.0.2.2:5060", "tcp:192.0.2.1:5062"]


async def test_a_transport_that_is_given(make, server):
    server.zone(
        f'{NAME} 60 NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.{NAME}',
        f"_sip._tcp.{NAME} 60 SRV 0 0 5062 a.{NAME}",
        f"a.{NAME} 60 A 192.0.2.1",
        f"{NAME} 60 A 192.0.2.9",
    )
    one = make()
    assert await hops(one, f"{NAME};transport=tcp") == ["tcp:192.0.2.1:5062"]
    assert await hops(one, f"{NAME};transport=tls") == ["tls:192.0.2.9:5061"], "no SRV: the address"
    assert (NAME, "NAPTR") not in server.queries


async def test_a_port_that_is_given_needs_addresses_only(make, server):
    server.zone(f"_sip._udp.{NAME} 60 SRV 0 0 5062 a.{NAME}", f"{NAME} 60 A 192.0.2.9", f"{NAME} 60 AAAA 2001:db8::9")
    assert await hops(make(), f"{NAME}:5099") == ["udp:192.0.2.9:5099", "udp:2001:db8::9:5099"]
    assert {kind for _, kind in server.queries} == {"A", "AAAA"}


@pytest.mark.parametrize(
    ("families", "prefer", "expected"),
    [
        ((True, True), "ipv4", ["192.0.2.9", "2001:db8::9"]),
        ((True, True), "ipv6", ["2001:db8::9", "192.0.2.9"]),
        ((True, False), "ipv6", ["192.0.2.9"]),
        ((False, True), "ipv4", ["2001:db8::9"]),
    ],
)
async def test_the_families_that_we_have(make, server, families, prefer, expected):
    server.zone(f"{NAME} 60 A 192.0.2.9", f"{NAME} 60 AAAA 2001:db8::9")
    assert [hop.host for hop in await make(families, prefer=prefer).resolve(Target(NAME, 5060))] == expected


async def test_a_name_without_any_record_is_told(make, server):
    server.zone("other.example 60 A 192.0.2.1")
    with pytest.raises(ResolveError, match=r"carrier\.example.*no address"):
        await make().resolve(Target(NAME))


async def test_a_server_that_says_nothing_is_told(make, server):
    server.silent = True
    with pytest.raises(ResolveError, match=r"carrier\.example.*DNS settings"):
        await make(timeout_s=0.2).resolve(Target(NAME))


async def test_a_server_that_knows_no_naptr_still_serves(make, server):
    server.zone(f"_sip._udp.{NAME} 60 SRV 0 0 5062 a.{NAME}", f"a.{NAME} 60 A 192.0.2.1")
    server.failing = {"NAPTR", "AAAA"}
    assert await hops(make(), NAME) == ["udp:192.0.2.1:5062"]


async def test_etc_hosts_wins(make, server):
    one = make(hosts=f"# comment\n192.0.2.77 {NAME} other # more\n2001:db8::77 {NAME}\n")
    assert await hops(one, NAME) == ["udp:192.0.2.77:5060", "udp:2001:db8::77:5060"]
    assert not server.queries


async def test_records_are_asked_for_again_when_their_ttl_ends(make, server, clock):
    server.zone(f"{NAME} 60 A 192.0.2.1", f"{NAME} 300 AAAA 2001:db8::1")
    one = make()
    for _ in range(3):
        await one.resolve(Target(NAME, 5060))
    assert server.queries[NAME, "A"] == 1
    server.zone(f"{NAME} 60 A 192.0.2.2", f"{NAME} 300 AAAA 2001:db8::1")
    clock.now += 59
    assert (await one.resolve(Target(NAME, 5060)))[0].host == "192.0.2.1"
    clock.now += 2
    assert (await one.resolve(Target(NAME, 5060)))[0].host == "192.0.2.2"
    assert server.queries == {(NAME, "A"): 2, (NAME, "AAAA"): 1}


async def test_what_does_not_exist_is_remembered_as_well(make, server, clock):
    server.zone(f"{NAME} 600 A 192.0.2.1")
    one = make()
    for _ in range(2):
        await one.resolve(Target(NAME))
        clock.now += 20
    asked = server.queries["_sip._udp." + NAME, "SRV"]
    assert asked == 1
    clock.now += 20
    await one.resolve(Target(NAME))
    assert server.queries["_sip._udp." + NAME, "SRV"] == 2, "the SOA says 30 s"


async def test_a_ttl_has_a_cap(make, server, clock):
    server.zone(f"{NAME} 604800 A 192.0.2.1")
    one = make(max_ttl_s=100)
    await one.resolve(Target(NAME, 5060))
    clock.now += 101
    await one.resolve(Target(NAME, 5060))
    assert server.queries[NAME, "A"] == 2


async def test_old_records_serve_while_dns_is_down(make, server, clock):
    server.zone(f"{NAME} 60 A 192.0.2.1")
    one = make()
    await one.resolve(Target(NAME, 5060))
    server.failing = {"*"}
    clock.now += 100
    assert (await one.resolve(Target(NAME, 5060)))[0].host == "192.0.2.1"
    asked = server.queries[NAME, "A"]
    assert (await one.resolve(Target(NAME, 5060)))[0].host == "192.0.2.1"
    assert server.queries[NAME, "A"] == asked, "a failure is remembered for a moment"
    clock.now += 2 * dns_lookup.STALE_S
    with pytest.raises(ResolveError):
        await one.resolve(Target(NAME, 5060))


async def test_many_at_once_ask_once(make, server):
    server.zone(f"{NAME} 60 A 192.0.2.1")
    one = make()
    await asyncio.gather(*(one.resolve(Target(NAME, 5060)) for _ in range(50)))
    assert server.queries[NAME, "A"] == 1


async def test_the_cache_has_a_cap(make, server, monkeypatch):
    monkeypatch.setattr(dns_lookup, "MAX_ENTRIES", 10)
    monkeypatch.setattr(resolver, "MAX_TARGETS", 10)
    server.zone(*(f"n{n}.example 60 A 192.0.2.1" for n in range(30)))
    one = make()
    for n in range(30):
        await one.resolve(Target(f"n{n}.example", 5060))
    assert len(one.cache) == 10
    assert len(one._results) <= 10


async def test_a_failed_server_is_tried_last_for_a_while(make, server, clock):
    server.zone(
        f"_sip._udp.{NAME} 600 SRV 10 0 5060 a.{NAME}",
        f"_sip._udp.{NAME} 600 SRV 20 0 5060 b.{NAME}",
        f"a.{NAME} 600 A 192.0.2.1",
        f"b.{NAME} 600 A 192.0.2.2",
    )
    one = make(quarantine_s=30)
    first, second = await one.resolve(Target(NAME))
    one.on_target(first, False)
    assert await one.resolve(Target(NAME)) == [second, first]
    assert one.quarantined == 1
    clock.now += 31
    assert await one.resolve(Target(NAME)) == [first, second]
    one.on_target(first, False)
    one.on_target(first, True)
    assert await one.resolve(Target(NAME)) == [first, second]
    assert one.failovers == 2


async def test_a_watched_name_is_known_without_waiting(make, server):
    target = Target(NAME, 5060)
    one = make()
    assert one.known(target) == []
    one.watch([target, Target("192.0.2.5")])
    server.zone(f"{NAME} 60 A 192.0.2.1")
    await until(lambda: one.known(target))
    assert one.known(target)[0].host == "192.0.2.1"
    one.watch([])
    assert not one._watches


async def test_a_watched_name_is_followed(make, server, clock, monkeypatch):
    monkeypatch.setattr(resolver, "RETRY_S", 0.05)
    server.failing = {"*"}
    one = make()
    target = Target(NAME, 5060)
    one.watch([target])
    await until(lambda: server.queries)
    server.zone(f"{NAME} 60 A 192.0.2.1")
    server.failing = set()

    def found():
        clock.now += 1  # past the memory of the failure
        return one.known(target)

    await until(found)


def test_weights_decide_by_chance():
    servers = [Server(0, weight, 5060, (str(weight),)) for weight in (0, 10, 30, 60)]
    random = Random(7)
    first = Counter(in_order(servers, random)[0].weight for _ in range(10_000))
    assert first[0] < 300, "a very small chance"
    for weight in (10, 30, 60):
        assert abs(first[weight] / 10_000 - weight / 100) < 0.03


def test_priorities_come_before_weights():
    servers = [Server(20, 100, 1, ()), Server(10, 0, 2, ()), Server(10, 5, 3, ()), Server(5, 0, 4, ())]
    for seed in range(50):
        order = in_order(servers, Random(seed))
        assert [server.priority for server in order] == [5, 10, 10, 20]
        assert sorted(order) == sorted(servers)


def test_all_weights_zero_keep_everybody():
    servers = [Server(0, 0, port, ()) for port in range(1, 6)]
    assert sorted(in_order(servers, Random(1))) == servers


def test_the_systems_resolver_is_used_without_servers():
    assert Path("/etc/resolv.conf").exists() is bool(dns_lookup.DnsLookup()._resolver.nameservers)
