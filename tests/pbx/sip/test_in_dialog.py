"""Requests inside a dialog reach their handler, are answered once, and never remain without an answer."""

from __future__ import annotations

import pytest

from pbx.sip import requests, sanity
from tests.support.sip_pair import Recorder, SipNetwork


@pytest.fixture(autouse=True)
def _all_methods(monkeypatch):
    """The table itself is under test, whatever is offered to the outside yet."""
    monkeypatch.setattr(sanity, "_ALLOWED", frozenset((*requests.METHODS, "REFER", "NOTIFY", "MESSAGE")))


def established(callee=None):
    net = SipNetwork()
    caller, callee = Recorder(), callee or Recorder()
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    session = alice.invite(bob, observer=caller)
    net.run(1)
    return net, session, caller, callee


@pytest.mark.parametrize(("method", "event"), [("REFER", "refer"), ("NOTIFY", "notify"), ("MESSAGE", "message")])
@pytest.mark.parametrize("from_caller", [True, False])
def test_the_observer_answers(method, event, from_caller):
    net, near, caller, callee = established()
    sender, listener = (near, callee) if from_caller else (callee.sessions[0], caller)
    statuses = []
    assert sender.send(method, headers=["Refer-To: <sip:1@2>"], done=statuses.append)
    net.run(1)
    assert listener.names()[-1] == event
    assert statuses == [202]
    listener.handles[0].respond(500)  # a second word is not heard
    net.run(60)
    assert statuses == [202]
    near.bye()
    net.run_until_idle()
    assert all(peer.is_clean() for peer in net.peers.values())


def test_a_request_that_nobody_answered_gets_481_with_the_end_of_the_session():
    net, near, _, callee = established()
    callee.take_status = 0
    statuses = []
    near.send("REFER", headers=["Refer-To: <sip:1@2>"], done=statuses.append)
    net.run(1)
    assert statuses == []
    callee.sessions[0].bye()
    net.run_until_idle()
    assert statuses == [481]
    assert all(peer.is_clean() for peer in net.peers.values())


def test_a_listener_that_fails_gets_the_far_end_a_500():
    class Broken(Recorder):
        def on_refer(self, session, request, handle):
            raise RuntimeError("a bug")

    net, near, _, _ = established(Broken())
    statuses = []
    near.send("REFER", headers=["Refer-To: <sip:1@2>"], done=statuses.append)
    net.run(1)
    assert statuses == [500]
    assert net.peers["127.0.0.2"].ua.errors == 1
    near.bye()
    net.run_until_idle()
    assert all(peer.is_clean() for peer in net.peers.values())


def test_a_method_that_is_for_no_dialog_gets_405():
    net, near, _, _ = established()
    statuses = []
    near.send("REGISTER", done=statuses.append)
    net.run(1)
    assert statuses == [405]
    near.bye()
    net.run_until_idle()


def test_a_request_without_a_listener_who_minds_ends_a_dialog_that_is_gone():
    net, near, caller, callee = established()
    bob = net.peers["127.0.0.2"]
    bob.ua.sessions.clear()  # restarted: it knows nothing any more
    near.send("MESSAGE")
    net.run(1)
    assert caller.events[-1] == ("ended", "lost")
    callee.sessions[0].finish()
