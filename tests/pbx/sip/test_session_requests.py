"""Requests inside a call of two user agents joined in memory, and those that belong to none (RFC 3261 12.2, 14)."""

from __future__ import annotations

import pytest

from pbx.sip.address import Destination
from tests.support.sip_calls import assert_clean, established, pair, ring
from tests.support.sip_pair import SDP

OFFER2 = SDP.replace(b"4000", b"4002")


class TestReinvite:
    @pytest.mark.parametrize("who", ["caller", "callee"])
    def test_reinvite_both_ways(self, who):
        net, _alice, _bob, caller, callee, near, far = established()
        asking, asked = (near, callee) if who == "caller" else (far, caller)
        asking.reinvite(OFFER2)
        net.run(1)
        assert asked.events == [("reinvite", OFFER2)]
        assert (caller if who == "caller" else callee).events == [("reinvite answer", 200, SDP)]
        assert (far if who == "caller" else near).remote_sdp == OFFER2
        near.bye()
        assert_clean(net)

    def test_a_refused_reinvite_leaves_the_call_as_it_was(self):
        net, _alice, _bob, caller, callee, near, far = established()
        callee.on_offer = lambda session, body: session.reject_reinvite(488)
        near.reinvite(OFFER2)
        net.run(1)
        assert caller.events == [("reinvite answer", 488, b"")]
        assert near.state == far.state == "confirmed"
        near.bye()
        assert_clean(net)

    def test_glare_is_answered_491_and_each_tries_again_in_its_own_time(self):
        net, alice, bob, caller, callee, near, far = established()
        near.reinvite(OFFER2)
        far.reinvite(OFFER2)
        net.run(0.5)
        assert "491 INVITE" in alice.sent_lines()
        assert "491 INVITE" in bob.sent_lines()
        net.run(10)
        assert ("reinvite answer", 200, SDP) in caller.events
        assert ("reinvite answer", 200, SDP) in callee.events
        near.bye()
        assert_clean(net)

    def test_a_second_offer_waits_for_the_first(self):
        net, alice, _bob, caller, _, near, _ = established()
        near.reinvite(OFFER2)
        near.reinvite(SDP)
        net.run(2)
        assert caller.events == [("reinvite answer", 200, SDP)] * 2
        assert alice.sent_lines() == ["INVITE", "ACK", "INVITE", "ACK"]

    def test_an_offer_in_the_2xx_is_answered_in_the_ack(self):
        net, _alice, _bob, caller, callee, near, _ = established()
        caller.answer = OFFER2
        near.reinvite(b"")
        net.run(1)
        assert callee.events == [("reinvite", b""), ("reinvite answer", 200, OFFER2)]

    def test_a_reinvite_that_is_taken_back_gets_487(self):
        net, alice, bob, _caller, callee, near, far = established()
        callee.on_offer = lambda session, body: None
        near.reinvite(OFFER2)
        net.run(0.2)
        assert bob.sent_lines() == ["100 INVITE"]
        invite = alice.sent[0]
        cancel = invite.split(b"\r\n\r\n")[0].replace(b"INVITE ", b"CANCEL ", 1).replace(b" INVITE", b" CANCEL")
        head = [line for line in cancel.split(b"\r\n") if not line.startswith((b"Content-", b"Contact"))]
        bob.receive(b"\r\n".join([*head, b"Content-Length: 0", b"", b""]), alice.address)
        net.run(0.2)
        assert bob.sent_lines() == ["100 INVITE", "200 CANCEL", "487 INVITE"]
        assert not far.accept_reinvite(SDP)
        assert near.state == far.state == "confirmed"

    def test_an_ended_call_answers_the_pending_reinvite(self):
        net, _alice, bob, caller, callee, near, far = established()
        callee.on_offer = lambda session, body: None
        near.reinvite(OFFER2)
        net.run(0.2)
        far.bye()
        assert_clean(net)
        assert "487 INVITE" in bob.sent_lines()
        assert caller.events == [("reinvite answer", 487, b""), ("ended", "bye")]

    def test_a_lost_ack_of_a_reinvite_ends_the_call_after_64_t1(self):
        net, _alice, _bob, caller, callee, near, _ = established()
        net.link = lambda sender, receiver, data: () if data.startswith(b"ACK") else (0.01,)
        near.reinvite(OFFER2)
        net.run(33)
        assert callee.events[-1] == ("ended", "no ack")
        assert caller.events[-1] == ("ended", "bye")
        assert_clean(net)

    def test_a_dialog_that_the_far_end_forgot_is_over(self):
        net, alice, bob, caller, _callee, near, _ = established()
        bob.ua.sessions.clear()
        near.reinvite(OFFER2)
        net.run(1)
        assert caller.events == [("ended", "lost")]
        assert alice.sent_lines() == ["INVITE", "ACK"]
        assert not alice.ua.sessions

    def test_a_far_end_that_is_gone_ends_the_call(self):
        net, alice, _bob, caller, _, near, _ = established()
        net.link = lambda *_: ()
        near.reinvite(OFFER2)
        net.run(33)
        assert caller.events == [("ended", "timeout")]
        assert alice.sent_lines()[-1] == "BYE"
        net.run(33)
        assert alice.is_clean()

    def test_no_reinvite_before_the_answer(self):
        net, alice, bob, caller, _ = pair(ring)
        session = alice.invite(bob, observer=caller)
        net.run(0.5)
        assert not session.reinvite(OFFER2)
        assert not session.info(b"Signal=1", "application/dtmf-relay")
        assert not session.accept_reinvite(SDP)


class TestInside:
    def test_info(self):
        net, _alice, bob, _, callee, near, _ = established()
        assert near.info(b"Signal=5\r\nDuration=100\r\n", "application/dtmf-relay")
        net.run(1)
        assert callee.events == [("info", "application/dtmf-relay", b"Signal=5\r\nDuration=100\r\n")]
        assert bob.sent_lines() == ["200 INFO"]

    def test_an_older_sequence_number_is_refused_with_500(self):
        net, alice, bob, _, callee, near, _ = established()
        near.info(b"Signal=5\r\n", "application/dtmf-relay")
        near.info(b"Signal=6\r\n", "application/dtmf-relay")
        net.run(1)
        again = alice.sent[0].replace(b"branch=z9hG4bK", b"branch=z9hG4bKother")
        bob.receive(again, alice.address)
        assert bob.sent_lines()[-1] == "500 INFO"
        assert len(callee.events) == 2

    @pytest.mark.parametrize("method", [b"BYE", b"INFO", b"INVITE"])
    def test_a_request_from_elsewhere_changes_nothing(self, method):
        net, alice, bob, _caller, callee, near, far = established()
        near.info(b"Signal=5\r\n", "application/dtmf-relay")
        net.run(1)
        callee.events.clear()
        forged = alice.sent[0].replace(b"branch=z9hG4bK", b"branch=z9hG4bKother").replace(b"INFO", method)
        forged = forged.replace(b"CSeq: 2 ", b"CSeq: 9 ").replace(b"application/dtmf-relay", b"application/sdp")
        bob.receive(
            forged.replace(b"application/sdp", b"application/dtmf-relay" if method == b"INFO" else b"application/sdp"),
            Destination("udp", "127.0.0.66", 5060),
        )
        assert bob.sent_lines()[-1] == f"403 {method.decode()}"
        assert callee.events == []
        assert far.state == "confirmed"
        assert bob.ua.foreign_requests == 1
        near.bye()
        assert_clean(net)

    def test_a_foreign_ack_does_not_establish(self):
        net, alice, bob, caller, callee = pair()
        held = []

        def link(sender, receiver, data):
            if data.startswith(b"ACK"):
                held.append(data)
                return ()
            return (0.01,)

        net.link = link
        alice.invite(bob, observer=caller)
        net.run(0.1)
        bob.receive(held[0], Destination("udp", "127.0.0.66", 5060))
        assert callee.names() == ["invite"]
        bob.receive(held[0], alice.address._replace(port=40000))  # another port is a NAT's business
        assert callee.names() == ["invite", "established"]

    def test_a_foreign_cancel_changes_nothing(self):
        net, alice, bob, caller, callee = pair(ring)
        session = alice.invite(bob, observer=caller)
        net.run(0.1)
        session.cancel()
        cancel = alice.sent[-1]
        bob.heard.clear()
        bob.receive(cancel, Destination("udp", "127.0.0.66", 5060))
        assert bob.sent_lines()[-1] == "481 CANCEL"
        assert callee.names() == ["invite"]
        assert_clean(net)

    def test_an_unknown_method_is_405(self):
        net, alice, bob, _, _callee, near, _ = established()
        near.info(b"", "")
        net.run(1)
        update = alice.sent[0].replace(b"branch=z9hG4bK", b"branch=z9hG4bKother").replace(b"INFO", b"REGISTER")
        bob.receive(update.replace(b"CSeq: 2 ", b"CSeq: 9 "), alice.address)
        assert bob.sent_lines()[-1] == "405 REGISTER"


class TestOutside:
    def test_a_request_and_its_answer(self):
        net, alice, bob, _, callee = pair()
        heard = []
        alice.ua.request(
            "OPTIONS",
            uri="sip:127.0.0.2",
            destination=bob.address,
            from_="<sip:a@a>",
            to="<sip:b@b>",
            on_response=lambda status, response: heard.append(status),
        )
        assert_clean(net)
        assert heard == [200]
        assert callee.events == [("request", "OPTIONS")]

    def test_a_request_that_nobody_answers_is_408(self):
        net, alice, bob, *_ = pair()
        net.link = lambda *_: ()
        heard = []
        alice.ua.request(
            "OPTIONS",
            uri="sip:127.0.0.2",
            destination=bob.address,
            from_="<sip:a@a>",
            to="<sip:b@b>",
            on_response=lambda status, response: heard.append(status),
        )
        assert_clean(net)
        assert heard == [408]

    def test_a_request_that_came_on_two_paths_is_482(self):
        net, alice, bob, caller, callee = pair(ring)
        alice.invite(bob, observer=caller)
        net.run(0.1)
        bob.receive(alice.sent[0].replace(b"branch=z9hG4bK", b"branch=z9hG4bKother"), alice.address)
        assert bob.sent_lines() == ["180 INVITE", "482 INVITE"]
        assert callee.names() == ["invite"]

    def test_admission_is_asked_before_anything_is_kept(self):
        net, alice, bob, caller, callee = pair()
        bob.ua.admit = lambda request, source: 7
        alice.invite(bob, observer=caller)
        net.run(1)
        assert caller.events == [("failure", 503)]
        assert b"Retry-After: 7\r\n" in bob.sent[0]
        assert bob.is_clean()
        assert bob.ua.shed == 1
        assert callee.events == []
        assert_clean(net)

    def test_calls_inside_dialogs_are_never_shed(self):
        net, _alice, bob, caller, _callee, near, _ = established()
        bob.ua.admit = lambda request, source: 7
        near.reinvite(OFFER2)
        net.run(1)
        assert caller.events == [("reinvite answer", 200, SDP)]

    def test_a_challenged_call_gives_its_token_back_and_leaves_nothing(self):
        refunds = []
        net, alice, bob, caller, _ = pair(lambda session, request: session.reject(401))
        bob.ua.refund = lambda: refunds.append(1)
        alice.invite(bob, observer=caller)
        net.run(0.011)
        assert bob.is_clean()
        assert bob.sent_lines() == ["401 INVITE"]
        assert refunds == [1]
        assert_clean(net)
