"""Forks, challenges, route sets and remote targets as a far end would send them (RFC 3261 12, 13.2.2.4, 22)."""

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


class FarEnd:
    """Answers alice's INVITE with what the test says."""

    def __init__(self, **more):
        self.net = SipNetwork()
        self.caller = Recorder()
        self.alice = self.net.add("127.0.0.1", self.caller)
        self.bob = self.net.add("127.0.0.2")
        self.session = self.alice.invite(self.bob, observer=self.caller, **more)
        self.invite = parse(self.alice.sent[0])
        self.alice.sent.clear()

    def say(self, status, to_tag="t", headers=(), body=SDP, source="127.0.0.2", request=None):
        contact = [] if any(line.startswith("Contact") for line in headers) else ["Contact: <sip:b@127.0.0.2:5060>"]
        data = build(request or self.invite, status, to_tag=to_tag, headers=[*contact, *headers], body=body)
        self.alice.receive(data, Destination("udp", source, 5060))

    def last(self):
        return parse(self.alice.sent[-1])


def test_the_first_2xx_wins_and_another_dialog_is_acknowledged_and_hung_up():
    far = FarEnd()
    far.say(180, "one")
    far.say(180, "two")
    far.say(200, "one")
    assert far.session.state == "confirmed"
    far.say(200, "two", ["Contact: <sip:other@127.0.0.2:5070>"])
    assert far.alice.sent_lines() == ["ACK", "ACK", "BYE"]
    bye = far.last()
    assert bye.to_tag == "two"
    assert bye.uri == "sip:other@127.0.0.2:5070"
    assert bye.cseq == 2
    assert far.caller.names() == ["progress", "progress", "answer"]
    assert far.session.state == "confirmed"


def test_a_fork_that_answers_after_the_call_ended_is_hung_up_too():
    far = FarEnd()
    far.say(200, "one")
    far.session.bye()
    far.say(200, "two")
    assert far.alice.sent_lines() == ["ACK", "BYE", "ACK", "BYE"]


def test_a_repeated_2xx_after_the_call_ended_is_still_acknowledged():
    far = FarEnd()
    far.say(200)
    far.session.bye()
    far.alice.receive(build(parse(far.alice.sent[-1]), 200, to_tag="t"), far.bob.address)
    assert not far.alice.ua.sessions
    far.say(200)
    assert far.alice.sent_lines() == ["ACK", "BYE", "ACK"]


def test_the_route_set_is_the_record_route_reversed():
    far = FarEnd()
    far.say(200, headers=["Record-Route: <sip:p2@127.0.0.2;lr>, <sip:p1@127.0.0.3;lr>", "Contact: <sip:b@10.9.9.9>"])
    ack = far.last()
    assert ack.uri == "sip:b@10.9.9.9"
    assert ack.headers("Route") == ["<sip:p1@127.0.0.3;lr>", "<sip:p2@127.0.0.2;lr>"]


def test_a_strict_router_gets_its_own_uri_in_the_start_line():
    far = FarEnd()
    far.say(200, headers=["Record-Route: <sip:p1@127.0.0.2>", "Contact: <sip:b@10.9.9.9>"])
    ack = far.last()
    assert ack.uri == "sip:p1@127.0.0.2"
    assert ack.headers("Route") == ["<sip:b@10.9.9.9>"]


def test_a_callee_copies_record_route_and_uses_it_in_order():
    net = SipNetwork()
    callee = Recorder()
    net.add("127.0.0.1")
    bob = net.add("127.0.0.2", callee)
    invite = (
        b"INVITE sip:600@127.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKa\r\nMax-Forwards: 70\r\n"
        b"Record-Route: <sip:p1@127.0.0.1;lr>\r\nRecord-Route: <sip:p2@127.0.0.9;lr>\r\n"
        b"From: <sip:a@a>;tag=f\r\nTo: <sip:b@b>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@10.1.1.1>\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    bob.receive(invite, Destination("udp", "127.0.0.1", 5060))
    answer = parse(bob.sent[0])
    assert answer.headers("Record-Route") == ["<sip:p1@127.0.0.1;lr>", "<sip:p2@127.0.0.9;lr>"]
    assert answer.header("Contact") == "<sip:600@127.0.0.2:5060>"
    ack = invite.replace(b"INVITE", b"ACK").replace(b"To: <sip:b@b>", f"To: {answer.header('To')}".encode())
    bob.receive(ack.replace(b"z9hG4bKa", b"z9hG4bKb"), Destination("udp", "127.0.0.1", 5060))
    callee.sessions[0].bye()
    bye = parse(bob.sent[-1])
    assert bye.uri == "sip:a@10.1.1.1"
    assert bye.headers("Route") == ["<sip:p1@127.0.0.1;lr>", "<sip:p2@127.0.0.9;lr>"]


def carrier(host: str) -> bool:
    """The addresses of a trusted trunk."""
    return host.startswith("10.0.0.")


@pytest.mark.parametrize(
    ("target", "routes", "follow", "expected"),
    [
        ("sip:b@127.0.0.2:5060", (), None, ("127.0.0.2", 5060)),
        ("sip:b@127.0.0.2:5080", (), None, ("127.0.0.2", 5080)),
        ("sip:b@127.0.0.2", (), None, ("127.0.0.2", 5060)),
        ("sip:b@192.168.1.9:5066", (), None, ("127.0.0.2", 5060)),  # behind a NAT
        ("sip:b@169.254.169.254:80", (), None, ("127.0.0.2", 5060)),  # sends us to somebody else
        ("sip:b@10.0.0.9:5066", (), carrier, ("10.0.0.9", 5066)),  # a trusted trunk may
        ("sip:b@169.254.169.254:80", (), carrier, ("127.0.0.2", 5060)),  # but only to addresses of its own
        ("sip:b@10.0.0.9", ("<sip:p@192.0.2.1;lr>",), carrier, ("127.0.0.2", 5060)),
        ("sip:b@carrier.example", (), carrier, ("127.0.0.2", 5060)),
        ("sip:b@10.0.0.9", ("<sip:p@10.0.0.7:5070;lr>",), carrier, ("10.0.0.7", 5070)),
        ("sip:b@10.0.0.9", ("<sip:p@10.0.0.7:5070;lr>",), None, ("127.0.0.2", 5060)),
        ("tel:+48221", (), None, ("127.0.0.2", 5060)),
    ],
)
def test_requests_go_to_the_peer_itself_unless_it_is_trusted(target, routes, follow, expected):
    peer = Destination("udp", "127.0.0.2", 5060)
    hop = next_hop(peer, target, routes, follow)
    assert (hop.host, hop.port) == expected


class TestChallenge:
    def verifier(self):
        self.clock = VirtualClock()
        return DigestVerifier("carrier", b"0123456789abcdef", self.clock)

    @pytest.mark.parametrize(("status", "asked"), [(401, "WWW-Authenticate"), (407, "Proxy-Authenticate")])
    def test_a_challenge_is_answered_with_the_next_sequence_number(self, status, asked):
        verifier = self.verifier()
        far = FarEnd(credentials=ClientCredentials("trunk", "secret"))
        far.say(status, headers=[f"{asked}: {value}" for value in verifier.challenge("x")], body=b"")
        assert far.alice.sent_lines() == ["ACK", "INVITE"]
        invite = far.last()
        assert invite.cseq == 2
        assert invite.call_id == far.invite.call_id
        assert invite.from_tag == far.invite.from_tag
        value = invite.header("Authorization" if status == 401 else "Proxy-Authorization")
        known = Credentials.from_password("trunk", "carrier", "secret")
        assert verifier.verify("INVITE", invite.uri, value, "x", lambda name: known).ok
        far.say(200, request=invite)
        assert far.session.state == "confirmed"
        assert far.caller.names() == ["answer"]

    def test_no_more_than_two_challenges_are_answered(self):
        verifier = self.verifier()
        far = FarEnd(credentials=ClientCredentials("trunk", "wrong"))
        request = far.invite
        for _ in range(5):
            headers = [f"WWW-Authenticate: {value}" for value in verifier.challenge("x")]
            far.say(401, headers=headers, body=b"", request=request)
            if far.alice.sent_lines()[-1] == "INVITE":
                request = far.last()
        assert far.alice.sent_lines().count("INVITE") == 2
        assert far.caller.events == [("failure", 401)]

    def test_without_credentials_the_challenge_is_a_failure(self):
        far = FarEnd()
        far.say(401, headers=[f"WWW-Authenticate: {self.verifier().challenge('x')[0]}"], body=b"")
        assert far.caller.events == [("failure", 401)]

    def test_a_challenge_that_we_cannot_speak_is_a_failure(self):
        far = FarEnd(credentials=ClientCredentials("trunk", "secret"))
        far.say(401, headers=['WWW-Authenticate: Basic realm="x"'], body=b"")
        assert far.caller.events == [("failure", 401)]

    def test_a_challenged_bye_is_sent_again_with_the_answer(self):
        far = FarEnd(credentials=ClientCredentials("trunk", "secret"))
        far.say(200)
        far.session.bye()
        bye = far.last()
        challenge = [f"Proxy-Authenticate: {value}" for value in self.verifier().challenge("x")]
        far.say(407, headers=challenge, body=b"", request=bye)
        again = far.last()
        assert again.method == "BYE"
        assert again.header("Proxy-Authorization") is not None
        far.say(200, body=b"", request=again)
        assert not far.alice.ua.sessions

    def test_the_password_is_not_in_the_repr(self):
        assert "secret" not in repr(ClientCredentials("trunk", "secret"))
