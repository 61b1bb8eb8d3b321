"""Small duties of RFC 3261 that belong to no single machine: what is required, accepted, copied, repeated, dropped."""

from __future__ import annotations

import pytest

from pbx.clock import VirtualClock
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials
from pbx.sip.dialog import next_hop
from pbx.sip.digest import Credentials, DigestVerifier
from pbx.sip.message import response as build
from pbx.sip.parser import parse
from tests.support.sip_pair import SDP, Recorder, SipNetwork


def pair(script=None):
    net = SipNetwork()
    caller, callee = Recorder(), Recorder(script)
    return net, net.add("127.0.0.1", caller), net.add("127.0.0.2", callee), caller, callee


def assert_clean(net):
    net.run_until_idle()
    for peer in net.peers.values():
        assert peer.is_clean()


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Require: x-unknown"], 420),
        (["Require: 100rel, timer"], 0),
        (["Proxy-Require: x-unknown"], 0),
        (["Accept: text/plain"], 406),
        (["Accept: text/plain, application/sdp;level=1"], 0),
        (["Accept: */*"], 0),
        (["Accept: application/*;q=0.5"], 0),
        (["Accept: text/plain", "Accept: multipart/mixed"], 0),
        (["Accept: "], 0),
        (["Content-Encoding: gzip"], 415),
    ],
)
def test_what_an_invite_may_demand(lines, status):
    net, alice, bob, caller, callee = pair()
    session = alice.invite(bob, observer=caller, headers=lines)
    net.run(1)
    assert caller.events == ([("failure", status)] if status else [("answer", SDP)])
    assert bool(callee.events) == (not status)
    if status == 420:
        assert parse(bob.sent[0]).header("Unsupported") == "x-unknown"
    if status == 406:
        assert parse(bob.sent[0]).header("Accept") == "application/sdp"
    session.end()
    assert_clean(net)


@pytest.mark.parametrize("way", ["another line", "the same line", "a compact name"])
def test_a_response_with_two_vias_is_dropped(way):
    """It was meant for a proxy (RFC 3261 sections 8.1.3.3 and 18.1.2)."""
    _net, alice, bob, caller, _ = pair()
    alice.invite(bob, observer=caller)
    answer = build(parse(alice.sent[0]), 486, to_tag="t")
    first = next(line for line in answer.split(b"\r\n") if line.startswith(b"Via:"))
    other = b"SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKother"
    more = {"another line": b"\r\nVia: " + other, "the same line": b", " + other, "a compact name": b"\r\nv: " + other}
    alice.receive(answer.replace(first, first + more[way]), bob.address)
    assert caller.events == []
    assert alice.ua.layer.stray_responses == 1
    alice.receive(answer, bob.address)
    assert caller.events == [("failure", 486)]


def test_the_timestamp_of_an_invite_is_in_its_100():
    net, alice, bob, caller, _callee = pair(lambda session, request: None)
    session = alice.invite(bob, observer=caller, headers=["Timestamp: 54.21"])
    net.run(0.1)
    assert parse(bob.sent[0]).status == 100
    assert parse(bob.sent[0]).header("Timestamp") == "54.21"
    session.end()
    assert_clean(net)


@pytest.mark.parametrize("status", [401, 407])
def test_the_ack_of_a_2xx_repeats_the_credentials_of_its_invite(status):
    verifier = DigestVerifier("centrala", b"0123456789abcdef", VirtualClock())
    known = Credentials.from_password("101", "centrala", "secret")
    asked = []

    def script(session, request):
        name = "Authorization" if status == 401 else "Proxy-Authorization"
        value = request.header(name)
        if value is None:
            header = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
            lines = verifier.challenge("127.0.0.1", md5_only=True)
            session.reject(status, headers=[f"{header}: {line}" for line in lines])
        else:
            assert verifier.verify(request.method, request.uri, value, "127.0.0.1", lambda _: known).ok
            asked.append(value)
            session.accept(SDP)

    net, alice, bob, caller, _callee = pair(script)
    session = alice.invite(bob, observer=caller, credentials=ClientCredentials("101", "secret"))
    net.run(1)
    acks = [parse(data) for data in alice.sent if data.startswith(b"ACK")]
    assert session.state == "confirmed"
    name = "Authorization" if status == 401 else "Proxy-Authorization"
    assert [ack.header(name) for ack in acks] == [None, asked[0]]
    session.bye()
    assert_clean(net)


class TestForks:
    def say(self, alice, bob, invite, status, tag, body=SDP):
        lines = [f"Contact: <sip:{tag}@127.0.0.2:5060>"]
        alice.receive(build(invite, status, to_tag=tag, headers=lines, body=body), bob.address)

    def test_an_answer_of_another_fork_that_comes_again_is_only_acknowledged_again(self):
        net, alice, bob, caller, _ = pair()
        net.link = lambda *_: ()
        alice.invite(bob, observer=caller)
        invite = parse(alice.sent[0])
        for tag in ("one", "two", "two", "three", "two", "one"):
            self.say(alice, bob, invite, 200, tag)
        assert alice.sent_lines() == ["INVITE", "ACK", "ACK", "BYE", "ACK", "ACK", "BYE", "ACK", "ACK"]
        assert caller.names() == ["answer"]

    def test_a_far_end_cannot_make_us_hang_up_without_end(self):
        net, alice, bob, caller, _ = pair()
        net.link = lambda *_: ()
        alice.invite(bob, observer=caller)
        invite = parse(alice.sent[0])
        for number in range(100):
            self.say(alice, bob, invite, 200, f"t{number}")
        assert alice.sent_lines().count("BYE") == 16

    def test_each_early_dialog_has_a_state_of_its_own_and_the_first_answer_wins(self):
        net, alice, bob, caller, _ = pair()
        net.link = lambda *_: ()
        session = alice.invite(bob, observer=caller)
        invite = parse(alice.sent[0])
        for status, tag in ((180, "one"), (183, "two"), (183, "three")):
            self.say(
                alice,
                bob,
                invite,
                status,
                tag,
                b"" if status == 180 else SDP,
            )
        assert {*session._early} == {"one", "two", "three"}
        early = session.dialog_of("two")
        assert early is session.dialog_of("two")
        assert early.target == "sip:two@127.0.0.2:5060"
        self.say(alice, bob, invite, 200, "three")
        assert session.remote_tag == "three"
        assert session.dialog.target == "sip:three@127.0.0.2:5060"
        self.say(alice, bob, invite, 200, "two")
        assert alice.sent_lines()[-3:] == ["ACK", "ACK", "BYE"]

    def test_a_request_in_an_early_dialog_is_answered_in_it(self):
        net, alice, bob, caller, _ = pair()
        net.link = lambda *_: ()
        session = alice.invite(bob, observer=caller)
        invite = parse(alice.sent[0])
        self.say(alice, bob, invite, 180, "one", b"")
        template = (
            "{method} sip:101@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK{method}{tag}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:600@127.0.0.2>;tag={{tag}}\r\nTo: {invite.header('From')}\r\n"
            f"Call-ID: {invite.call_id}\r\nCSeq: 1 {{method}}\r\nContent-Length: 0\r\n\r\n"
        )
        for method, tag, status in (("INFO", "one", 200), ("BYE", "one", 500), ("INFO", "unknown", 481)):
            alice.receive(template.format(method=method, tag=tag).encode(), bob.address)
            assert parse(alice.sent[-1]).status == status, method
        alice.receive(
            template.format(method="BYE", tag="one")
            .replace("CSeq: 1", "CSeq: 2")
            .replace("z9hG4bK", "z9hG4bKx")
            .encode(),
            bob.address,
        )
        assert parse(alice.sent[-1]).status == 481  # a callee may not hang up what it has not answered (section 15)
        assert session.state == "early"


class TestSips:
    """RFC 3261 section 26.2.2, RFC 5630: TLS on every hop, or no call."""

    def call(self, transport):
        net = SipNetwork()
        caller, callee = Recorder(), Recorder()
        alice = net.add("127.0.0.1", caller, transport=transport)
        bob = net.add("127.0.0.2", callee, transport=transport)
        session = alice.ua.invite(
            uri="sips:600@127.0.0.2",
            destination=bob.address,
            from_="<sip:101@127.0.0.1>",
            to="<sips:600@127.0.0.2>",
            body=SDP,
            observer=caller,
        )
        net.run(1)
        return net, bob, caller, session

    def test_over_tls_it_is_taken_and_our_contact_promises_the_same(self):
        net, bob, _, session = self.call("tls")
        assert session.state == "confirmed"
        answer = next(parse(data) for data in bob.sent if data.startswith(b"SIP/2.0 200"))
        assert answer.contacts[0].uri.scheme == "sips"
        session.bye()
        assert_clean(net)

    @pytest.mark.parametrize("transport", ["udp", "tcp", "ws"])
    def test_over_anything_else_it_is_refused(self, transport):
        net, _, caller, _ = self.call(transport)
        assert caller.events == [("failure", 416)]
        assert_clean(net)


@pytest.mark.parametrize(
    "target", ["sip:600@10.0.0.1:5060", "sip:600@10.0.0.2;transport=tcp", "sip:600@10.0.0.1;transport=udp"]
)
def test_no_contact_takes_a_dialog_out_of_tls(target: str) -> None:
    """RFC 3261 26.2.2: not even that of a trusted carrier."""
    peer = Destination("tls", "10.0.0.1", 5061)
    assert next_hop(peer, target, (), lambda host: True) is peer
    assert next_hop(peer, "sips:600@10.0.0.2", (), lambda host: True).host == "10.0.0.2"
