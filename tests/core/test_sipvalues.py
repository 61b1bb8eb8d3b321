"""The quick reader of header values says what a reading of the whole grammar says, or leaves it to that."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import sipvalues
from pbx.sip import digest, headers
from pbx.sip.digest import DigestError, parse_pairs
from pbx.sip.headers import HeaderError, NameAddr, parse_params

WORDS = (
    *(
        ";",
        "=",
        ",",
        '"',
        "<",
        ">",
        " ",
        "\t",
        "\\",
        "tag",
        "TAG",
        "lr",
        "a",
        "sip:a@b",
        "%41",
        "\u00e9",
        "\x0b",
        "\x00",
    ),
    *("\x00", "\r\n ", "username", "nonce", "nc=00000001", 'realm="x y"', ';expires=60;q="0.5"', "x" * 70),
    '"A B" <sip:a@b:5060;lr>',
)
texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=3), max_size=12).map("".join)


@settings(max_examples=1500)
@given(texts)
@example("")
@example(";")
@example(";a=b;A=c;d")
@example(";a= b")
@example(";a=b=c")
def test_parameters(text: str) -> None:
    quick = sipvalues.parameters(text)
    if quick is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(headers, "parameters", lambda *_: None)
            assert parse_params(text) == quick


@settings(max_examples=1500)
@given(texts)
@example('"A" <sip:a@b>;tag=1')
@example("A B <sip:a@b>")
@example('"A"x<sip:a@b>')
@example('"<" <sip:a@b>')
@example('A "B" <sip:a@b>')
@example("<sip:a@b> ;tag=1")
def test_addresses(text: str) -> None:
    quick = sipvalues.name_addr(text)
    if quick is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(headers, "name_addr", lambda _: None)
        patch.setattr(headers, "parameters", lambda *_: None)
        try:
            read = NameAddr.parse(text)
        except HeaderError:
            patch.undo()
            with pytest.raises(HeaderError):  # the URI is what is wrong
                NameAddr.parse(text)
            return
    assert (read.display, read.uri.text, read.params) == (quick[0], quick[1], quick[2] or {})


@settings(max_examples=1500)
@given(texts)
@example('a=b,c="d, e"')
@example("a=b, ,")
@example("a=b,a=c")
@example("a=")
@example('a="b\\"c"')
def test_pairs(text: str) -> None:
    quick = sipvalues.pairs(text)
    if quick is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digest, "read_pairs", lambda _: None)
        try:
            assert parse_pairs(text) == quick
        except DigestError:
            pytest.fail(f"the grammar has no {text!r}, and it was read as {quick}")


def test_what_clients_write_is_read_at_once() -> None:
    assert sipvalues.pairs('username="100", realm="r", nonce="n",uri="sip:r", nc=00000001') == {
        "username": "100", "realm": "r", "nonce": "n", "uri": "sip:r", "nc": "00000001",
    }  # fmt: skip
    assert sipvalues.name_addr('"Ala" <sip:100@192.0.2.1;ob>;Expires=120') == (
        "Ala", "sip:100@192.0.2.1;ob", {"expires": "120"},
    )  # fmt: skip
    assert sipvalues.name_addr("<sip:100@192.0.2.1>") == ("", "sip:100@192.0.2.1", None)
    assert sipvalues.parameters("x;tag=1", 1) == {"tag": "1"}


def test_long_and_unusual_ones_are_left_to_the_others() -> None:
    assert sipvalues.pairs("a=" + "b" * 5000) is None
    assert sipvalues.parameters(";" + "n" * 65) is None
    assert sipvalues.parameters("a", 5) is None
    assert sipvalues.name_addr("sip:a@b;tag=1") is None
