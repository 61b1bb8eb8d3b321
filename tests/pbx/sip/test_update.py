"""UPDATE (RFC 3311): before and after the answer, from either side, and what happens when offers meet."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sip.address import Destination
from pbx.sip.parser import parse
from tests.support.sip_pair import SDP, Recorder, SipNetwork, lossy, merciful

ANSWER = SDP.replace(b"4000", b"4010")
SECOND = SDP.replace(b"4000", b"4020")
REQUIRED = ["Require: 100rel"]


def assert_clean(net):
    net.run_until_idle()
    for peer in net.peers.values():
        assert peer.is_clean()
        assert peer.ua.errors == 0


def early(reliable=True, **more):
    """A call that was given a (reliable) 183 with the answer."""
    net = SipNetwork()
    caller, callee = Recorder(), Recorder(lambda session, request: None)
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    session = alice.invite(bob, observer=caller, headers=REQUIRED if reliable else [], **more)
    net.run(0.1)
    callee.sessions[0].progress(183, None, ANSWER)
    net.run(0.2)
    for recorder in (caller, callee):
        recorder.events.clear()
    return net, alice, bob, caller, callee, session, callee.sessions[0]


def established():
    net = SipNetwork()
    caller, callee = Recorder(), Recorder()
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    session = alice.invite(bob, observer=caller)
    net.run(1)
    for recorder in (caller, callee):
        recorder.events.clear()
    alice.sent.clear(), bob.sent.clear()
    return net, alice, bob, caller, callee, session, callee.sessions[0]


@pytest.mark.parametrize("from_caller", [True, False])
def test_before_the_answer_either_side_may_offer_again(from_caller):
    net, _alice, _bob, caller, callee, near, far = early()
    sender, listener, mine = (near, callee, caller) if from_caller else (far, caller, callee)
    assert sender.update(SECOND)
    net.run(0.5)
    assert ("reinvite", SECOND) in listener.events
    assert mine.events == [("reinvite answer", 200, SDP)]
    assert sender.remote_sdp == SDP
    far.accept(ANSWER)
    net.run(0.5)
    assert near.state == "confirmed"
    near.bye()
    assert_clean(net)


@pytest.mark.parametrize("from_caller", [True, False])
def test_after_the_answer_either_side_may_offer_again(from_caller):
    net, alice, bob, caller, callee, near, far = established()
    sender, listener, mine = (near, callee, caller) if from_caller else (far, caller, callee)
    assert sender.update(SECOND)
    net.run(0.5)
    assert listener.events == [("reinvite", SECOND)]
    assert mine.events == [("reinvite answer", 200, SDP)]
    assert "ACK" not in alice.sent_lines() + bob.sent_lines()
    near.bye()
    assert_clean(net)


def test_before_the_first_exchange_is_done_nothing_can_be_updated():
    net, _alice, _bob, _caller, _callee, near, far = early(reliable=False)
    assert not near.update(SECOND)
    assert not far.update(SECOND)
    near.cancel()
    assert_clean(net)


def test_an_update_before_the_first_answer_is_refused_with_500_and_a_moment_to_wait():
    """RFC 3311 section 5.2: an offer that was received is not answered yet."""
    net, _alice, bob, _caller, _callee, near, _far = early(reliable=False)
    near.send("UPDATE", body=SECOND, content_type="application/sdp", done=lambda status: None)
    net.run(0.2)
    refusal = parse(bob.sent[-1])
    assert refusal.status == 500
    assert 0 <= int(refusal.header("Retry-After")) <= 10
    near.cancel()
    assert_clean(net)


def test_an_update_of_the_callee_before_its_answer_is_refused_with_491():
    """Our offer is not answered yet."""
    net, _alice, _bob, _caller, _callee, near, far = early(reliable=False)
    statuses = []
    far.send("UPDATE", body=SECOND, content_type="application/sdp", done=statuses.append)
    net.run(0.2)
    assert statuses == [491]
    near.cancel()
    assert_clean(net)


def test_an_update_while_the_answer_to_our_2xx_is_awaited_is_refused_with_491():
    net = SipNetwork()
    caller, callee = Recorder(), Recorder()
    caller.answer = ANSWER
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    net.link = lambda a, b, data: () if data.startswith(b"ACK") and net.now < 2 else (0.01,)
    near = alice.invite(bob, body=b"", observer=caller)
    net.run(0.3)
    statuses = []
    near.send("UPDATE", body=SECOND, content_type="application/sdp", done=statuses.append)
    net.run(0.3)
    assert statuses == [491]
    net.run(5)
    near.bye()
    assert_clean(net)


def test_one_without_sdp_moves_the_target_and_changes_nothing_else():
    net, alice, bob, _caller, callee, near, far = established()
    statuses = []
    near.send("UPDATE", done=statuses.append)
    net.run(0.2)
    assert statuses == [200]
    assert b"Contact: " in bob.sent[-1]
    assert b"UPDATE" in next(line for line in bob.sent[-1].split(b"\r\n") if line.startswith(b"Allow:"))
    moved = alice.sent[0].replace(b"branch=z9hG4bK", b"branch=z9hG4bKm").replace(b"CSeq: 2 ", b"CSeq: 9 ")
    bob.receive(moved.replace(b"127.0.0.1:5060>", b"127.0.0.1:5099>"), alice.address)
    assert far.dialog.target.endswith(":5099")
    near.dialog.local_cseq = 9
    far.dialog._target, far.dialog.peer = "sip:101@127.0.0.1:5060", alice.address
    assert callee.events == []
    near.bye()
    assert_clean(net)


def test_a_far_end_that_knows_no_update_gets_a_reinvite():
    net, alice, _bob, caller, _callee, near, _far = established()
    from pbx.sip import in_dialog

    table = dict(in_dialog.TABLE)
    del in_dialog.TABLE["UPDATE"]
    try:
        near.update(SECOND)
        net.run(1)
    finally:
        in_dialog.TABLE.update(table)
    assert caller.events == [("reinvite answer", 200, SDP)]
    assert alice.sent_lines() == ["UPDATE", "INVITE", "ACK"]
    near.bye()
    assert_clean(net)


def test_a_refused_update_leaves_all_as_it_was():
    net, _alice, _bob, caller, callee, near, _far = established()
    callee.on_offer = lambda session, body: session.reject_reinvite(488)
    before = near.remote_sdp
    near.update(SECOND)
    net.run(1)
    assert caller.events == [("reinvite answer", 488, b"")]
    assert near.remote_sdp == before
    assert near.state == "confirmed"
    near.bye()
    assert_clean(net)


def test_an_update_from_a_stranger_changes_nothing():
    """security.md R10."""
    net, alice, bob, _caller, callee, near, _far = established()
    near.update(SECOND)
    data = alice.sent[-1].replace(b"z9hG4bK", b"z9hG4bKx").replace(b"CSeq: 2 ", b"CSeq: 20 ")
    bob.receive(data, Destination("udp", "127.0.0.66", 5060))
    assert bob.sent_lines() == ["403 UPDATE"]
    assert callee.events == []
    net.run(1)
    near.bye()
    assert_clean(net)


@pytest.mark.parametrize("method", ["UPDATE", "PRACK", "BYE"])
def test_outside_a_dialog_it_is_481(method):
    net, alice, bob, _caller, _callee, near, _far = established()
    statuses = []
    alice.ua.request(
        method,
        uri="sip:b@127.0.0.2",
        destination=bob.address,
        from_="<sip:a@a>",
        to="<sip:b@b>",
        on_response=lambda status, _: statuses.append(status),
    )
    net.run(1)
    assert statuses == [481]
    near.bye()
    assert_clean(net)


offers = st.lists(
    st.tuples(st.sampled_from(["near", "far"]), st.sampled_from(["update", "reinvite"]), st.integers(0, 40)),
    min_size=2,
    max_size=5,
)


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), offers, st.sampled_from([0.0, 0.15]))
def test_whatever_meets_the_last_offer_of_each_side_is_answered(seed, plan, loss):
    net = SipNetwork(merciful(lossy(seed, loss=loss)))
    caller, callee = Recorder(), Recorder()
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    near = alice.invite(bob, observer=caller)
    net.run(40)
    if not callee.sessions or near.state != "confirmed":
        near.end()
        assert_clean(net)
        return
    far = callee.sessions[0]
    wanted = {"near": False, "far": False}
    for side, how, at in sorted(plan, key=lambda step: step[2]):
        net.run(max(0.0, 40 + at * 0.05 - net.now))
        session = near if side == "near" else far
        wanted[side] = getattr(session, how)(SECOND) or wanted[side]
    net.run(150)
    assert near.state == far.state == "confirmed"
    for side, recorder in (("near", caller), ("far", callee)):
        answers = [event for event in recorder.events if event[0] == "reinvite answer"]
        assert bool(answers) == wanted[side]
        assert all(event[1] == 200 for event in answers)
    near.bye()
    assert_clean(net)
