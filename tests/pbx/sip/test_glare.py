"""Two re-INVITEs that meet (RFC 3261 14.1): both are refused with 491, and who tries again when."""

from __future__ import annotations

import random

import pytest

from pbx.sip.message import Request
from pbx.sip.parser import parse
from tests.support.sip_pair import SDP, Recorder, SipNetwork

OWNER_S, OTHER_S = (2.1, 4.0), (0.0, 2.0)
HELD = SDP.replace(b"sendrecv", b"sendonly")
STEP_S = 0.01


def agreeable(recorder: Recorder) -> Recorder:
    recorder.on_offer = lambda session, body: session.accept_reinvite(SDP)
    return recorder


@pytest.mark.parametrize("seed", range(25))
def test_the_owner_of_the_call_id_waits_longer(seed: int) -> None:
    net = SipNetwork(lambda *_: (0.02,))
    caller, callee = agreeable(Recorder()), agreeable(Recorder())
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    alice.ua.random, bob.ua.random = random.Random(seed), random.Random(seed + 1000)
    near = alice.invite(bob, observer=caller)
    net.run(1)
    far = callee.sessions[0]
    sent = {alice: len(alice.sent), bob: len(bob.sent)}
    near.reinvite(HELD)
    far.reinvite(HELD)
    net.run(0.1)
    began = net.now
    assert alice.sent_lines().count("491 INVITE") == bob.sent_lines().count("491 INVITE") == 1
    again: dict[object, float] = {}
    first = dict(sent)
    while len(again) < 2 and net.now - began < 6:
        net.run(STEP_S)
        for peer in (alice, bob):
            new = [parse(data) for data in peer.sent[first[peer] :]]
            invites = {m.cseq for m in new if isinstance(m, Request) and m.method == "INVITE"}
            if len(invites) > 1 and peer not in again:
                again[peer] = net.now - began
    slack = 0.1 + 2 * STEP_S  # the 491s were on their way meanwhile
    assert OWNER_S[0] - slack <= again[alice] <= OWNER_S[1] + slack
    assert OTHER_S[0] <= again[bob] <= OTHER_S[1] + slack
    net.run(10)
    assert near.state == far.state == "confirmed"
    near.bye()
    net.run_until_idle()
    assert alice.is_clean()
    assert bob.is_clean()
