"""URIs: parts, escapes, comparison (RFC 3261 section 19.1.4), and nothing raised but UriError."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sip.uri import Uri, UriError, escape_user, split_host_port, unescape
from tests.support.timing import fastest


def test_parts() -> None:
    uri = Uri.parse("sips:Alice:pw@Example.COM:5061;transport=TCP;lr?Subject=a%20b&Priority=urgent")
    assert (uri.scheme, uri.user, uri.password, uri.host, uri.port) == ("sips", "Alice", "pw", "example.com", 5061)
    assert uri.params == {"transport": "TCP", "lr": ""}
    assert uri.headers == {"subject": "a b", "priority": "urgent"}
    assert str(uri) == "sips:Alice:pw@Example.COM:5061;transport=TCP;lr?Subject=a%20b&Priority=urgent"


def test_short_and_other_forms() -> None:
    assert (Uri.parse("sip:example.com").user, Uri.parse("sip:example.com").port) == ("", None)
    assert Uri.parse("SIP:[2001:db8::1]:5060").host == "[2001:db8::1]"
    tel = Uri.parse("tel:+48-12-345;phone-context=x")
    assert (tel.scheme, tel.user, tel.host, tel.params) == ("tel", "+48-12-345", "", {"phone-context": "x"})
    assert Uri.parse("urn:service:sos").opaque == "service:sos"


def test_user_part_is_split_before_it_is_unescaped() -> None:
    uri = Uri.parse("sip:sips%3Auser%40example.com@example.net")
    assert (uri.user, uri.host) == ("sips:user@example.com", "example.net")
    assert Uri.parse("sip:a;b?c=d@host").user == "a;b?c=d"
    assert Uri.parse("sip:%2541@host").user == "%41"


def test_control_characters_stay_escaped() -> None:
    assert Uri.parse("sip:a%0d%0aVia:x@host").user == "a%0d%0aVia"
    assert unescape("%00%41") == "%00%41"
    assert unescape("%41%C5%BC%ff") == "Aż\ufffd"


def test_format_escapes_what_must_be() -> None:
    uri = Uri("sip", "a b@c;ż", "host", 5060, params={"x": "1 2", "lr": ""}, headers={"subject": "a&b"})
    assert str(uri) == "sip:a%20b%40c;%C5%BC@host:5060;x=1%202;lr?subject=a%26b"
    again = Uri.parse(str(uri))
    assert again.user == "a b@c;ż"
    assert again == uri
    assert escape_user("#100") == "%23100"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+48(12)345-67", "tel:+481234567"),
    ],
)
def test_equal(one: str, other: str) -> None:
    assert Uri.parse(one) == Uri.parse(other)
    assert hash(Uri.parse(one)) == hash(Uri.parse(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:bob@phone21.com", "sip:bob@192.0.2.4"),
        ("sip:bob:a@h", "sip:bob:b@h"),
    ],
)
def test_different(one: str, other: str) -> None:
    assert Uri.parse(one) != Uri.parse(other)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":",
            "sip",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@b@c",
            "sip:h:",
            "sip:h:0",
            "sip:h:65536",
            "sip:h:1a",
            "sip:a%4@h",
        ),
        *(
            "sip:a%@h",
            "sip:a b@h",
            "sip:a@h o",
            "<sip:h>",
            "sip:[::1",
            "sip:[]",
            "sip:h;",
            "sip:h;;a",
            "sip:h;=1",
            "sip:h?",
            "sip:a\r\n@h",
        ),
        *("sip:a@h\x00", "1x:a", "tel:", "sip:ż@h", "sip:" + "a" * 2049, "sip:h/x", "sip:2001:db8::10"),
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(UriError):
        Uri.parse(text)


def test_host_and_port() -> None:
    assert split_host_port("h:5060") == ("h", 5060)
    assert split_host_port("[::1]") == ("[::1]", None)
    for text in ("", "h:", ":1", "[::1", "[::1]x", "[::1]:", "h:99999"):
        with pytest.raises(UriError):
            split_host_port(text)


@given(st.text(max_size=60), st.text('sip:@[]%;?&=0a.,<>"', max_size=60))
@settings(max_examples=400, deadline=None)
def test_nothing_else_is_raised(plain: str, nasty: str) -> None:
    for text in (plain, nasty, "sip:" + plain, "sip:" + nasty, "sip:a@h;" + nasty):
        try:
            uri = Uri.parse(text)
        except UriError:
            continue
        assert uri == Uri.parse(str(uri))
        Uri.parse(uri.format())


@given(st.text(min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_user_survives_format_and_parse(user: str) -> None:
    uri = Uri.parse(str(Uri("sip", user, "host")))
    assert unescape(escape_user(user)) == uri.user


@pytest.mark.parametrize(
    "text",
    ["sip:" + "a" * 2000, "sip:" + "a:" * 1000, "sip:a@h" + ";a" * 1000, "sip:" + "%41" * 680, "sip:[" + ":" * 2000],
)
def test_no_input_is_slow(text: str) -> None:
    assert fastest(lambda: Uri.parse(text), UriError) < 0.005
