"""Nothing that a caller sends makes a row that cannot be written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.store.encode import MAX_TEXT, clean, from_json, json_text, micros, number, seconds


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        ("+48 22", "+48 22"),
        (None, ""),
        (101, "101"),
        ("a\0b", "ab"),
        ("za\u017c\u00f3\u0142\u0107", "za\u017c\u00f3\u0142\u0107"),
        ("x\udcff", "x?"),
        ("é\0", "é"),
        ("a" * 9999, "a" * MAX_TEXT),
    ],
)
def test_clean(given_value: object, kept: str) -> None:
    assert clean(given_value) == kept


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=[]), max_size=40))
def test_clean_text_can_always_be_encoded(text: str) -> None:
    assert "\0" not in clean(text)
    clean(text).encode()


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.floats(), st.text(max_size=9), st.none())))
def test_json_text_of_anything(data: dict[str, Any]) -> None:
    json.loads(json_text(data))
    from_json(json_text(data))


def test_json_text_of_what_json_does_not_know() -> None:
    data = {"big": 2**80, "bytes": b"\xff", "bad": "\udcff", "set": {1}}
    assert json.loads(json_text(data)) == {"big": 2**80, "bytes": "b'\\xff'", "bad": "?", "set": "{1}"}


@pytest.mark.parametrize("value", [None, "x", -1, float("nan"), float("inf"), 1e300, [1]])
def test_number_of_nonsense_is_zero(value: object) -> None:
    assert number(value) == 0.0


def test_micros() -> None:
    assert micros(1_790_000_000.123456) == 1_790_000_000_123_456
    assert seconds(1_500_000) == 1.5
