"""Session timers (RFC 4028): who refreshes, how, and what happens when nobody does."""

from __future__ import annotations

import pytest

from pbx.sip.extensions import Extensions
from pbx.sip.message import response as build
from pbx.sip.parser import parse
from tests.support.sip_pair import SDP, Recorder, SipNetwork

OTHER = SDP.replace(b"4000", b"4010")


def pair(near="supported", far="supported", near_s=1800, far_s=1800, near_min=90, far_min=90):
    net = SipNetwork()
    caller, callee = Recorder(), Recorder()
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    alice.ua.extensions = Extensions("never", near, near_s, near_min)
    bob.ua.extensions = Extensions("never", far, far_s, far_min)
    return net, alice, bob, caller, callee


def assert_clean(net):
    net.run_until_idle(limit_s=1e9)
    for peer in net.peers.values():
        assert peer.is_clean()
        assert peer.ua.errors == 0


def answer_of(bob):
    return next(parse(data) for data in bob.sent if data.startswith(b"SIP/2.0 200"))


class TestNegotiation:
    def test_both_can(self):
        net, alice, bob, caller, callee = pair()
        session = alice.invite(bob, observer=caller)
        net.run(1)
        invite, answer = parse(alice.sent[0]), answer_of(bob)
        assert invite.header("Session-Expires") == "1800"
        assert "timer" in invite.values("Supported")
        assert answer.header("Session-Expires") == "1800;refresher=uac"
        assert answer.values("Require") == ["timer"]
        assert session.timer.ours
        assert not callee.sessions[0].timer.ours
        session.bye()
        assert_clean(net)
        assert net.now < 70  # no timer of 15 minutes was left

    def test_the_shorter_interval_counts(self):
        net, alice, bob, caller, _callee = pair(near_s=1800, far_s=600)
        session = alice.invite(bob, observer=caller)
        net.run(1)
        assert answer_of(bob).header("Session-Expires") == "600;refresher=uac"
        assert session.timer.interval_s == 600
        session.bye()
        assert_clean(net)

    def test_who_asks_for_too_short_an_interval_is_told_the_shortest(self):
        net, alice, bob, caller, _callee = pair(near_s=100, far_min=300)
        session = alice.invite(bob, observer=caller)
        net.run(1)
        assert bob.sent_lines()[0] == "422 INVITE"
        assert parse(bob.sent[0]).header("Min-SE") == "300"
        second = next(parse(d) for d in reversed(alice.sent) if d.startswith(b"INVITE"))
        assert (second.header("Session-Expires"), second.header("Min-SE"), second.cseq) == ("300", "300", 2)
        assert session.state == "confirmed"
        assert session.timer.interval_s == 300
        session.bye()
        assert_clean(net)

    def test_a_far_end_that_asks_for_ever_longer_intervals_is_given_up(self):
        _net, alice, bob, caller, _callee = pair()
        session = alice.invite(bob, observer=caller)
        for least in (2000, 3000, 4000, 5000):
            invites = [parse(d) for d in alice.sent if d.startswith(b"INVITE")]
            alice.receive(build(invites[-1], 422, to_tag="t", headers=[f"Min-SE: {least}"]), bob.address)
        assert session.state == "terminated"
        assert caller.events == [("failure", 422)]
        assert sum(d.startswith(b"INVITE") for d in alice.sent) == 3

    @pytest.mark.parametrize("line", ["Min-SE: x", "X-None: 1", "Min-SE: 99999999"])
    def test_a_422_that_says_nothing_usable_is_a_refusal(self, line):
        _net, alice, bob, caller, _callee = pair()
        alice.invite(bob, observer=caller)
        alice.receive(build(parse(alice.sent[0]), 422, to_tag="t", headers=[line]), bob.address)
        assert caller.events == [("failure", 422)]

    @pytest.mark.parametrize("value", ["", "x", "-1", "1.5"])
    def test_a_session_expires_that_is_no_number_is_400(self, value):
        net, alice, bob, caller, _callee = pair(near="never")
        alice.invite(bob, observer=caller, headers=[f"Session-Expires: {value}"])
        net.run(1)
        assert caller.events == [("failure", 400)]
        assert_clean(net)

    def test_an_interval_that_a_proxy_put_in_is_raised_and_refreshed_by_us(self):
        """The client says nothing of timers (RFC 4028 section 9, table 2)."""
        net, alice, bob, caller, callee = pair(near="never")
        session = alice.invite(bob, observer=caller, headers=["Session-Expires: 30"])
        net.run(1)
        answer = answer_of(bob)
        assert answer.header("Session-Expires") == "90;refresher=uas"
        assert answer.header("Require") is None
        assert callee.sessions[0].timer.ours
        session.bye()
        assert_clean(net)

    @pytest.mark.parametrize("refresher", ["uac", "uas"])
    def test_the_caller_chooses_the_refresher(self, refresher):
        net, alice, bob, caller, callee = pair(near="never")
        lines = ["Supported: timer", f"Session-Expires: 1000;refresher={refresher}"]
        session = alice.invite(bob, observer=caller, headers=lines)
        net.run(1)
        assert answer_of(bob).header("Session-Expires") == f"1000;refresher={refresher}"
        assert callee.sessions[0].timer.ours == (refresher == "uas")
        session.bye()
        assert_clean(net)

    @pytest.mark.parametrize(("near", "far"), [("never", "supported"), ("supported", "never"), ("never", "never")])
    def test_without_the_other_side_there_is_none(self, near, far):
        net, alice, bob, caller, callee = pair(near=near, far=far)
        session = alice.invite(bob, observer=caller)
        net.run(1)
        assert session.timer is None
        assert callee.sessions[0].timer is None
        assert answer_of(bob).header("Session-Expires") is None
        session.bye()
        assert_clean(net)

    def test_required_is_done_even_where_it_is_switched_off(self):
        net, alice, bob, caller, callee = pair(near="never", far="never")
        lines = ["Require: timer", "Session-Expires: 1000"]
        session = alice.invite(bob, observer=caller, headers=lines)
        net.run(1)
        assert callee.sessions[0].timer is not None
        session.bye()
        assert_clean(net)


def established(**more):
    net, alice, bob, caller, callee = pair(**more)
    session = alice.invite(bob, observer=caller)
    net.run(1)
    for peer in (alice, bob):
        peer.sent.clear()
    return net, alice, bob, caller, callee, session, callee.sessions[0]


class TestRefresh:
    def test_the_caller_refreshes_at_half_of_the_interval(self):
        net, alice, _bob, caller, callee, near, far = established(near_s=200)
        net.run(98)
        assert alice.sent_lines() == []
        net.run(3)
        assert alice.sent_lines() == ["UPDATE"]
        update = parse(alice.sent[0])
        assert update.header("Session-Expires") == "200;refresher=uac"
        assert update.body == b""
        net.run(2000)
        assert near.state == far.state == "confirmed"
        assert alice.sent_lines() == ["UPDATE"] * 21
        assert caller.events == [("answer", SDP)]
        assert callee.names() == ["invite", "established"]
        near.bye()
        assert_clean(net)

    def test_the_callee_refreshes_where_the_caller_wants_that(self):
        net, alice, bob, caller, callee = pair(near="never")
        near = alice.invite(
            bob, observer=caller, headers=["Supported: timer", "Session-Expires: 200;refresher=uas", "Allow: UPDATE"]
        )
        net.run(1)
        alice.ua.extensions = Extensions()
        net.run(1000)
        assert near.state == callee.sessions[0].state == "confirmed"
        assert bob.sent_lines().count("UPDATE") == 10
        near.bye()
        assert_clean(net)

    def test_who_does_not_allow_update_is_refreshed_by_reinvite(self):
        net, alice, _bob, caller, _callee, near, far = established(near_s=200)
        near.timer._by_update = False
        net.run(1000)
        assert near.state == far.state == "confirmed"
        assert alice.sent_lines().count("INVITE") == 10
        assert {parse(d).body for d in alice.sent if d.startswith(b"INVITE")} == {SDP}
        assert caller.events == [("answer", SDP)]  # an unchanged answer is no news
        near.bye()
        assert_clean(net)

    def test_an_answer_that_changed_is_told(self):
        net, _alice, _bob, caller, callee, near, _far = established(near_s=200)
        near.timer._by_update = False
        callee.on_offer = lambda session, body: session.accept_reinvite(OTHER)
        net.run(150)
        assert caller.events[-1] == ("reinvite answer", 200, OTHER)
        near.bye()
        assert_clean(net)

    def test_any_reinvite_refreshes_from_either_side(self):
        net, alice, _bob, _caller, _callee, near, far = established(near_s=200)
        for _ in range(6):
            net.run(90)
            far.reinvite(SDP)
        net.run(1)
        assert near.state == far.state == "confirmed"
        assert "UPDATE" not in alice.sent_lines()
        near.bye()
        assert_clean(net)

    def test_a_refresh_may_be_told_a_longer_interval(self):
        net, _alice, bob, _caller, _callee, near, far = established(near_s=200)
        bob.ua.extensions = Extensions("never", "supported", 1800, 900)
        net.run(150)
        assert near.timer.interval_s == 900
        assert near.state == far.state == "confirmed"
        near.bye()
        assert_clean(net)

    @pytest.mark.parametrize("by_update", [True, False])
    def test_a_far_end_that_lost_the_dialog_ends_the_session(self, by_update):
        net, _alice, _bob, caller, _callee, near, far = established(near_s=200)
        near.timer._by_update = by_update
        far.finish()
        net.run(101)
        assert caller.events[-1] == ("ended", "lost")
        assert_clean(net)


class TestExpiry:
    def test_a_far_end_that_vanished_is_hung_up_by_who_waits_for_its_refresh(self):
        """security.md R15: the phone lost its power, and RTP comes from somebody else."""
        net, alice, bob, _caller, callee, near, far = established(near_s=90)
        net.link = lambda *_: ()
        alice.ua.sessions.clear()
        near.finish()
        net.run(59)
        assert far.state == "confirmed"
        net.run(2)  # 90 s less a third
        assert callee.events[-1] == ("ended", "expired")
        assert set(bob.sent_lines()) == {"BYE"}
        assert bob.ua.sessions_expired == 1
        assert_clean(net)

    def test_a_refresher_that_gets_no_answer_hangs_up(self):
        net, _alice, _bob, caller, _callee, _near, far = established(near_s=200)
        net.link = lambda *_: ()
        far.finish()
        net.run(101 + 33)
        assert caller.events[-1] == ("ended", "timeout")
        assert_clean(net)

    def test_refreshes_that_are_refused_end_the_session_at_its_time(self):
        net, alice, _bob, caller, callee, near, _far = established(near="always", far="never", near_s=200)
        near.timer._by_update = False
        callee.on_offer = lambda session, body: session.reject_reinvite(488)
        net.run(190)
        assert near.state == "confirmed"
        assert alice.sent_lines().count("INVITE") == 2  # a second try at three quarters
        net.run(12)
        assert caller.events[-1] == ("ended", "expired")
        assert_clean(net)

    def test_always_refreshes_who_knows_no_timers(self):
        net, alice, _bob, caller, _callee, near, far = established(near="always", far="never", near_s=200)
        net.run(1000)
        assert near.state == "confirmed"
        assert sum(line in ("UPDATE", "INVITE") for line in alice.sent_lines()) == 10
        net.link = lambda *_: ()
        far.finish()
        net.run(140)
        assert caller.events[-1] == ("ended", "timeout")
        assert_clean(net)


def test_a_policy_that_contradicts_itself_is_refused():
    for expires_s, min_se_s in ((80, 80), (100, 200), (100_000, 90)):
        with pytest.raises(ValueError, match="Session-Expires"):
            Extensions("never", "supported", expires_s, min_se_s)
