"""Two drivers on real sockets of the loopback: calls over UDP and TCP, refusals, and errors that name the remedy."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket

import pytest

from pbx.config import Sip
from pbx.sip.address import Destination
from pbx.transport.base import ListenError
from pbx.transport.driver import Driver
from tests.support.sip_pair import SDP, Recorder

# Each process has addresses of its own: a late repetition to a port that was another's must find nobody.
_first = os.getpid() % 250 * 200
hosts = (f"127.14.{(_first + i) // 200 % 250}.{1 + (_first + i) % 200}" for i in itertools.count())


async def until(condition, seconds=30.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is awaited has no event
            await asyncio.sleep(0.005)


class Node:
    """A driver with a recorder on top, on an address of its own."""

    def __init__(self, script=None, **config):
        self.host = next(hosts)
        self.recorder = Recorder(script)
        self.driver = Driver(Sip(listen=[f"udp:{self.host}:0", f"tcp:{self.host}:0"], **config), self.recorder)
        self.ua = self.driver.user_agent

    async def __aenter__(self):
        await self.driver.start()
        self.udp, self.tcp = (address.port for address in self.driver.listening)
        return self

    async def __aexit__(self, *_):
        await self.driver.stop()

    def to(self, transport):
        return Destination(transport, self.host, self.udp if transport == "udp" else self.tcp)

    def call(self, other, transport, **more):
        more.setdefault("body", SDP)
        return self.ua.invite(
            uri=f"sip:600@{other.host}:{other.to(transport).port}",
            destination=other.to(transport),
            from_=f"<sip:101@{self.host}>",
            to=f"<sip:600@{other.host}>",
            contact_user="101",
            observer=self.recorder,
            **more,
        )


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_a_call_over_real_sockets(transport, who):
    async with Node() as alice, Node() as bob:
        session = alice.call(bob, transport)
        await until(lambda: "established" in bob.recorder.names() and session.state == "confirmed")
        if who == "caller":
            session.bye()
            await until(lambda: bob.recorder.names()[-1] == "ended")
        else:
            bob.recorder.sessions[0].bye()
            await until(lambda: alice.recorder.names()[-1] == "ended")
        await until(lambda: not alice.ua.sessions and not bob.ua.sessions)
        assert alice.driver.stats.total().unexpected_errors == bob.driver.stats.total().unexpected_errors == 0
        if transport == "tcp":
            assert alice.driver.connections == bob.driver.connections == 1


async def test_an_invite_too_large_for_udp_goes_over_tcp():
    async with Node() as alice, Node() as bob:
        bob_at = bob.to("udp")
        if bob.tcp != bob.udp:  # the same number is needed on both transports
            await bob.driver._listen(bob.driver.listening[1]._replace(port=bob.udp))
        session = alice.ua.invite(
            uri="sip:600@example.com",
            destination=bob_at,
            from_="<sip:a@a>",
            to="<sip:b@b>",
            body=SDP + b"a=x:" + b"y" * 1500 + b"\r\n",
            observer=alice.recorder,
        )
        await until(lambda: session.state == "confirmed")
        assert bob.driver.connections == 1
        assert bob.recorder.sessions[0].source.transport == "tcp"


async def test_an_invite_too_large_for_udp_falls_back_to_udp_where_nobody_listens_on_tcp():
    async with Node() as alice, Node() as bob:
        session = alice.call(bob, "udp", body=SDP + b"a=x:" + b"y" * 1500 + b"\r\n")
        await until(lambda: session.state == "confirmed")
        assert bob.driver.connections == 0


async def test_a_far_end_that_refuses_the_connection_is_reported_as_503():
    async with Node() as alice, Node() as bob:
        gone = bob.to("tcp")
        await bob.driver.stop()
        alice.ua.invite(
            uri="sip:x@y",
            destination=gone,
            from_="<sip:a@a>",
            to="<sip:b@b>",
            body=SDP,
            observer=alice.recorder,
        )
        await until(lambda: alice.recorder.events == [("failure", 503)])
        assert not alice.ua.sessions


async def test_draining_refuses_new_calls_and_lets_the_running_one_end():
    async with Node() as alice, Node() as bob:
        first = alice.call(bob, "udp")
        await until(lambda: first.state == "confirmed")
        bob.driver.drain()
        alice.call(bob, "udp")
        await until(lambda: ("failure", 503) in alice.recorder.events)
        assert bob.ua.shed == 1
        assert bob.driver.admission.shed_draining == 1
        bob.recorder.sessions[0].bye()
        await until(lambda: ("ended", "bye") in alice.recorder.events)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_taken_port_is_refused_with_the_remedy(transport):
    host = next(hosts)
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((host, 0))
        if transport == "tcp":
            taken.listen()
        port = taken.getsockname()[1]
        driver = Driver(Sip(listen=[f"{transport}:{host}:{port}"]))
        with pytest.raises(
            ListenError, match=rf"{transport}:{host}:{port}.*taken by another process.*ss -l.*sip.listen"
        ):
            await driver.start()


@pytest.mark.parametrize("text", ["udp", "udp:5060", "sctp:127.0.0.1:5060", "udp:127.0.0.1:70000", "tcp:127.0.0.1:x"])
async def test_a_wrong_listen_line_is_refused(text):
    with pytest.raises(ListenError, match="ADDRESS:PORT"):
        await Driver(Sip(listen=[text])).start()


async def test_an_address_that_is_not_ours_is_refused_with_the_remedy():
    with pytest.raises(ListenError, match="ip address"):
        await Driver(Sip(listen=["udp:192.0.2.1:5060"])).start()
