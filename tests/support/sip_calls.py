"""Two user agents joined in memory, and a call between them."""

from __future__ import annotations

from tests.support.sip_pair import Recorder, SipNetwork


def ring(session, request):
    session.progress(180)


def silent(session, request):
    return None


def pair(script=None, **more):
    net = SipNetwork(**more)
    caller, callee = Recorder(), Recorder(script)
    return net, net.add("127.0.0.1", caller), net.add("127.0.0.2", callee), caller, callee


def established():
    net, alice, bob, caller, callee = pair()
    session = alice.invite(bob, observer=caller)
    net.run(1)
    caller.events.clear()
    callee.events.clear()
    alice.sent.clear()
    bob.sent.clear()
    return net, alice, bob, caller, callee, session, callee.sessions[0]


def assert_clean(net):
    net.run_until_idle()
    for peer in net.peers.values():
        assert peer.is_clean()
