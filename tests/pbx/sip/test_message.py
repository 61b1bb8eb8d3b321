"""Messages: lazy fields, list headers, responses."""

from __future__ import annotations

import pytest

from pbx.sip.message import Request, Response, SipParseError, parse_seconds, response
from pbx.sip.parser import parse

INVITE = (
    b"INVITE sip:600@pbx.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
    b"Via: SIP/2.0/TCP proxy, SIP/2.0/UDP last;branch=z9hG4bK0\r\n"
    b'From: "Anna, \xc5\xbb" <sip:anna@pbx.example>;tag=f\r\n'
    b"To: <sip:600@pbx.example>\r\n"
    b"Call-ID: c1\r\nCSeq: 7 INVITE\r\n"
    b'm: "x, y" <sip:anna@192.0.2.1>;expires=60\r\n'
    b"Content-Type: Application/SDP ; charset=utf-8\r\nExpires: 120\r\n"
    b"Allow: INVITE, ACK\r\nAllow: BYE\r\nContent-Length: 2\r\n\r\nv="
)


def request(data: bytes = INVITE) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_request_fields() -> None:
    message = request()
    assert (message.method, message.uri, message.max_forwards) == ("INVITE", "sip:600@pbx.example", None)
    assert (message.via.host, message.via.port, message.via.wants_rport) == ("192.0.2.1", 5060, True)
    assert (message.from_.display, message.from_.uri.user, message.to.uri.user) == ("Anna, Ż", "anna", "600")
    assert [str(contact) for contact in message.contacts] == ['"x, y" <sip:anna@192.0.2.1>;expires=60']
    assert (message.content_type, message.expires, message.body) == ("application/sdp", 120, b"v=")
    assert message.via is message.via
    assert message.contacts is message.contacts
    assert "INVITE sip:600@pbx.example" in repr(message)


def test_header_access() -> None:
    message = request()
    assert message.values("allow") == ["INVITE", "ACK", "BYE"]
    assert message.headers("Allow") == ["INVITE, ACK", "BYE"]
    assert message.raw_lines("Via")[1] == "Via: SIP/2.0/TCP proxy, SIP/2.0/UDP last;branch=z9hG4bK0"
    assert message.values("Via")[2] == "SIP/2.0/UDP last;branch=z9hG4bK0"
    assert message.values("Route") == []
    assert message.header("Route") is None


def test_contact_star() -> None:
    message = request(INVITE.replace(b'm: "x, y" <sip:anna@192.0.2.1>;expires=60', b"Contact: *"))
    assert message.contact_is_star
    assert message.contacts == []


def test_bad_contact_is_refused_when_it_is_read() -> None:
    message = request(INVITE.replace(b'm: "x, y" <sip:anna@192.0.2.1>;expires=60', b"Contact: <sip:"))
    with pytest.raises(SipParseError) as caught:
        _ = message.contacts
    assert (caught.value.status, caught.value.request) == (400, message)


def test_response_to_a_request() -> None:
    message = request()
    message.set_source("198.51.100.7", 40000)
    assert response(message, 200, to_tag="our", headers=["Contact: <sip:x>", "X: y"], body=b"v=0") == (
        b"SIP/2.0 200 OK\r\n"
        b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=40000;received=198.51.100.7\r\n"
        b"Via: SIP/2.0/TCP proxy, SIP/2.0/UDP last;branch=z9hG4bK0\r\n"
        b'From: "Anna, \xc5\xbb" <sip:anna@pbx.example>;tag=f\r\n'
        b"To: <sip:600@pbx.example>;tag=our\r\n"
        b"Call-ID: c1\r\nCSeq: 7 INVITE\r\n"
        b"Contact: <sip:x>\r\nX: y\r\nContent-Type: application/sdp\r\nContent-Length: 3\r\n\r\nv=0"
    )


def test_response_can_be_read_back() -> None:
    message = parse(response(request(), 486, to_tag="our"))
    assert isinstance(message, Response)
    assert (message.status, message.reason, message.to_tag, message.cseq_method) == (486, "Busy Here", "our", "INVITE")
    assert message.body == b""
    assert message.via.branch == "z9hG4bK1"
    assert "486" in repr(message)
    custom = parse(response(request(), 299, "Own Words"))
    assert isinstance(custom, Response)
    assert custom.reason == "Own Words"


def test_session_description_in_the_body_or_in_a_part_of_it() -> None:
    def with_type(content_type: bytes, body: bytes) -> Request:
        data = INVITE.replace(b"Content-Type: Application/SDP ; charset=utf-8\r\n", content_type)
        return request(data.replace(b"Content-Length: 2\r\n\r\nv=", b"\r\n" + body))

    parts = b"--b\r\nContent-Type: text/x\r\n\r\nx\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b--\r\n"
    assert request().sdp == b"v="
    assert with_type(b"", b"v=0").sdp == b"v=0"
    assert with_type(b"c: text/plain\r\n", b"v=0").sdp == b""
    assert with_type(b"c: multipart/mixed;boundary=b\r\n", parts).sdp == b"v=0"
    assert with_type(b"c: multipart/mixed;boundary=c\r\n", parts).sdp == b""
    assert with_type(b"c: multipart/mixed\r\n", parts).sdp == b""
    assert with_type(b"c: application/sdp\r\n", b"").sdp == b""


def test_seconds() -> None:
    assert parse_seconds("60") == 60
    assert parse_seconds("4294967296") == 0xFFFF_FFFF
    assert parse_seconds("9" * 5000) == 0xFFFF_FFFF
    for text in (None, "", "-1", "1.5", "x", "²"):
        assert parse_seconds(text) is None
