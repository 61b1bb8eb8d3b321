"""Verdicts on well-formed requests (RFC 3261 section 8.2)."""

from __future__ import annotations

import pytest

from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.sip.requests import ALLOW_ALL_LINE, METHODS
from pbx.sip.sanity import KNOWN_METHODS, check


def make(method: str, *lines: str, uri: str = "sip:600@pbx", to: str = "<sip:600@pbx>", body: str = "") -> Request:
    head = [
        f"{method} {uri} SIP/2.0", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", "From: <sip:a@b>;tag=1", f"To: {to}",
        "Call-ID: 1", f"CSeq: 1 {method}", *lines, f"Content-Length: {len(body)}",
    ]  # fmt: skip
    message = parse(("\r\n".join(head) + "\r\n\r\n" + body).encode())
    assert isinstance(message, Request)
    return message


def status(method: str, *lines: str, uri: str = "sip:600@pbx", to: str = "<sip:600@pbx>", body: str = "") -> int:
    verdict = check(make(method, *lines, uri=uri, to=to, body=body))
    return 0 if verdict is None else verdict[0]


@pytest.mark.parametrize(
    "method", ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "INFO", "REGISTER", "UPDATE", "PRACK", "NOTIFY"]
)
def test_our_methods(method: str) -> None:
    assert status(method) == 0


def test_other_methods_are_told_what_is_allowed() -> None:
    for method in set(KNOWN_METHODS) - set(METHODS):
        verdict = check(make(method))
        assert verdict is not None
        assert (verdict[0], list(verdict[2])) == (405, [ALLOW_ALL_LINE])
    for method in ("NEWMETHOD", "invite"):
        verdict = check(make(method))
        assert verdict is not None
        assert (verdict[0], list(verdict[2])) == (501, [ALLOW_ALL_LINE])


def test_schemes() -> None:
    assert status("INVITE", uri="tel:+48123") == 0
    assert status("INVITE", uri="urn:service:sos") == 416
    assert status("OPTIONS", uri="sips:a@b") == 416
    assert check(make("OPTIONS", uri="sips:a@b"), secure=True) is None
    assert check(make("OPTIONS", uri="urn:service:sos"), secure=True) is not None


def test_required_extensions() -> None:
    verdict = check(make("INVITE", "Require: 100rel, x-other, path, timer", "Require: x-own"))
    assert verdict is not None
    assert (verdict[0], list(verdict[2])) == (420, ["Unsupported: x-other, x-own"])
    assert status("REGISTER", "Require: path") == 0
    assert status("OPTIONS", "Proxy-Require: x") == 0
    assert status("CANCEL", "Require: x") == 0
    assert status("ACK", "Require: x") == 0


def test_max_forwards_counts_for_what_goes_on() -> None:
    assert status("INVITE", "Max-Forwards: 0") == 483
    assert status("INVITE", "Max-Forwards: 1") == 0
    assert status("INVITE", "Max-Forwards: 0", to="<sip:600@pbx>;tag=2") == 0
    assert status("OPTIONS", "Max-Forwards: 0") == 0


def test_bodies() -> None:
    assert status("INVITE", "Content-Type: application/sdp", body="v=0") == 0
    assert status("INVITE", "c: APPLICATION/SDP;x=y", body="v=0") == 0
    assert status("INVITE", body="v=0") == 400
    verdict = check(make("INVITE", "Content-Type: text/plain", body="x"))
    assert verdict is not None
    assert (verdict[0], list(verdict[2])) == (415, ["Accept: application/sdp"])
    assert status("INVITE", "Content-Type: text/plain", "Content-Disposition: render; handling=optional", body="x") == 0
    verdict = check(make("INVITE", "Content-Type: application/sdp", "Content-Encoding: gzip", body="x"))
    assert verdict is not None
    assert (verdict[0], list(verdict[2])) == (415, ["Accept-Encoding: identity"])
    assert status("INVITE", "Content-Type: application/sdp", "e: identity", body="x") == 0
    assert status("INFO", "Content-Type: application/dtmf-relay", body="Signal=1") == 0
    assert status("INFO", "Content-Type: application/dtmf", body="1") == 0
    assert status("INFO", "Content-Type: text/x", body="1") == 415
    assert status("BYE", "Content-Type: text/x", body="1") == 0
    assert status("OPTIONS", "Content-Type: text/x", body="1") == 0


def test_multipart_invite() -> None:
    body = "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b\r\nContent-Type: text/x\r\n\r\nx\r\n--b--\r\n"
    assert status("INVITE", "Content-Type: multipart/mixed;boundary=b", body=body) == 0
    assert status("INVITE", "Content-Type: multipart/mixed;boundary=c", body=body) == 415
    assert status("INVITE", "Content-Type: multipart/mixed", body=body) == 400


def test_contacts() -> None:
    assert status("INVITE", "Contact: <sip:a@b>, <sip:c@d>") == 400
    assert status("INVITE", "Contact: <sip:") == 400
    assert status("INVITE", "Contact: <sip:a@b>") == 0
    assert status("REGISTER", "Contact: <sip:") == 400
    assert status("REGISTER", "Contact: <sip:a@b>;q=0.5, <sip:c@d>;q=1.0") == 0
    for q in ("2.0", "x", "-1", "1.5", "0.5555", "²"):
        assert status("REGISTER", f"Contact: <sip:a@b>;q={q}") == 400, q
    assert status("REGISTER", "Contact: *", "Expires: 0") == 0
    assert status("REGISTER", "Contact: *", "Expires: 10") == 400
    assert status("REGISTER", "Contact: *") == 400
    assert status("REGISTER", to="<tel:+48123>") == 400


def test_replaces() -> None:
    assert status("INVITE", "Replaces: x;to-tag=a;from-tag=b") == 0
    assert status("INVITE", "Require: replaces", "Replaces: x;to-tag=a;from-tag=b;early-only") == 0
    for bad in ("x", "x;to-tag=a", ";to-tag=a;from-tag=b", "x;to-tag=;from-tag=b", 'x;to-tag=a;from-tag="b'):
        assert status("INVITE", f"Replaces: {bad}") == 400, bad
    assert status("INVITE", "Replaces: x;to-tag=a", "Replaces: y") == 400
    assert status("INVITE", "Join: x", "Require: join") == 420


def test_refer() -> None:
    assert status("REFER", "Refer-To: <sip:103@pbx>") == 0
    assert status("REFER", "Refer-To: sip:103@pbx;method=INVITE") == 0
    assert status("REFER", "Refer-To: tel:+48123") == 0
    assert status("REFER", "Refer-To: <sip:103@pbx?Replaces=x%3Bto-tag%3Da%3Bfrom-tag%3Db>") == 0
    assert status("REFER") == 400
    assert status("REFER", "Refer-To: <sip:1@pbx>", "Refer-To: <sip:2@pbx>") == 400
    for bad in ("<sip:pbx>", "<mailto:a@b>", "<sip:103@pbx?Replaces=x>", '"x', "<http://x>"):
        assert status("REFER", f"Refer-To: {bad}") == 400, bad
    assert status("REFER", "Refer-To: <sip:103@pbx;method=BYE>") == 501
