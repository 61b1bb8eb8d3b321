"""Structured header values, and nothing raised but HeaderError."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.sip.headers import HeaderError, NameAddr, Via, parse_params, quote, split_values, unquote
from tests.support.timing import fastest


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        (" a ", ["a"]),
        ("a, b,,c ,", ["a", "b", "c"]),
        ('"x, y" <sip:a@b>, <sip:c@d;e=f,g>;q=1', ['"x, y" <sip:a@b>', "<sip:c@d;e=f,g>;q=1"]),
        ('"\\", " <sip:a>,b', ['"\\", " <sip:a>', "b"]),
        ('"open, b', ['"open', "b"]),
        ("<open, b", ["<open", "b"]),
    ],
)
def test_split(text: str, values: list[str]) -> None:
    assert split_values(text) == values


def test_parameters() -> None:
    assert parse_params(';a=1;B;c="x;\\"y"') == {"a": "1", "b": "", "c": 'x;"y'}
    assert parse_params(" ; tag = t ; lr ") == {"tag": "t", "lr": ""}
    assert parse_params(";a=1;a=2") == {"a": "1"}
    for text in ("a", ";", ";;a", ";a=<b>", ';a="x', ";a=1,b"):
        with pytest.raises(HeaderError):
            parse_params(text)


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ("sip:a@b;tag=x", "", "sip:a@b", {"tag": "x"}),
        ("<sip:a@b;lr>;tag=x", "", "sip:a@b;lr", {"tag": "x"}),
        ('"A \\"B\\"" <sip:a@b>', 'A "B"', "sip:a@b", {}),
        ("Anna Maria <sip:a@b> ; q = 0.5", "Anna Maria", "sip:a@b", {"q": "0.5"}),
        ("caller<sip:a@b>", "caller", "sip:a@b", {}),
        ('"" <sip:a@b>', "", "sip:a@b", {}),
        ('"<sip:x@y>" <sip:a@b>', "<sip:x@y>", "sip:a@b", {}),
    ],
)
def test_address(text: str, display: str, uri: str, params: dict[str, str]) -> None:
    address = NameAddr.parse(text)
    assert (address.display, str(address.uri), address.params) == (display, uri, params)
    again = NameAddr.parse(str(address))
    assert (again.display, again.uri, again.params) == (display, address.uri, params)
    assert address.tag == params.get("tag", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "<sip:a@b",
        '"x <sip:a@b>',
        '"x" sip:a@b',
        '"x"y <sip:a@b>',
        "<sip:a@b>x",
        "<sip:a@b>;",
        'a"b"<sip:a@b>',
    ],
)
def test_bad_address(text: str) -> None:
    with pytest.raises(HeaderError):
        NameAddr.parse(text)


def test_quoting_is_reversible_and_keeps_header_lines_whole() -> None:
    assert unquote(quote('a "b" \\c')) == 'a "b" \\c'
    assert quote("a\r\nVia: x\x00") == '"a  Via: x "'
    assert unquote("plain") == "plain"


def test_via() -> None:
    via = Via.parse("SIP / 2.0 / UDP  Host.example:5080 ;branch=z9hG4bK1;rport;received=192.0.2.1")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "host.example", 5080, "z9hG4bK1")
    assert (via.received, via.rport, via.wants_rport) == ("192.0.2.1", None, True)
    assert Via.parse("SIP/2.0/TCP [2001:db8::1]:5060;rport=99").rport == 99
    assert Via.parse("SIP/2.0/TCP [2001:db8::1]").host == "2001:db8::1"
    assert Via.parse("SIP/2.0/UDP h : 5060 ; branch = x").port == 5060
    for text in (
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ;a",
        "SIP/2.0/UDP h:0",
        "SIP/2.0/UDP h:70000",
        "SIP/2.0/UDP h;;a",
        "SIP/3.0/UDP h",
    ):
        with pytest.raises(HeaderError):
            Via.parse(text)


@given(st.text('"\\<>;,= asip:@.%\t\r\n', max_size=60))
@settings(max_examples=400, deadline=None)
def test_nothing_else_is_raised(text: str) -> None:
    split_values(text)
    for parser in (NameAddr.parse, Via.parse, parse_params):
        for nasty in (text, "<sip:a@b>" + text, "SIP/2.0/UDP h" + text, ";a=" + text):
            with contextlib.suppress(HeaderError):
                parser(nasty)


@pytest.mark.parametrize(
    "text",
    [
        '"' * 30_000,
        "<" * 30_000,
        ";a" * 15_000,
        "," * 30_000,
        '"\\' * 15_000,
        " " * 30_000,
        ";a = " * 6_000 + "<",
        '"a",' * 7_500,
        "SIP/2.0/UDP h" + " " * 30_000 + "x",
    ],
)
def test_no_input_is_slow(text: str) -> None:
    readers: tuple[Callable[[str], object], ...] = (NameAddr.parse, Via.parse, parse_params, split_values)
    for read in readers:
        assert fastest(partial(read, text), HeaderError) < 0.05, read
