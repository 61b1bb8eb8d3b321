"""Names to next hops, and which of our addresses a far end is to use."""

from __future__ import annotations

import asyncio
import re

import pytest

from pbx.sip.address import Destination
from pbx.transport.base import ListenAddress, ListenError, parse_listen
from pbx.transport.local import LocalAddresses
from pbx.transport.resolver import ResolveError, Resolver, parse_target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("carrier.example", ("carrier.example", 5060, "udp")),
        ("10.0.0.1:5070", ("10.0.0.1", 5070, "udp")),
        ("10.0.0.1:5070;transport=TCP", ("10.0.0.1", 5070, "tcp")),
        ("[2001:db8::1]:5070", ("2001:db8::1", 5070, "udp")),
    ],
)
def test_targets(text, expected):
    assert parse_target(text) == expected


@pytest.mark.parametrize("text", ["a b", "host:0", "host:99999", "host:x", "host;transport=tls", "sip:host"])
def test_wrong_targets_are_refused_by_name(text):
    with pytest.raises(ResolveError, match=re.escape(text)):
        parse_target(text)


class Loop:
    """Stands in for the system's resolver."""

    def __init__(self, monkeypatch, answer):
        self.calls = 0
        self.answer = answer
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.getaddrinfo)

    async def getaddrinfo(self, host, port, **_):
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_an_address_needs_no_resolver(monkeypatch):
    loop = Loop(monkeypatch, OSError("must not be asked"))
    assert await Resolver().resolve("127.0.0.9:5070") == Destination("udp", "127.0.0.9", 5070)
    assert loop.calls == 0


async def test_a_name_is_resolved_once_a_minute_and_ipv4_is_preferred(monkeypatch):
    now = [0.0]
    v6, v4 = (10, 2, 17, "", ("2001:db8::1", 0, 0, 0)), (2, 2, 17, "", ("192.0.2.7", 0))
    loop = Loop(monkeypatch, [v6, v4])
    resolver = Resolver(lambda: now[0])
    for _ in range(3):
        assert (await resolver.resolve("carrier.example")).host == "192.0.2.7"
    assert loop.calls == 1
    now[0] = 61
    await resolver.resolve("carrier.example")
    assert loop.calls == 2


async def test_a_name_that_does_not_exist_is_told(monkeypatch):
    Loop(monkeypatch, OSError("Name or service not known"))
    with pytest.raises(ResolveError, match=r"carrier\.example.*correct it"):
        await Resolver().resolve("carrier.example")


def listening(*texts, advertise=""):
    local = LocalAddresses(advertise)
    for text in texts:
        local.add(parse_listen(text))
    return local


def test_a_fixed_address_is_named_with_its_port():
    local = listening("udp:127.14.1.1:5060", "tcp:127.14.1.1:5070")
    assert local.towards(Destination("udp", "127.0.0.1", 5060)) == ("127.14.1.1", 5060)
    assert local.towards(Destination("tcp", "127.0.0.1", 5060)) == ("127.14.1.1", 5070)


def test_a_wildcard_is_named_by_the_route():
    local = listening("udp:0.0.0.0:5080")
    assert local.towards(Destination("udp", "127.0.0.1", 5060)) == ("127.0.0.1", 5080)


def test_what_is_advertised_stands_in_for_all():
    local = listening("udp:0.0.0.0:5080", advertise="203.0.113.9")
    assert local.towards(Destination("udp", "127.0.0.1", 5060)) == ("203.0.113.9", 5080)


def test_one_of_several_sockets_is_chosen():
    local = listening("udp:127.14.1.1:5060", "tcp:127.14.1.1:5060", "udp:0.0.0.0:5070", "udp:[::1]:5060")
    assert local.socket_towards("127.14.1.1") in (0, 1)
    assert local.socket_towards("::1") == 2
    assert listening("udp:127.14.1.1:5060").socket_towards("::1") is None


@pytest.mark.parametrize("text", ["udp:0.0.0.0:5060", "tcp:[::1]:5060"])
def test_listen_lines(text):
    assert str(parse_listen(text)) == text
    assert isinstance(parse_listen(text), ListenAddress)


def test_a_wrong_listen_line_names_itself():
    with pytest.raises(ListenError, match=r"5060.*ADDRESS:PORT"):
        parse_listen("5060")
