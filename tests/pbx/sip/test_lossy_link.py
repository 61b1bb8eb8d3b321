"""Two user agents over a link that loses, doubles and reorders must agree in the end, and leave nothing behind."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sip_pair import SDP, Recorder, SipNetwork, lossy

AGREED_ENDS = {"bye", "no ack", "lost", "timeout"}

# What the application does, and when (in steps of 50 ms): each side has its own list.
actions = st.lists(
    st.tuples(st.sampled_from(["accept", "ring", "reject", "end", "reinvite", "info"]), st.integers(0, 60)), max_size=6
)


def act(what, session):
    if what == "accept":
        session.accept(SDP)
    elif what == "ring":
        session.progress(180)
    elif what == "reject":
        session.reject(486)
    elif what == "end":
        session.end(480)
    elif what == "reinvite":
        session.reinvite(SDP)
    elif what == "info":
        session.info(b"Signal=1\r\n", "application/dtmf-relay")


def play(seed, loss, near_actions, far_actions):
    net = SipNetwork(lossy(seed, loss=loss))
    caller, callee = Recorder(), Recorder(lambda session, request: None)
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    near = alice.invite(bob, observer=caller)
    plan = sorted([(at, 0, what) for what, at in near_actions] + [(at, 1, what) for what, at in far_actions])
    for at, side, what in plan:
        net.run(max(0.0, at * 0.05 - net.now))
        session = near if side == 0 else (callee.sessions[0] if callee.sessions else None)
        if session is not None:
            act(what, session)
    net.run(300)  # every deadline of the setup has passed
    for session in (near, *callee.sessions):
        session.end(480)
    net.run_until_idle()
    return net, near, caller, callee


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.2, 0.5]), actions, actions)
def test_both_ends_agree_and_nothing_is_left(seed, loss, near_actions, far_actions):
    net, near, caller, callee = play(seed, loss, near_actions, far_actions)
    for peer in net.peers.values():
        assert peer.is_clean()
        assert peer.ua.errors == 0
    assert near.state == "terminated"
    assert all(session.state == "terminated" for session in callee.sessions)
    for events in (caller.events, callee.events):  # each call ends once, and nothing comes after its end
        names = [event[0] for event in events]
        ends = [name for name in names if name in ("ended", "failure", "cancelled")]
        assert len(ends) <= 1
        if ends:
            assert names[-1] == ends[0]
        assert names.count("answer") <= 1
        assert names.count("established") <= 1
    if "established" in callee.names():  # an ACK is proof of an answer at the caller: heard, or refused after a CANCEL
        assert "answer" in caller.names() or ("failure", 487) in caller.events


def test_on_a_bad_network_98_of_100_calls_come_up_and_none_is_stuck():
    """20 % loss, 10 % duplicates, reordering (security.md R16)."""
    done = 0
    for seed in range(200):
        net = SipNetwork(lossy(seed, loss=0.2))
        caller, callee = Recorder(), Recorder(lambda session, request: session.progress(180))
        alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
        near = alice.invite(bob, observer=caller)
        net.run(5)
        for session in callee.sessions:
            session.accept(SDP)
        net.run(40)
        done += "answer" in caller.names() and "established" in callee.names()
        near.end()
        net.run(120)
        assert all(peer.is_clean() for peer in net.peers.values())
    assert done >= 196


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 40))
def test_cancel_and_answer_may_cross_at_any_moment(seed, cancel_at, answer_at):
    """Whoever is first: the two ends agree, and a call that was given up is never left standing."""
    net = SipNetwork(lossy(seed, loss=0.1))
    caller, callee = Recorder(), Recorder(lambda session, request: session.progress(180))
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    near = alice.invite(bob, observer=caller)
    for at, what in sorted([(cancel_at, "cancel"), (answer_at, "answer")]):
        net.run(max(0.0, at * 0.01 - net.now))
        if what == "cancel":
            near.cancel()
        elif callee.sessions:
            callee.sessions[0].accept(SDP)
    net.run(300)
    if near.state == "confirmed":  # answered before the cancel: the cancel was refused, the call stands
        assert callee.sessions[0].state == "confirmed"
        near.bye()
    net.run_until_idle()
    assert near.state == "terminated"
    assert all(session.state == "terminated" for session in callee.sessions if session.phase != "incoming")
    for session in callee.sessions:
        session.end(480)
    net.run_until_idle()
    assert all(peer.is_clean() for peer in net.peers.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 20), st.integers(0, 20))
def test_glare_at_any_moment_ends_with_both_offers_answered(seed, first, second):
    net = SipNetwork(lossy(seed, loss=0.0, duplicate=0.2))
    caller, callee = Recorder(), Recorder()
    alice, bob = net.add("127.0.0.1", caller), net.add("127.0.0.2", callee)
    near = alice.invite(bob, observer=caller)
    net.run(1)
    far = callee.sessions[0]
    for at, session in sorted([(first, near), (second, far)], key=lambda item: item[0]):
        net.run(max(0.0, 1 + at * 0.01 - net.now))
        assert session.reinvite(SDP)
    net.run(60)
    assert caller.events.count(("reinvite answer", 200, SDP)) == 1
    assert callee.events.count(("reinvite answer", 200, SDP)) == 1
    near.bye()
    net.run_until_idle()
    assert all(peer.is_clean() for peer in net.peers.values())
