"""Large JSON bodies, read by steps: the same values, the same refusals, and a bound on how many there are."""

from __future__ import annotations

import json

import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from pbx.api.rest.access import Permission, allow
from pbx.api.rest.patient import AT_ONCE, STEP, PatientRoute, read_json
from tests.support.rest import client

LONG = "x" * (STEP - 3)
VALUES = [
    {"a": 'x\n\t"\\\b/', "b": [1, 2.5, -3e5, True, None, {"c": {}}], "": []},
    "\U0001f600 zażółć \ud800 gęślą",
    [LONG + '"' + LONG + "\\" + LONG + "\U0001f600"],
    "",
    -0.0,
]
WRONG = (b"", b'"', b'"\\', b'"\\u12', b'"\\x"', b'"\n"', b"[1,", b'{"a":}', b'{"a":1}x', b"[1,]", b"{1:2}", b'"xxx')


@pytest.mark.parametrize("ascii_only", [True, False])
def test_it_reads_what_json_reads(ascii_only: bool) -> None:
    for value in VALUES:
        body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        assert read_json(body) == value
    assert read_json(json.dumps(VALUES).encode("utf-16")) == VALUES


@pytest.mark.parametrize("body", WRONG, ids=repr)
def test_it_refuses_what_json_refuses(body: bytes) -> None:
    for read in (json.loads, read_json):
        with pytest.raises(json.JSONDecodeError):
            read(body)


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.api.rest.patient.MAX_VALUES", 100)
    assert len(read_json(b"[" + b"[]," * 40 + b"1]")) == 41
    for bomb in (b"[" + b"[]," * 60 + b"1]", b"[" + b'"",' * 120 + b"1]", b"[" + b"1," * 120 + b"1]"):
        with pytest.raises(json.JSONDecodeError):
            read_json(bomb)


class Text(BaseModel):
    text: str


async def test_a_route_reads_large_bodies_as_small_ones() -> None:
    router = APIRouter(route_class=PatientRoute)

    @router.post("/length", dependencies=[allow(Permission.SELF)], max_body_size=1 << 20)
    async def length(body: Text) -> int:
        return len(body.text)

    async with client([router], "admin") as admin:
        for size in (3, AT_ONCE + 3):
            assert (await admin.post("/length", json={"text": "ą" * size})).json() == size
        broken = await admin.post(
            "/length", content=b'{"text": "' + b"x" * AT_ONCE, headers={"content-type": "application/json"}
        )
        assert broken.status_code == 422
        deep = await admin.post("/length", content=b"[" * (AT_ONCE + 1), headers={"content-type": "application/json"})
        assert deep.status_code in (400, 422)
