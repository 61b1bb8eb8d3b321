"""Calls by the thousand in virtual time: afterwards no transaction, dialog, timer or memory of them is left."""

from __future__ import annotations

import gc
import random
import sys

from pbx.sip.session import InviteSession
from tests.support.sip_pair import SDP, Recorder, SipNetwork, lossy


def live_sessions():
    gc.collect()
    return sum(isinstance(thing, InviteSession) for thing in gc.get_objects())


class Plain(Recorder):
    """Keeps no session."""

    def on_invite(self, session, request, source):
        session.observer = self
        self.script(session, request)


def test_no_transaction_dialog_or_timer_is_left():
    chance = random.Random(7)
    net = SipNetwork(lossy(7, loss=0.1))
    fates = ["answer", "answer", "answer", "ring", "busy", "challenge", "nothing"]

    def callee_script(session, request):
        fate = chance.choice(fates)
        if fate == "answer":
            session.accept(SDP)
        elif fate == "ring":
            session.progress(180)
        elif fate == "busy":
            session.reject(486)
        elif fate == "challenge":
            session.reject(401)

    caller, callee = Plain(), Plain(callee_script)
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    before = live_sessions()
    for _ in range(1500):
        session = alice.invite(bob, observer=caller)
        net.run(chance.uniform(0.01, 0.2))
        if chance.random() < 0.3:
            session.end()
        for open_session in chance.sample(list(alice.ua.sessions.values()), min(2, len(alice.ua.sessions))):
            if open_session.state == "confirmed":
                chance.choice([open_session.bye, lambda s=open_session: s.reinvite(SDP)])()
        del session
        alice.sent.clear(), alice.heard.clear(), bob.sent.clear(), bob.heard.clear()
        caller.events.clear(), callee.events.clear()
    open_session = None
    for peer in (alice, bob):
        for session in list(peer.ua.sessions.values()):
            session.end(480)
    net.run(300)
    for peer in (alice, bob):
        for session in list(peer.ua.sessions.values()):
            session.end(480)
    net.run_until_idle()
    session = None
    for peer in (alice, bob):
        assert peer.is_clean()
        assert peer.ua.errors == 0
        assert len(peer.timers) == 0
    assert live_sessions() == before


def test_a_finished_session_is_freed_without_the_collector():
    net = SipNetwork()
    caller, callee = Plain(), Plain(lambda session, request: session.accept(SDP))
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    gc.collect()
    gc.disable()
    try:
        session = alice.invite(bob, observer=caller)
        net.run(1)
        session.bye()
        net.run(1)
        assert sys.getrefcount(session) == 2  # this name and the call's argument
    finally:
        gc.enable()


def test_a_finished_call_keeps_only_bytes_and_addresses_for_the_rest_of_its_timers():
    net = SipNetwork()
    caller, callee = Plain(), Plain(lambda session, request: session.accept(SDP))
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    alice.invite(bob, observer=caller)
    net.run(1)
    next(iter(alice.ua.sessions.values())).bye()
    net.run(6)
    assert not alice.ua.sessions
    assert not bob.ua.sessions
    for transaction in (*alice.ua.layer.clients.values(), *bob.ua.layer.servers.values()):
        assert transaction.user is None
    for transaction in bob.ua.layer.servers.values():
        assert transaction.request is None
    for transaction in alice.ua.layer.clients.values():
        assert transaction.data == b""
    net.run_until_idle()
    assert alice.is_clean()
    assert bob.is_clean()
