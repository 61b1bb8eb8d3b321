"""IPv6: listeners, Via and Contact in brackets, limits for /64 networks, STUN on the SIP port."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pbx.config import Sip
from pbx.sip.address import Destination, same_host, source_of
from pbx.sip.parser import parse
from pbx.stun import message as stun
from pbx.transport.driver import Driver
from tests.pbx.transport.test_driver import until
from tests.pbx.transport.test_tcp import options
from tests.support.corpus import entries
from tests.support.sip_pair import SDP, Recorder


class Node6:
    """A driver on ::1, with a recorder on top."""

    def __init__(self, *listen, **config):
        self.recorder = Recorder()
        listen = listen or ("udp:[::1]:0", "tcp:[::1]:0")
        self.driver = Driver(Sip(listen=list(listen), **config), self.recorder)

    async def __aenter__(self):
        await self.driver.start()
        self.ports = {(a.transport, ":" in a.host): a.port for a in self.driver.listening}
        return self

    async def __aexit__(self, *_):
        await self.driver.stop()

    def call(self, other, transport):
        port = other.ports[transport, True]
        return self.driver.user_agent.invite(
            uri=f"sip:600@[::1]:{port}",
            destination=Destination(transport, "::1", port),
            from_="<sip:101@[::1]>",
            to=f"<sip:600@[::1]:{port}>",
            contact_user="101",
            observer=self.recorder,
            body=SDP,
        )


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("listen", [(), ("udp:[::]:0", "tcp:[::]:0")], ids=["address", "wildcard"])
async def test_a_call_over_ipv6(transport, listen):
    async with Node6(*listen) as alice, Node6(*listen) as bob:
        session = alice.call(bob, transport)
        await until(lambda: session.state == "confirmed" and "established" in bob.recorder.names())
        invite = bob.recorder.sessions[0]
        assert invite.dialog.target.startswith(f"sip:101@[::1]:{alice.ports[transport, True]}")
        assert invite.source.host == "::1"
        bob.recorder.sessions[0].bye()
        await until(lambda: not alice.driver.user_agent.sessions and not bob.driver.user_agent.sessions)
        assert alice.driver.stats.total().send_errors == bob.driver.stats.total().send_errors == 0


async def test_both_families_on_one_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        port = probe.getsockname()[1]
    async with Node6(f"udp:[::]:{port}", f"udp:0.0.0.0:{port}", f"tcp:[::]:{port}", f"tcp:0.0.0.0:{port}") as node:
        assert node.driver.families() == (True, True)
        for host in ("127.0.0.1", "::1"):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(options(branch=f"z9hG4bK{len(host)}"))
            assert (await asyncio.wait_for(reader.read(4096), 30)).startswith(b"SIP/2.0 200")
            writer.close()


async def test_a_family_that_we_do_not_have_fails_at_once():
    async with Node6("udp:[::1]:0") as node:
        node.driver.user_agent.invite(
            uri="sip:600@127.0.0.1:9",
            destination=Destination("udp", "127.0.0.1", 9),
            from_="<sip:101@[::1]>",
            to="<sip:600@127.0.0.1>",
            observer=node.recorder,
            body=SDP,
        )
        await until(lambda: node.recorder.events == [("failure", 503)])


@pytest.mark.parametrize("rport", [True, False])
async def test_answers_name_the_ipv6_source(rport):
    async with Node6() as node:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
            client.bind(("::1", 0))
            client.setblocking(False)
            port = client.getsockname()[1]
            via = f"Via: SIP/2.0/UDP [0:0::1]:{port}{';rport' if rport else ''};branch=z9hG4bKa".encode()
            data = options().replace(b"Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bKa", via)
            client.sendto(data, ("::1", node.ports["udp", True]))
            loop = asyncio.get_running_loop()
            while True:  # ::1 is everybody's: what was meant for whoever had this port before may come
                answer = parse(await asyncio.wait_for(loop.sock_recv(client, 4096), 30))
                if answer.call_id == "cz9hG4bKa" and answer.cseq_method == "OPTIONS":
                    break
        assert answer.status == 200
        assert answer.via.received.strip("[]") == "::1"
        assert answer.via.rport == (port if rport else None)


async def ask_stun(host, port, data):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.bind((host, 0))
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(client, data, (host, port))
        return await asyncio.wait_for(loop.sock_recv(client, 4096), 30), client.getsockname()[:2]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_stun_keepalive_gets_its_address(host):
    async with Node6("udp:127.0.0.1:0", "udp:[::1]:0") as node:
        plain = b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)
        for request in (plain, stun.request(bytes(12), [], "")):
            data, me = await ask_stun(host, node.ports["udp", ":" in host], request)
            answer = stun.parse(data)
            assert answer.kind == stun.BINDING_SUCCESS
            assert stun.mapped_address(answer) == me
            assert len(data) <= 3 * len(plain), "R5"
        assert node.driver.stats.udp.keepalives == 2
        assert node.driver.stats.udp.parse_errors == 0


async def test_a_stun_attribute_that_is_not_understood():
    async with Node6("udp:127.0.0.1:0") as node:
        request = stun.request(bytes(12), [(0x7FFF, b"abcd")], "")
        data, _ = await ask_stun("127.0.0.1", node.ports["udp", False], request)
        assert stun.parse(data).kind == stun.BINDING_ERROR


@pytest.mark.parametrize("entry", entries("stun"), ids=lambda entry: entry.name)
async def test_hostile_stun_harms_nobody(entry):
    async with Node6("udp:127.0.0.1:0") as node:
        port = node.ports["udp", False]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(entry.data, ("127.0.0.1", port))
        data, _ = await ask_stun("127.0.0.1", port, stun.request(bytes(12), [], ""))
        assert stun.parse(data).kind == stun.BINDING_SUCCESS
        assert node.driver.stats.udp.unexpected_errors == 0


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_limits_count_by_network(host, source):
    assert source_of(host) == source


@pytest.mark.parametrize(
    ("named", "address", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("[2001:DB8::1]", "2001:db8::1", True),
        ("2001:db8:0:0::1", "2001:db8::1", True),
        ("[2001:db8::2]", "2001:db8::1", False),
        ("phone.invalid", "2001:db8::1", False),
        ("[fe80::1]", "fe80::1%eth0", True),
    ],
)
def test_spellings_of_one_host(named, address, same):
    assert same_host(named, address) is same
