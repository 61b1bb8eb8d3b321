"""Requests without credentials are challenged before they get any state; others, and those inside a dialog, are not."""

from __future__ import annotations

from typing import Any

import pytest

from pbx.sip.address import Destination
from tests.support.sip_pair import SDP, Peer, Recorder, SipNetwork

CHALLENGE = ('WWW-Authenticate: Digest realm="x",nonce="n",algorithm=MD5,qop="auth"',)


@pytest.fixture
def pair() -> tuple[SipNetwork, Peer, Peer, Recorder, list[str]]:
    """A caller and a callee that challenges everything; what it was asked about."""
    net, listener, asked = SipNetwork(), Recorder(), []
    alice, bob = net.add("127.0.0.1", Recorder()), net.add("127.0.0.2", listener)

    def screen(request: Any, source: Any) -> tuple[int, tuple[str, ...]]:
        asked.append(request.method)
        return 401, CHALLENGE

    bob.ua.screen = screen
    return net, alice, bob, listener, asked


def test_an_invite_is_challenged_and_nothing_is_kept(pair: Any) -> None:
    net, alice, bob, listener, asked = pair
    caller = Recorder()
    alice.invite(bob, body=SDP, observer=caller)
    net.run(1.0)
    assert [event for event in caller.events if event[0] == "failure"]
    assert asked == ["INVITE"]
    assert not listener.events
    assert not bob.ua.sessions
    assert not bob.ua.layer.servers
    assert bob.ua.refused_stateless == 1
    net.run_until_idle()


def test_a_request_outside_a_dialog_is_challenged(pair: Any) -> None:
    net, alice, bob, _listener, asked = pair
    answers: list[int] = []
    alice.ua.request(
        "REGISTER",
        uri="sip:127.0.0.2",
        destination=Destination("udp", "127.0.0.2", 5060),
        from_="<sip:a@127.0.0.2>",
        to="<sip:a@127.0.0.2>",
        on_response=lambda status, _response: answers.append(status),
    )
    net.run(1.0)
    assert answers == [401]
    assert asked == ["REGISTER"]
    assert not bob.ua.layer.servers
    net.run_until_idle()


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization"])
def test_what_carries_credentials_is_the_handlers(pair: Any, name: str) -> None:
    net, alice, bob, _listener, asked = pair
    alice.invite(bob, body=SDP, observer=Recorder(), headers=[f'{name}: Digest username="a"'])
    net.run(1.0)
    assert not asked
    assert bob.ua.sessions


def test_requests_inside_a_dialog_are_not_asked_about(pair: Any) -> None:
    net, alice, bob, _listener, asked = pair
    session = alice.invite(bob, body=SDP, observer=Recorder(), headers=['Authorization: Digest username="a"'])
    net.run(1.0)
    next(iter(bob.ua.sessions.values())).accept(SDP)
    net.run(1.0)
    session.bye()
    net.run_until_idle()
    assert not asked
    assert not bob.ua.sessions
