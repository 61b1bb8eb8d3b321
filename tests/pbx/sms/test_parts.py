"""Alphabets and cuts, against the tables of 3GPP TS 23.038 and 23.040, and against another implementation."""

from __future__ import annotations

import pytest
from aiosmpplib.codec import find_codec_info
from hypothesis import given
from hypothesis import strategies as st

from pbx.sms import gsm7
from pbx.sms.parts import Coding, encode, header, plan
from pbx.sms.transliterate import transliterate

GSM = st.text(alphabet=[*gsm7.BASIC.replace("\x1b", ""), *gsm7.EXTENSION])


def test_the_alphabet_has_127_characters_and_ten_more() -> None:
    assert len(gsm7.BASIC) == 128
    assert gsm7.encode("@Δ ¡P¿pà") == bytes([0x00, 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x7F])
    assert gsm7.encode("€[]") == bytes([0x1B, 0x65, 0x1B, 0x3C, 0x1B, 0x3E])
    assert gsm7.decode(bytes([0x1B, 0x41, 0x1B, 0x1B, 0x80])) == "A \ufffd"
    with pytest.raises(ValueError, match="ż"):
        gsm7.encode("ważąc")


@given(GSM)
def test_another_implementation_agrees(text: str) -> None:
    codec = find_codec_info("gsm0338")
    assert gsm7.encode(text) == codec.encode(text)[0]
    assert gsm7.decode(gsm7.encode(text)) == text


@pytest.mark.parametrize(
    ("text", "coding", "sizes"),
    [
        ("", Coding.GSM7, [0]),
        ("a" * 160, Coding.GSM7, [160]),
        ("a" * 161, Coding.GSM7, [153, 8]),
        ("a" * 306, Coding.GSM7, [153, 153]),
        ("a" * 307, Coding.GSM7, [153, 153, 1]),
        ("€" * 80, Coding.GSM7, [80]),
        ("€" * 81, Coding.GSM7, [76, 5]),  # the 77th would be cut in two
        ("ł" * 70, Coding.UCS2, [70]),
        ("ł" * 71, Coding.UCS2, [67, 4]),
        ("😀" * 35, Coding.UCS2, [35]),
        ("😀" * 36, Coding.UCS2, [33, 3]),  # 67 units hold 33 pairs
        ("Zażółć gęślą jaźń", Coding.UCS2, [17]),
    ],
)
def test_cuts(text: str, coding: Coding, sizes: list[int]) -> None:
    found = plan(text)
    assert found.coding is coding
    assert [len(part) for part in found.texts] == sizes


@given(st.one_of(GSM, st.text()), st.sampled_from(["8bit", "16bit"]))
def test_no_cut_loses_anything(text: str, width: str) -> None:
    found = plan(text, width)  # type: ignore[arg-type]
    assert "".join(found.texts) == text
    for number, part in enumerate(found.texts, 1):
        data = encode(part, found.coding)
        head = header(1, number, found.parts % 256, width) if found.parts > 1 else b""  # type: ignore[arg-type]
        if found.coding is Coding.UCS2:
            assert len(head) + len(data) <= 140
            assert data.decode("utf-16-be", "replace") == part.encode("utf-16", "replace").decode("utf-16")
        else:
            assert len(data) + (len(head) * 8 + 6) // 7 <= 160


def test_headers() -> None:
    assert header(0x1FF, 2, 3) == bytes([5, 0, 3, 0xFF, 3, 2])
    assert header(0x1FF, 2, 3, "16bit") == bytes([6, 8, 4, 0x01, 0xFF, 3, 2])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Zażółć gęślą jaźń, ŁÓDŹ", "Zazolc gesla jazn, LODZ"),
        ("Перезвоним в 15:00, спасибо", "Perezvonim v 15:00, spasibo"),
        ("Ждём Вас! ЩИТ", "Zhdem Vas! SHCHIT"),
        ("„tak” – nie…", '"tak" - nie...'),
        ("Übergrößenträger é", "Übergrößenträger é"),  # all of it is in the alphabet
        ("日本", "日本"),
    ],
)
def test_transliteration(text: str, plain: str) -> None:
    assert transliterate(text) == plain


@given(st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБЯ ąćęłńóśźżĄĆĘŁŃÓŚŹŻ…–„”"))
def test_both_languages_fit_when_they_are_transliterated(text: str) -> None:
    assert plan(transliterate(text)).coding is Coding.GSM7
