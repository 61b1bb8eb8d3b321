"""R8 of security.md: all the ways in which somebody might make the running PBX pay for a call. The carrier's far end
listens, and hears of none.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.bare import Bare, sdp, unique
from tests.integration.conftest import House

ABROAD = "0048500100200"
HEARD = 0  # messages that the carrier may get


@pytest.fixture
def carrier(house: House) -> Iterator[Bare]:
    """The far end of the trunk; afterwards it must have heard nothing."""
    with house.phone(host=251, port=5060) as far_end:
        yield far_end
        with house.phone() as friend:
            assert friend.options().status == 200  # whatever was sent before has been dealt with
        assert far_end.drain() == HEARD


def attempt(thief: Bare, uri: str, *headers: str, method: str = "INVITE", body: bytes = b"", **more: str) -> int:
    body = body or (sdp(thief.host, 30000) if method == "INVITE" else b"")
    data = thief.message(method, uri, call_id=unique(), headers=headers, body=body, **more)  # type: ignore[arg-type]
    return thief.final(data).status


@pytest.mark.parametrize("sender", ["nobody", "101", "carrier"])
def test_no_way_of_writing_the_target(house: House, carrier: Bare, sender: str) -> None:
    with house.phone(sender, "guess") as thief:
        pbx, far = thief.pbx[0], carrier.host
        for uri in (
            f"sip:{ABROAD}@{pbx}",
            f"sip:{ABROAD}@{far}",
            f"sip:{ABROAD}@{far}:5060;transport=udp",
            f"sip:{ABROAD}@{pbx};maddr={far}",
            f"tel:+{ABROAD[2:]}",
            f"sip:carrier@{pbx}",
            f"sip:{ABROAD}%40{far}@{pbx}",
        ):
            assert attempt(thief, uri) in (400, 401, 403, 404, 416), uri


def test_no_header_opens_the_way(house: House, carrier: Bare) -> None:
    far, trusted = carrier.host, house.host(250)
    with house.phone("nobody") as thief:
        for header in (
            f"Route: <sip:{far};lr>",
            f"Route: <sip:{thief.pbx[0]};lr>, <sip:{far};lr>",
            f"P-Asserted-Identity: <sip:101@{thief.pbx[0]}>",
            f"P-Preferred-Identity: <sip:101@{thief.pbx[0]}>",
            f"Remote-Party-ID: <sip:101@{thief.pbx[0]}>;party=calling;screen=yes",
            f"Diversion: <sip:101@{thief.pbx[0]}>;reason=unconditional",
            f"Referred-By: <sip:101@{thief.pbx[0]}>",
            f"Record-Route: <sip:{trusted};lr>",
            'Authorization: Digest username="101"',
            f"X-Asterisk-Trunk: {far}",
        ):
            assert attempt(thief, f"sip:{ABROAD}@{thief.pbx[0]}", header) in (400, 401, 403), header
        via = thief.message("INVITE", f"sip:{ABROAD}@{thief.pbx[0]}", body=sdp(thief.host, 30000))
        first = f"SIP/2.0/UDP {thief.host}:{thief.port}".encode()
        forged = via.replace(first, f"SIP/2.0/UDP {trusted}:5060;received={trusted}".encode(), 1)
        thief.send(forged)  # the answer goes where it came from, or nowhere


@pytest.mark.parametrize(
    "method", ["REFER", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REGISTER", "OPTIONS", "NOTIFY", "UPDATE"]
)
def test_no_other_method_makes_a_call(house: House, carrier: Bare, method: str) -> None:
    target = f"<sip:{ABROAD}@{carrier.host}>"
    with house.phone("nobody") as thief:
        headers = [f"Refer-To: {target}", f"Refer-To: <sip:{ABROAD}@{thief.pbx[0]}>"][:1] if method == "REFER" else []
        more = ["Event: refer", "Subscription-State: active", "Expires: 60"]
        status = attempt(thief, f"sip:{ABROAD}@{thief.pbx[0]}", *headers, *more, method=method)
        assert status >= (200 if method == "OPTIONS" else 400)
    assert carrier.drain() == HEARD


def test_a_phone_cannot_send_its_callers_abroad(house: House, carrier: Bare) -> None:
    """302, and a Contact at the carrier: neither is followed."""
    contact = f"m: <sip:{ABROAD}@{carrier.host}>"
    with house.phone("102") as bob, house.phone("nobody") as thief:
        uri = f"sip:{bob.pbx[0]}"
        answer, _ = bob.authorised("REGISTER", uri, to=bob.me, headers=["Expires: 60", contact])
        assert answer.status in (200, 400, 403)
        assert attempt(thief, f"sip:102@{thief.pbx[0]}") == 401
        answer, _ = bob.authorised("REGISTER", uri, to=bob.me, headers=["Expires: 0", contact])
        assert answer.status in (200, 400, 403)
    assert carrier.drain() == HEARD


def test_the_carrier_itself_gets_no_call_back_out(house: House, carrier: Bare) -> None:
    """A trusted peer reaches its application; a REFER in that call is refused."""
    with house.phone(host=250) as peer:
        talk = peer.call(ABROAD)
        assert talk.status == 200
        refer = talk.inside("REFER", 2, headers=[f"Refer-To: <sip:{ABROAD}@{peer.pbx[0]}>"])
        assert peer.final(refer).status == 403
        assert talk.bye() == 200
