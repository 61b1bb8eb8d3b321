"""Paths into JSON."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.web.paths import follow, parse_path

DATA = {"a": {"b": [1, {"c": "x"}]}, "d": [[5]]}


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b[0]", 1), ("a.b[1].c", "x"), ("a.b[-1].c", "x"), ("d[0][0]", 5), ("", DATA), ("a.x", None), ("a.b[7]", None)],
)
def test_what_stands_where(path: str, value: Any) -> None:
    assert follow(DATA, parse_path(path)) == value


@pytest.mark.parametrize("path", [".a", "a..b", "a[", "a[x]", "a]", "a.", ".".join("a" * 30)])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        parse_path(path)


VALUES = st.recursive(
    st.none() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner)
)


@settings(deadline=None)
@given(st.text(max_size=40), VALUES)
def test_any_text_is_read_or_refused(path: str, data: Any) -> None:
    try:
        steps = parse_path(path)
    except ValueError:
        return
    follow(data, steps)
