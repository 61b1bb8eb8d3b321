"""Calls between two user agents joined in memory (RFC 3261 13-15)."""

from __future__ import annotations

from tests.support.sip_pair import SDP, Recorder, SipNetwork


def pair(script=None):
    net = SipNetwork()
    caller, callee = Recorder(), Recorder(script)
    return net, net.add("127.0.0.1", caller), net.add("127.0.0.2", callee), caller, callee


def assert_clean(net):
    net.run_until_idle()
    assert all(peer.is_clean() for peer in net.peers.values())


def test_a_call_is_answered_and_hung_up_by_the_caller():
    net, alice, bob, caller, callee = pair()
    session = alice.invite(bob, observer=caller)
    net.run(1)
    assert session.state == "confirmed"
    assert session.bye()
    assert_clean(net)
    assert alice.sent_lines() == ["INVITE", "ACK", "BYE"]
    assert bob.sent_lines() == ["200 INVITE", "200 BYE"]
    assert caller.names() == ["answer"]
    assert callee.names() == ["invite", "established", "ended"]


def test_ringing_then_the_callee_hangs_up():
    net, alice, bob, caller, callee = pair(lambda session, request: session.progress(180))
    alice.invite(bob, observer=caller)
    net.run(3)
    callee.sessions[0].accept(SDP)
    net.run(1)
    callee.sessions[0].bye()
    assert_clean(net)
    assert bob.sent_lines() == ["180 INVITE", "200 INVITE", "BYE"]
    assert caller.events == [("progress", 180), ("answer", SDP), ("ended", "bye")]


def test_a_handler_that_answers_later_lets_100_go_out_at_once():
    net, alice, bob, caller, callee = pair(lambda session, request: None)
    alice.invite(bob, observer=caller)
    net.run(0.1)
    assert bob.sent_lines() == ["100 INVITE"]
    callee.sessions[0].reject(486)
    assert_clean(net)
    assert bob.sent_lines() == ["100 INVITE", "486 INVITE"]
    assert alice.sent_lines() == ["INVITE", "ACK"]
    assert caller.events == [("failure", 486)]
