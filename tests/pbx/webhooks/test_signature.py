"""Signatures, and the words of the documentation about them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pbx.webhooks.catalogue import NAMES, TYPES, schema, wanted_by
from pbx.webhooks.signature import sign, verify

DOCS = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text()


def blocks(language: str) -> list[str]:
    return [part.split("```")[0] for part in DOCS.split(f"```{language}\n")[1:]]


def test_a_signature_is_of_the_body_the_time_and_a_secret() -> None:
    header = sign(b"{}", ["new", "old"], 1000)
    assert verify(header, b"{}", "new", 1000)
    assert verify(header, b"{}", "old", 1300)
    assert not verify(header, b"{}", "other", 1000)
    assert not verify(header, b"{ }", "new", 1000)
    assert not verify(header, b"{}", "new", 1301)
    assert not verify(header.replace("t=1000", "t=1001"), b"{}", "new", 1000)
    for senseless in ("", "t=,v1=", "v1=x", "t=1e3,v1=x", "t=1000", "t=1000,t=1000," + header, "v1=\u0142,t=1000"):
        assert not verify(senseless, b"{}", "new", 1000)
    # RFC 4231's idea of a vector: made once by `printf '1000.{}' | openssl dgst -sha256 -hmac secret`.
    assert sign(b"{}", ["secret"], 1000) == "t=1000,v1=" + VECTOR


VECTOR = "026360fb6284f077f1148b1ae7c62679730497810a6a0321574de01e8b009e7a"


def test_the_documented_check_is_right() -> None:
    found: dict[str, Any] = {}
    exec(blocks("python")[0], found)
    now = int(time.time())
    good = sign(b"{}", ["a", "b"], now)
    assert found["is_ours"](good, b"{}", "a")
    assert found["is_ours"](good, b"{}", "b")
    assert not found["is_ours"](good, b"{}", "c")
    assert not found["is_ours"](good, b"{1}", "a")
    assert not found["is_ours"](sign(b"{}", ["a"], now - 301), b"{}", "a")
    assert not found["is_ours"]("", b"{}", "a")


def test_the_documented_examples_and_events_are_those_of_the_catalogue() -> None:
    for text in blocks("json"):
        body = json.loads(text)
        assert fits(body, schema(body["type"])) == []
    table = DOCS.split("## The events")[1].split("## Is it ours?")[0]
    for name, each in TYPES.items():
        assert f"`{name}`" in table
        assert [field for field in each.fields if f"`{field}`" not in table] == []


def test_patterns_stand_for_events() -> None:
    assert wanted_by(["*"]) == set(NAMES)
    assert wanted_by(["sms.*", "call.ended"]) == {name for name in NAMES if name.startswith("sms.")} | {"call.ended"}
    for wrong in ("ping", "call", "nothing.*", ""):
        with pytest.raises(ValueError, match="no event"):
            wanted_by([wrong])


KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "null": (type(None),),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def fits(value: Any, given: dict[str, Any], where: str = "") -> list[str]:
    """What of `value` does not fit the part of JSON Schema that the catalogue uses; fields beyond it do not either."""
    if "const" in given:
        return [] if value == given["const"] else [f"{where} is not {given['const']!r}"]
    names = given["type"] if isinstance(given["type"], list) else [given["type"]]
    if not any(isinstance(value, KINDS[name]) and (name == "boolean" or value is not True) for name in names):
        return [f"{where} is {value!r}, no {names}"]
    if not isinstance(value, dict) or "properties" not in given:
        return []
    wrong = [f"{where} has no {name}" for name in given["required"] if name not in value]
    for name, inner in value.items():
        known = given["properties"].get(name)
        wrong += [f"{where}.{name} is unknown"] if known is None else fits(inner, known, f"{where}.{name}")
    return wrong
