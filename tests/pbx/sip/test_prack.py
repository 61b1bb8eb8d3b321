"""Reliable provisional responses (RFC 3262), as caller and as callee."""

from __future__ import annotations

import pytest

from pbx.sip.address import Destination
from pbx.sip.extensions import Extensions
from pbx.sip.message import response as build
from pbx.sip.parser import parse
from tests.support.sip_pair import SDP, Recorder, SipNetwork, lossy

ANSWER = SDP.replace(b"4000", b"4010")
REQUIRED = ["Require: 100rel"]


def quiet(session, request):
    return None


def pair(script=quiet, near="never", far="never", link=None):
    net = SipNetwork(link) if link else SipNetwork()
    caller, callee = Recorder(), Recorder(script)
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    alice.ua.extensions, bob.ua.extensions = Extensions(near), Extensions(far)
    return net, alice, bob, caller, callee


def assert_clean(net):
    net.run_until_idle()
    for peer in net.peers.values():
        assert peer.is_clean()
        assert peer.ua.errors == 0


def hang_up(net, session):
    session.bye()
    assert_clean(net)


class TestCallee:
    def test_a_provisional_response_is_repeated_until_its_prack_comes(self):
        net, alice, bob, caller, callee = pair()
        lost = []

        def link(sender, receiver, data):
            if data.startswith(b"PRACK") and len(lost) < 3:
                lost.append(data)
                return ()
            return (0.01,)

        net.link = link
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(180)
        net.run(10)
        assert bob.sent_lines().count("180 INVITE") >= 2
        assert bob.sent_lines()[-1] == "200 PRACK"
        assert caller.events == [("progress", 180)]
        callee.sessions[0].accept(SDP)
        net.run(1)
        assert session.state == "confirmed"
        hang_up(net, session)

    def test_the_answer_in_a_reliable_183_is_not_said_again_in_the_200(self):
        net, alice, bob, caller, callee = pair()
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(183, None, ANSWER)
        net.run(1)
        assert session.remote_sdp == ANSWER
        callee.sessions[0].accept(ANSWER)
        net.run(1)
        final = next(parse(data) for data in bob.sent if data.startswith(b"SIP/2.0 200") and b"INVITE" in data)
        assert final.body == b""
        assert caller.events == [("progress", 183), ("answer", ANSWER)]
        hang_up(net, session)

    def test_a_2xx_waits_for_the_prack_of_a_session_description(self):
        net, alice, bob, caller, callee = pair()
        held = []

        def link(sender, receiver, data):
            if data.startswith(b"PRACK") and net.now < 2:
                held.append(data)
                return ()
            return (0.01,)

        net.link = link
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        far = callee.sessions[0]
        far.progress(183, None, ANSWER)
        assert far.accept(ANSWER)
        assert not far.accept(ANSWER)
        assert not far.progress(180)
        net.run(1.5)
        assert held
        assert far.state == "early"
        net.run(3)
        assert far.state == session.state == "confirmed"
        hang_up(net, session)

    def test_a_2xx_does_not_wait_for_a_response_without_sdp(self):
        net, alice, bob, caller, callee = pair()
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(180)
        callee.sessions[0].accept(SDP)
        net.run(1)
        assert session.state == "confirmed"
        assert "200 PRACK" in bob.sent_lines() or "PRACK" not in alice.sent_lines()
        hang_up(net, session)

    def test_responses_go_one_after_the_other(self):
        net, alice, bob, caller, callee = pair()
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        for status in (180, 181, 182):
            callee.sessions[0].progress(status)
        assert bob.sent_lines() == ["100 INVITE", "180 INVITE"]
        net.run(1)
        assert [event[1] for event in caller.events] == [180, 181, 182]
        numbers = [int(parse(d).header("RSeq")) for d in bob.sent if b"RSeq" in d]
        assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
        session.cancel()
        assert_clean(net)

    def test_without_a_prack_the_invite_is_refused_in_64_t1(self):
        net, alice, bob, caller, callee = pair(link=lambda a, b, data: () if data.startswith(b"PRACK") else (0.01,))
        alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(183, None, ANSWER)
        net.run(33)
        assert callee.events[-1] == ("ended", "no prack")
        assert caller.events[-1] == ("failure", 504)
        assert_clean(net)

    @pytest.mark.parametrize("rack", ["1 1 INVITE", "", "x y z", "1 2", "99999999999 1 INVITE"])
    def test_a_prack_for_something_else_is_481(self, rack):
        net, alice, bob, caller, callee = pair(link=lambda a, b, data: () if data.startswith(b"PRACK") else (0.01,))
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(180)
        net.run(0.1)
        net.link = lambda *_: (0.01,)
        session.send("PRACK", headers=[f"RAck: {rack}"])
        net.run(0.1)
        assert "481 PRACK" in bob.sent_lines()
        session.cancel()
        assert_clean(net)

    def test_a_cancel_stops_the_repetitions(self):
        net, alice, bob, caller, callee = pair(link=lambda a, b, data: () if data.startswith(b"PRACK") else (0.01,))
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(183, None, ANSWER)
        net.run(0.2)
        session.cancel()
        net.run(0.2)
        sent = len(bob.sent)
        net.run(0.5)
        assert caller.events[-1] == ("failure", 487)
        assert callee.events[-1] == ("cancelled",)
        assert all(line.endswith(" PRACK") for line in bob.sent_lines()[sent:])
        assert_clean(net)

    @pytest.mark.parametrize(
        ("policy", "lines", "reliable"),
        [
            ("never", [], False),
            ("never", ["Supported: 100rel"], False),
            ("never", ["Require: 100rel"], True),
            ("supported", [], False),
            ("supported", ["Supported: timer, 100rel"], True),
            ("supported", ["Require: 100REL"], True),
            ("required", ["k: 100rel"], True),
        ],
    )
    def test_who_gets_them(self, policy, lines, reliable):
        net, alice, bob, caller, callee = pair(far=policy)
        session = alice.invite(bob, observer=caller, headers=lines)
        net.run(0.1)
        callee.sessions[0].progress(180)
        net.run(0.1)
        assert ("PRACK" in alice.sent_lines()) == reliable
        session.cancel()
        assert_clean(net)

    def test_who_cannot_is_refused_where_they_are_required(self):
        net, alice, bob, caller, callee = pair(far="required")
        alice.invite(bob, observer=caller)
        net.run(1)
        assert caller.events == [("failure", 421)]
        assert b"Require: 100rel" in bob.sent[0]
        assert not callee.events
        assert_clean(net)

    def test_an_offer_in_a_reliable_response_is_answered_by_the_prack(self):
        net, alice, bob, caller, callee = pair()
        caller.answer = ANSWER
        session = alice.invite(bob, body=b"", observer=caller, headers=REQUIRED)
        net.run(0.1)
        far = callee.sessions[0]
        assert far.wants_early_offer
        far.progress(183, None, SDP)
        net.run(0.5)
        assert ("reinvite answer", 200, ANSWER) in callee.events
        assert far.remote_sdp == ANSWER
        assert not far.wants_early_offer
        far.accept(b"")
        net.run(0.5)
        assert session.state == "confirmed"
        assert caller.events == [("progress", 183), ("answer", b"")]
        hang_up(net, session)

    def test_an_offer_whose_prack_brings_no_answer_refuses_the_call(self):
        net, alice, bob, caller, callee = pair()
        alice.invite(bob, body=b"", observer=caller, headers=REQUIRED)
        net.run(0.1)
        callee.sessions[0].progress(183, None, SDP)
        net.run(1)
        assert "400 PRACK" in bob.sent_lines()
        assert callee.events[-1] == ("ended", "no answer in PRACK")
        assert caller.names()[-1] == "failure"
        assert_clean(net)

    def test_ringing_without_sdp_and_without_an_offer_is_not_reliable(self):
        """RFC 3262 section 5: the first reliable response would have to be the offer."""
        net, alice, bob, caller, callee = pair(near="supported", far="supported")
        session = alice.invite(bob, body=b"", observer=caller)
        net.run(0.1)
        callee.sessions[0].progress(180)
        net.run(0.1)
        assert "PRACK" not in alice.sent_lines()
        session.cancel()
        assert_clean(net)

    def test_what_a_peer_can_make_us_queue_is_limited(self):
        net, alice, bob, caller, callee = pair(link=lambda a, b, data: () if data.startswith(b"PRACK") else (0.01,))
        session = alice.invite(bob, observer=caller, headers=REQUIRED)
        net.run(0.1)
        for _ in range(1000):
            callee.sessions[0].progress(180)
        assert len(callee.sessions[0]._reliable._queue) == 8
        session.cancel()
        assert_clean(net)


class FarEnd:
    """Answers alice's INVITE with what the test says."""

    def __init__(self, body=SDP, answer=None):
        self.net = SipNetwork()
        self.caller = Recorder()
        self.caller.answer = answer
        self.alice = self.net.add("127.0.0.1", self.caller)
        self.bob = self.net.add("127.0.0.2")
        self.session = self.alice.invite(self.bob, observer=self.caller, body=body)
        self.invite = parse(self.alice.sent[0])
        self.alice.sent.clear()

    def say(self, status, tag, rseq=0, body=b"", headers=()):
        lines = [f"Contact: <sip:{tag}@127.0.0.2:5060>", *headers]
        if rseq:
            lines += ["Require: 100rel", f"RSeq: {rseq}"]
        self.alice.receive(build(self.invite, status, to_tag=tag, headers=lines, body=body), self.bob.address)

    def pracks(self):
        return [parse(data) for data in self.alice.sent if data.startswith(b"PRACK")]


class TestCaller:
    def test_each_fork_has_its_own_numbers_and_dialog(self):
        far = FarEnd()
        far.say(183, "one", 100, SDP)
        far.say(180, "two", 7)
        far.say(180, "one", 101)
        pracks = far.pracks()
        assert [(p.to_tag, p.header("RAck"), p.cseq) for p in pracks] == [
            ("one", "100 1 INVITE", 2),
            ("two", "7 1 INVITE", 2),
            ("one", "101 1 INVITE", 3),
        ]
        assert [p.uri for p in pracks] == ["sip:one@127.0.0.2:5060", "sip:two@127.0.0.2:5060", "sip:one@127.0.0.2:5060"]

    def test_repeated_and_overtaking_responses_are_not_acknowledged(self):
        far = FarEnd()
        for rseq in (5, 5, 7, 6, 5, 7):
            far.say(180, "one", rseq)
        assert [p.header("RAck") for p in far.pracks()] == ["5 1 INVITE", "6 1 INVITE", "7 1 INVITE"]
        assert far.caller.names() == ["progress"] * 3

    @pytest.mark.parametrize("line", ["RSeq: 0", "RSeq: x", "RSeq: 4294967296", "RSeq: -1", "X-None: 1"])
    def test_a_response_without_a_number_is_an_ordinary_one(self, line):
        far = FarEnd()
        far.say(180, "one", headers=["Require: 100rel", line])
        assert far.pracks() == []
        assert far.caller.names() == ["progress"]

    def test_the_dialog_of_the_2xx_goes_on_with_the_numbers_of_its_early_one(self):
        far = FarEnd()
        far.say(183, "one", 1, ANSWER)
        far.say(200, "one")
        far.session.bye()
        assert parse(far.alice.sent[-1]).cseq == 3
        assert far.caller.events[-1] == ("answer", ANSWER)

    def test_sdp_in_the_2xx_after_a_reliable_answer_does_not_count(self):
        far = FarEnd()
        far.say(183, "one", 1, ANSWER)
        far.say(200, "one", body=SDP)
        assert far.caller.events[-1] == ("answer", ANSWER)

    def test_another_fork_answers_with_its_own_sdp(self):
        far = FarEnd()
        far.say(183, "one", 1, ANSWER)
        far.say(200, "two", body=SDP)
        assert far.caller.events[-1] == ("answer", SDP)

    def test_an_offer_is_answered_in_the_prack_and_the_ack_is_empty(self):
        far = FarEnd(body=b"", answer=ANSWER)
        far.say(183, "one", 1, SDP)
        assert far.pracks()[0].body == ANSWER
        far.say(200, "one")
        ack = parse(far.alice.sent[-1])
        assert (ack.method, ack.body) == ("ACK", b"")

    def test_a_cancelled_call_acknowledges_nothing_any_more(self):
        far = FarEnd()
        far.session.cancel()
        far.say(183, "one", 1, SDP)
        assert far.pracks() == []
        assert parse(far.alice.sent[-1]).method == "CANCEL"

    def test_a_far_end_cannot_open_dialogs_without_end(self):
        far = FarEnd()
        for number in range(100):
            far.say(180, f"tag{number}", 1)
        assert len(far.session._early) == 16

    def test_a_call_offers_it_by_configuration(self):
        for policy, line in (("supported", b"Supported: 100rel"), ("required", b"Require: 100rel")):
            _net, alice, bob, caller, _ = pair(near=policy)
            alice.invite(bob, observer=caller)
            assert line in alice.sent[0]
        _net, alice, bob, caller, _ = pair()
        alice.invite(bob, observer=caller)
        assert b"100rel" not in alice.sent[0]


@pytest.mark.parametrize("seed", range(60))
def test_over_a_bad_network(seed):
    """20 % loss, duplicates, reordering: the exchange of a reliable 183 and the answer come through."""
    net, alice, bob, caller, callee = pair(near="supported", far="supported", link=lossy(seed))
    session = alice.invite(bob, observer=caller)
    net.run(4)
    for far in callee.sessions:
        far.progress(180)
        far.progress(183, None, ANSWER)
    net.run(1)
    for far in callee.sessions:
        far.accept(ANSWER)
    net.run(70)
    if session.state == "confirmed":
        assert session.remote_sdp == ANSWER
        assert caller.names().count("answer") == 1
    session.end()
    for far in callee.sessions:
        far.end()
    assert_clean(net)


def test_a_stranger_cannot_acknowledge():
    net, alice, bob, caller, callee = pair()
    stolen = []

    def link(sender, receiver, data):
        if data.startswith(b"PRACK"):
            stolen.append(data)
            return ()
        return (0.01,)

    net.link = link
    session = alice.invite(bob, observer=caller, headers=REQUIRED)
    net.run(0.1)
    callee.sessions[0].progress(183, None, ANSWER)
    net.run(0.1)
    bob.receive(stolen[0].replace(b"z9hG4bK", b"z9hG4bKx"), Destination("udp", "127.0.0.66", 5060))
    assert bob.sent_lines()[-1] == "403 PRACK"
    assert bob.ua.foreign_requests == 1
    session.cancel()
    net.link = lambda *_: (0.01,)
    assert_clean(net)
