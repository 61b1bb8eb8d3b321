"""Calls between two user agents joined in memory (RFC 3261 9, 13, 15): answer, cancel, hang up."""

from __future__ import annotations

import pytest

from pbx.sip.parser import parse
from tests.support.sip_calls import assert_clean, established, pair, ring, silent
from tests.support.sip_pair import SDP, Recorder

OFFER2 = SDP.replace(b"4000", b"4002")


class TestAnswer:
    def test_a_call_is_answered_and_hung_up_by_the_caller(self):
        net, alice, bob, caller, callee = pair()
        session = alice.invite(bob, observer=caller)
        assert session.state == "early"
        net.run(1)
        assert session.state == "confirmed"
        assert session.bye()
        assert session.state == "terminated"
        assert_clean(net)
        assert alice.sent_lines() == ["INVITE", "ACK", "BYE"]
        assert bob.sent_lines() == ["200 INVITE", "200 BYE"]
        assert caller.names() == ["answer"]
        assert callee.names() == ["invite", "established", "ended"]

    def test_ringing_then_the_callee_hangs_up(self):
        net, alice, bob, caller, callee = pair(ring)
        alice.invite(bob, observer=caller)
        net.run(3)
        callee.sessions[0].accept(SDP)
        net.run(1)
        callee.sessions[0].bye()
        assert_clean(net)
        assert bob.sent_lines() == ["180 INVITE", "200 INVITE", "BYE"]
        assert caller.events == [("progress", 180), ("answer", SDP), ("ended", "bye")]

    def test_a_handler_that_answers_later_lets_100_go_out_at_once(self):
        net, alice, bob, caller, callee = pair(silent)
        alice.invite(bob, observer=caller)
        net.run(0.1)
        assert bob.sent_lines() == ["100 INVITE"]
        callee.sessions[0].reject(486)
        assert_clean(net)
        assert bob.sent_lines() == ["100 INVITE", "486 INVITE"]
        assert alice.sent_lines() == ["INVITE", "ACK"]
        assert caller.events == [("failure", 486)]

    def test_a_handler_that_fails_answers_500(self):
        def fail(session, request):
            raise RuntimeError("a bug above")

        net, alice, bob, caller, _ = pair(fail)
        alice.invite(bob, observer=caller)
        assert_clean(net)
        assert caller.events == [("failure", 500)]
        assert bob.ua.errors == 1

    def test_nobody_there_is_a_408(self):
        net, alice, bob, caller, _ = pair()
        net.link = lambda *_: ()
        alice.invite(bob, observer=caller)
        net.run(31.9)
        assert caller.events == []
        net.run(0.2)
        assert caller.events == [("failure", 408)]
        assert_clean(net)

    def test_a_transport_that_fails_is_a_503(self):
        net, alice, bob, caller, _ = pair()
        alice.unreachable.add(bob.host)
        alice.invite(bob, observer=caller)
        assert_clean(net)
        assert caller.events == [("failure", 503)]

    def test_a_late_offer_is_answered_in_the_ack(self):
        net, alice, bob, caller, callee = pair()
        caller.answer = OFFER2
        session = alice.invite(bob, body=b"", observer=caller)
        net.run(1)
        assert caller.events == [("answer", SDP)]
        assert callee.events[-1] == ("established", OFFER2)
        assert callee.sessions[0].remote_sdp == OFFER2
        session.bye()
        assert_clean(net)

    def test_ringing_for_ever_ends_with_timer_c(self):
        net, alice, bob, caller, callee = pair(ring)
        alice.invite(bob, observer=caller)
        assert_clean(net)
        assert caller.events == [("progress", 180), ("failure", 487)]
        assert callee.names() == ["invite", "cancelled"]
        assert 185 < net.now < 185 + 65

    @pytest.mark.parametrize("status", [99, 100, 200])
    def test_progress_takes_provisional_statuses_only(self, status):
        net, alice, bob, caller, callee = pair(silent)
        alice.invite(bob, observer=caller)
        net.run(0.1)
        with pytest.raises(ValueError, match="101-199"):
            callee.sessions[0].progress(status)
        with pytest.raises(ValueError, match="300-699"):
            callee.sessions[0].reject(status)

    def test_a_header_with_a_line_break_is_refused(self):
        _net, alice, bob, caller, _ = pair()
        with pytest.raises(ValueError, match="one line"):
            alice.invite(bob, observer=caller, headers=["X-A: 1\r\nX-B: 2"])


class TestLostAck:
    def test_the_2xx_is_repeated_until_the_ack_comes(self):
        net, alice, bob, caller, callee = pair()
        lost = []

        def link(sender, receiver, data):
            if data.startswith(b"ACK") and len(lost) < 2:
                lost.append(data)
                return ()
            return (0.01,)

        net.link = link
        session = alice.invite(bob, observer=caller)
        net.run(5)
        assert bob.sent_lines() == ["200 INVITE"] * 3
        assert alice.sent_lines() == ["INVITE", "ACK", "ACK", "ACK"]
        assert caller.names() == ["answer"]
        assert callee.names() == ["invite", "established"]
        session.bye()
        assert_clean(net)

    def test_without_an_ack_the_call_is_ended_by_bye_after_64_t1(self):
        net, alice, bob, caller, callee = pair()
        net.link = lambda sender, receiver, data: () if data.startswith(b"ACK") else (0.01,)
        alice.invite(bob, observer=caller)
        net.run(31.9)
        assert callee.names() == ["invite"]
        net.run(1)
        assert callee.events[-1] == ("ended", "no ack")
        assert caller.events[-1] == ("ended", "bye")
        assert not bob.ua.sessions
        assert_clean(net)

    def test_hanging_up_before_the_ack_waits_for_it(self):
        net, alice, bob, caller, callee = pair()
        alice.invite(bob, observer=caller)
        net.run(0.0101)
        assert callee.sessions[0].bye()
        assert bob.sent_lines() == ["200 INVITE"]
        assert_clean(net)
        assert bob.sent_lines() == ["200 INVITE", "BYE"]
        assert callee.names() == ["invite"]
        assert caller.names() == ["answer", "ended"]

    def test_a_caller_who_never_acknowledges_leaves_nothing_64_t1_after_the_bye(self):
        net, alice, bob, caller, _callee = pair()
        alice.invite(bob, observer=caller)
        net.run(0.015)
        net.link = lambda *_: ()
        net.run(64 + 1)
        assert bob.is_clean()


class TestCancel:
    def test_cancel_while_ringing(self):
        net, alice, bob, caller, callee = pair(ring)
        session = alice.invite(bob, observer=caller)
        net.run(1)
        assert session.cancel(["Reason: SIP;cause=200"])
        assert_clean(net)
        assert alice.sent_lines() == ["INVITE", "CANCEL", "ACK"]
        assert b"Reason: SIP;cause=200\r\n" in alice.sent[1]
        assert sorted(bob.sent_lines()) == ["180 INVITE", "200 CANCEL", "487 INVITE"]
        assert caller.events == [("progress", 180), ("failure", 487)]
        assert callee.names() == ["invite", "cancelled"]

    def test_cancel_is_held_until_a_provisional_response_came(self):
        net, alice, bob, caller, _callee = pair(silent)
        session = alice.invite(bob, observer=caller)
        session.cancel()
        assert alice.sent_lines() == ["INVITE"]
        assert_clean(net)
        assert alice.sent_lines() == ["INVITE", "CANCEL", "ACK"]
        assert caller.events == [("failure", 487)]

    def test_cancel_without_any_response_ends_with_timer_b(self):
        net, alice, bob, caller, _ = pair()
        net.link = lambda *_: ()
        alice.invite(bob, observer=caller).cancel()
        assert_clean(net)
        assert "CANCEL" not in alice.sent_lines()
        assert caller.events == [("failure", 487)]

    def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up(self):
        net, alice, bob, caller, callee = pair(ring)
        session = alice.invite(bob, observer=caller)
        net.run(1)
        session.cancel()
        callee.sessions[0].accept(SDP)
        assert_clean(net)
        assert alice.sent_lines() == ["INVITE", "CANCEL", "ACK", "BYE"]
        assert caller.events == [("progress", 180), ("failure", 487)]
        assert callee.names() == ["invite", "established", "ended"]
        late = [parse(data) for data in bob.sent if data.startswith(b"SIP/2.0 200")]
        assert [answer.cseq_method for answer in late] == ["INVITE", "CANCEL", "BYE"]
        assert late[0].to_tag == late[1].to_tag  # RFC 3261 section 9.2

    def test_cancelling_is_over_when_no_final_response_comes_in_64_t1(self):
        net, alice, bob, caller, callee = pair(ring)
        session = alice.invite(bob, observer=caller)
        net.run(1)
        net.link = lambda *_: ()
        session.cancel()
        net.run(32.1)
        assert caller.events[-1] == ("failure", 487)
        net.link = lambda *_: (0.01,)
        callee.sessions[0].reject(480)
        assert_clean(net)

    def test_cancel_after_the_answer_does_nothing(self):
        net, alice, bob, caller, _ = pair()
        session = alice.invite(bob, observer=caller)
        net.run(1)
        assert not session.cancel()
        assert session.end()
        assert_clean(net)
        assert alice.sent_lines() == ["INVITE", "ACK", "BYE"]

    def test_cancel_of_nothing_is_481(self):
        net, alice, bob, *_ = pair(ring)
        alice.invite(bob, observer=Recorder()).cancel()
        net.run(0.1)
        cancel = next(data for data in alice.sent if data.startswith(b"CANCEL"))
        bob.sent.clear()
        bob.receive(cancel.replace(b"branch=z9hG4bK", b"branch=z9hG4bKother"), alice.address)
        assert bob.sent_lines() == ["481 CANCEL"]

    def test_bye_before_the_answer_cancels(self):
        net, alice, bob, caller, callee = pair(ring)
        alice.invite(bob, observer=caller)
        net.run(1)
        invite, ringing = parse(alice.sent[0]), parse(bob.sent[0])
        bye = (
            f"BYE sip:600@127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKbye\r\n"
            f"From: {invite.header('From')}\r\nTo: {ringing.header('To')}\r\nCall-ID: {invite.call_id}\r\n"
            "CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n"
        ).encode()
        bob.receive(bye, alice.address)
        assert bob.sent_lines()[-2:] == ["200 BYE", "487 INVITE"]
        assert callee.names() == ["invite", "cancelled"]
        assert_clean(net)


class TestHangUp:
    def test_both_hang_up_at_once(self):
        net, alice, bob, caller, callee, near, far = established()
        near.bye()
        far.bye()
        assert_clean(net)
        assert alice.sent_lines() == ["BYE", "200 BYE"]
        assert bob.sent_lines() == ["BYE", "200 BYE"]
        assert caller.events == callee.events == []

    def test_hanging_up_twice_does_nothing(self):
        net, alice, _bob, _, _, near, _ = established()
        assert near.bye()
        assert not near.bye()
        assert not near.end()
        assert_clean(net)
        assert alice.sent_lines() == ["BYE"]

    def test_a_bye_that_nobody_answers_is_given_up(self):
        net, alice, _bob, _, _, near, _ = established()
        net.link = lambda *_: ()
        near.bye()
        net.run(32.1)
        assert not alice.ua.sessions

    def test_a_bye_in_no_dialog_is_481(self):
        net, alice, bob, _, _, near, _ = established()
        near.bye()
        net.run(40)
        bye = alice.sent[0]
        bob.receive(bye.replace(b"branch=z9hG4bK", b"branch=z9hG4bKother"), alice.address)
        assert bob.sent_lines()[-1] == "481 BYE"
