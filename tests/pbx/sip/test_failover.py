"""Several ways to one party (RFC 3263 section 4.3, RFC 5626 section 5.3): the next one when the first is silent, says
503 or 430, or cannot be reached.
"""

from __future__ import annotations

import pytest

from pbx.sip.address import Destination, NextHop
from pbx.sip.message import Request
from pbx.sip.parser import parse
from tests.support.sip_pair import Recorder, SipNetwork

FIRST, SECOND, THIRD = "10.0.0.1", "10.0.0.2", "10.0.0.3"


def refuse(status):
    return lambda session, request: session.reject(status)


class World:
    """A caller, and servers at addresses that answer with a script or (None) not at all."""

    def __init__(self, **servers):
        self.net = SipNetwork()
        self.recorder = Recorder()
        self.alice = self.net.add("10.0.0.9", self.recorder)
        self.servers = {host: Recorder(script) for host, script in servers.get("servers", {}).items()}
        for host, recorder in self.servers.items():
            self.net.add(host, recorder)
        self.targets = []
        self.alice.ua.on_target = lambda destination, good: self.targets.append((destination.host, good))

    def invite(self, *hosts, uris=()):
        first, *others = [Destination("udp", host, 5060) for host in hosts]
        hops = [NextHop(other, uris[n] if uris else "") for n, other in enumerate(others)]
        return self.alice.ua.invite(
            uri="sip:600@carrier.example",
            destination=first,
            from_="<sip:101@here>",
            to="<sip:600@carrier.example>",
            body=b"",
            observer=self.recorder,
            alternatives=hops,
        )

    def sent(self, method):
        messages = [parse(data) for data in self.alice.sent]
        return [message for message in messages if isinstance(message, Request) and message.method == method]


def test_a_silent_server_is_left_after_two_seconds():
    world = World(servers={SECOND: None})
    session = world.invite(FIRST, SECOND)
    world.net.run(1.9)
    assert not world.servers[SECOND].events
    world.net.run(0.3)
    assert world.servers[SECOND].names()[0] == "invite"
    world.net.run(1)
    assert session.state == "confirmed"
    first, last = world.sent("INVITE")[0], world.sent("INVITE")[-1]
    assert first.branch != last.branch
    assert (first.call_id, first.cseq, first.from_tag) == (last.call_id, last.cseq, last.from_tag)
    assert world.targets == [(FIRST, False), (SECOND, True)]
    session.bye()
    world.net.run_until_idle()
    assert world.alice.is_clean()


@pytest.mark.parametrize("status", [503, 430])
def test_an_unavailable_server_is_left_at_once(status):
    world = World(servers={FIRST: refuse(status), SECOND: None})
    session = world.invite(FIRST, SECOND)
    world.net.run(0.2)
    assert session.state == "confirmed"
    assert world.targets[:2] == [(FIRST, False), (SECOND, True)]
    assert len(world.sent("ACK")) == 2, "of the refusal and of the answer"


@pytest.mark.parametrize("status", [486, 404, 500, 603])
def test_other_refusals_are_the_answer(status):
    world = World(servers={FIRST: refuse(status), SECOND: None})
    world.invite(FIRST, SECOND)
    world.net.run(5)
    assert world.recorder.events == [("failure", status)]
    assert not world.servers[SECOND].events


def test_a_transport_that_fails_is_left_at_once():
    world = World(servers={SECOND: None})
    world.alice.unreachable.add(FIRST)
    session = world.invite(FIRST, SECOND)
    world.net.run(0.2)
    assert session.state == "confirmed"


def test_when_all_fail_the_last_failure_is_told_and_all_timers_end():
    world = World(servers={FIRST: refuse(503), SECOND: refuse(503)})
    world.invite(FIRST, SECOND, THIRD)
    world.net.run(31.9)
    assert not world.recorder.events, "the last one has the full 64*T1"
    world.net.run_until_idle()
    assert world.recorder.events == [("failure", 408)]
    assert world.targets == [(FIRST, False), (SECOND, False), (THIRD, False)]
    assert world.alice.is_clean()


def test_a_server_that_rings_is_not_left():
    world = World(servers={FIRST: lambda session, request: session.progress(180), SECOND: None})
    session = world.invite(FIRST, SECOND)
    world.net.run(60)
    assert not world.servers[SECOND].events
    session.cancel()
    world.net.run(1)
    assert world.recorder.events[-1] == ("failure", 487)


def test_a_cancelled_call_is_not_tried_elsewhere():
    world = World(servers={SECOND: None})
    session = world.invite(FIRST, SECOND)
    world.net.run(1)
    session.cancel()
    world.net.run_until_idle()
    assert not world.servers[SECOND].events
    assert world.recorder.events == [("failure", 487)]


def test_another_contact_of_the_same_phone_has_its_own_uri():
    world = World(servers={FIRST: refuse(430), SECOND: None})
    world.invite(FIRST, SECOND, uris=["sip:101@10.0.0.2;ob"])
    world.net.run(0.2)
    assert world.servers[SECOND].events[0] == ("invite", "sip:101@10.0.0.2;ob")


def request(world, *hosts):
    answers = []
    first, *others = [Destination("udp", host, 5060) for host in hosts]
    world.alice.ua.request(
        "OPTIONS",
        uri="sip:carrier.example",
        destination=first,
        from_="<sip:101@here>",
        to="<sip:carrier.example>",
        on_response=lambda status, response: answers.append(status),
        alternatives=[NextHop(other) for other in others],
    )
    return answers


def test_requests_outside_dialogs_too():
    world = World(servers={SECOND: None})
    answers = request(world, FIRST, SECOND)
    world.net.run(2.5)
    assert answers == [200]
    assert world.targets == [(FIRST, False), (SECOND, True)]
    first, last = world.sent("OPTIONS")[0], world.sent("OPTIONS")[-1]
    assert first.branch != last.branch
    assert (first.call_id, first.cseq) == (last.call_id, last.cseq)
    world.net.run_until_idle()
    assert world.alice.is_clean()


def test_requests_outside_dialogs_that_nobody_answers():
    world = World()
    answers = request(world, FIRST, SECOND)
    world.net.run_until_idle()
    assert answers == [408]
    assert world.targets == [(FIRST, False), (SECOND, False)]
