"""What stands before every route of the HTTP API."""

from __future__ import annotations

import asyncio
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field

from pbx.api.control import Refused
from pbx.api.rest.access import PUBLIC, Permission, Principal, allow, allows
from pbx.api.rest.app import rest_app
from pbx.api.rest.limits import RateLimit
from pbx.api.rest.page import Paging, make_cursor, page_of, read_cursor
from pbx.store.errors import StoreError
from tests.support.rest import Counted, client, services


class Thing(BaseModel):
    name: str = Field(max_length=10)
    count: int = 0


def things() -> APIRouter:
    router = APIRouter(prefix="/things")
    made: list[str] = []
    router.entered = asyncio.Event()  # type: ignore[attr-defined]
    router.gate = asyncio.Event()  # type: ignore[attr-defined]

    @router.get("", dependencies=[allow(Permission.CALLS_READ)])
    async def everything(page: Paging) -> dict[str, object]:
        return page_of(made, page, str)

    @router.post("", status_code=201, dependencies=[allow(Permission.CALLS_CONTROL)])
    async def make(thing: Thing) -> Thing:
        made.append(thing.name)
        if thing.name == "slow":
            router.entered.set()  # type: ignore[attr-defined]
            await router.gate.wait()  # type: ignore[attr-defined]
        if thing.name == "busy":
            raise Refused(409, "it is busy")
        if thing.name == "disk":
            raise StoreError("the disk is full")
        if thing.name == "fault":
            raise ZeroDivisionError("secret")
        return thing

    @router.get("/mine")
    async def mine(who: Annotated[Principal, allows(Permission.SELF)]) -> str:
        return who.name

    @router.get("/open", dependencies=[allow(PUBLIC)])
    async def anybody() -> str:
        return "hello"

    return router


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    return body


async def test_rights_are_asked_before_the_body() -> None:
    garbage = {"content": b"{", "headers": {"content-type": "application/json"}}
    async with client([things()]) as nobody:
        answer = await nobody.post("/things", **garbage)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await nobody.get("/things/open")).json() == "hello"
    async with client([things()], "stranger") as stranger:
        problem(await stranger.get("/things"), 401)
        assert (await stranger.get("/things/open")).status_code == 200  # a stale token keeps nobody from logging in
    async with client([things()], "viewer") as viewer:
        assert "calls.control" in str(problem(await viewer.post("/things", **garbage), 403)["detail"])
        assert (await viewer.get("/things/mine")).json() == "viewer"
    async with client([things()], "agent") as agent:
        assert (await agent.post("/things", json={"name": "a"})).status_code == 201


async def test_a_route_without_a_right_does_not_start() -> None:
    router = APIRouter()

    @router.get("/forgotten")
    async def forgotten() -> str:
        return ""

    with pytest.raises(TypeError, match="/forgotten declares no right"):
        rest_app([router], services())
    outer = APIRouter()
    outer.include_router(router)
    with pytest.raises(TypeError, match="flat"):
        rest_app([outer], services())
    with pytest.raises(TypeError, match="declared twice"):
        rest_app([things(), things()], services())


async def test_every_error_is_a_problem(caplog: pytest.LogCaptureFixture) -> None:
    counted = Counted()
    async with client([things()], "admin", services(observe=counted)) as admin:
        body = problem(await admin.post("/things", json={"name": "x" * 11, "count": "secret"}), 422)
        assert body["errors"][0]["where"] == ["body", "name"]  # type: ignore[index]
        assert "secret" not in str(body)
        problem(await admin.post("/things", content=b"{", headers={"content-type": "application/json"}), 422)
        problem(await admin.get("/nothing"), 404)
        answer = await admin.delete("/things")
        problem(answer, 405)
        assert answer.headers["allow"]
        problem(await admin.post("/things", json={"name": "busy"}), 409)
        answer = await admin.post("/things", json={"name": "disk"})
        problem(answer, 503)
        assert answer.headers["retry-after"]
        assert "secret" not in str(problem(await admin.post("/things", json={"name": "fault"}), 500))
        problem(await admin.get("/things", params={"limit": 201}), 422)
        problem(await admin.get("/things", params={"cursor": "nonsense"}), 422)
        answer = await admin.get("/things")
    assert {"cache-control", "referrer-policy"} <= set(answer.headers)
    assert ("/things", "POST", 409) in counted
    assert ("none", "GET", 404) in counted
    assert [record for record in caplog.records if record.exc_info]  # the fault, and nothing else
    assert caplog.text.count("Traceback") == 1


async def test_bodies_are_capped() -> None:
    async def endless():
        for _ in range(40):
            yield b" " * 65_536

    async with client([things()], "admin") as admin:
        json = {"content-type": "application/json"}
        answer = await admin.post("/things", content=b"{}", headers={**json, "content-length": str(4 << 30)})
        problem(answer, 413)
        assert answer.headers["connection"] == "close"
        problem(await admin.post("/things", content=endless(), headers=json), 413)
        problem(await admin.post("/things", content=endless(), headers={**json, "idempotency-key": "1"}), 413)


async def test_a_key_acts_once() -> None:
    router, made = things(), services()
    async with client([router], "admin", made) as admin:
        key = {"idempotency-key": "one"}
        first = await admin.post("/things", json={"name": "a", "count": 1}, headers=key)
        again = await admin.post("/things", json={"name": "a", "count": 1}, headers=key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert again.headers["idempotency-replayed"] == "true"
        assert len(made.audit) == 1  # type: ignore[arg-type]
        assert (await admin.get("/things")).json()["items"] == ["a"]
        problem(await admin.post("/things", json={"name": "b"}, headers=key), 422)
        problem(await admin.post("/things", json={"name": "b"}, headers={"idempotency-key": "x" * 129}), 422)
        # A refusal has done nothing: the key is free for the right request.
        other = {"idempotency-key": "two"}
        problem(await admin.post("/things", json={"name": "x" * 11}, headers=other), 422)
        assert (await admin.post("/things", json={"name": "c"}, headers=other)).status_code == 201
        # A fault may have done something: it is not repeated.
        third = {"idempotency-key": "three"}
        problem(await admin.post("/things", json={"name": "fault"}, headers=third), 500)
        assert "idempotency-replayed" in (await admin.post("/things", json={"name": "fault"}, headers=third)).headers
        # The same key at the same time.
        fourth = {"idempotency-key": "four"}
        running = asyncio.ensure_future(admin.post("/things", json={"name": "slow"}, headers=fourth))
        await router.entered.wait()  # type: ignore[attr-defined]
        problem(await admin.post("/things", json={"name": "slow"}, headers=fourth), 409)
        router.gate.set()  # type: ignore[attr-defined]
        assert (await running).status_code == 201


async def test_a_key_is_its_owner_s_alone() -> None:
    async with client([things()], "admin") as admin:
        key, body = {"idempotency-key": "one"}, {"name": "a"}
        assert (await admin.post("/things", json=body, headers=key)).status_code == 201
        theirs = await admin.post("/things", json=body, headers={**key, "authorization": "Bearer supervisor"})
        assert (theirs.status_code, "idempotency-replayed" in theirs.headers) == (201, False)
        assert "idempotency-replayed" in (await admin.post("/things", json=body, headers=key)).headers


async def test_pages() -> None:
    async with client([things()], "admin") as admin:
        for number in range(5):
            await admin.post("/things", json={"name": str(number)})
        seen, cursor = [], ""
        while cursor is not None:
            page = (await admin.get("/things", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
            seen.append(page["items"])
            cursor = page["next"]
        for cursor in ("x", "e30", "WzFd", "WyJcdTAwMDAiXQ", "WyJhIiwxXQ", "WyLDIl0"):
            problem(await admin.get("/things", params={"cursor": cursor}), 422)
    assert seen == [["0", "1"], ["2", "3"], ["4"]]
    with pytest.raises(Refused):
        read_cursor(make_cursor(2**63), int)
    assert read_cursor(make_cursor(-1, 0.5, "ż"), int, float, str) == (-1, 0.5, "ż")


async def test_rates_are_limited_by_principal_and_by_address() -> None:
    now = 0.0
    made = services(
        principal_limit=RateLimit(2.0, 3, lambda: now), address_limit=RateLimit(0.1, 2, lambda: now), observe=Counted()
    )
    async with client([things()], "admin", made) as admin:
        statuses = [(await admin.get("/things")).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        answer = await admin.get("/things")
        problem(answer, 429)
        assert answer.headers["retry-after"] == "1"
        agent = {"authorization": "Bearer agent"}
        assert (await admin.get("/things", headers=agent)).status_code == 200  # another principal of the same address
        now = 0.5
        assert (await admin.get("/things")).status_code == 200
        wrong = {"authorization": "Bearer guess"}
        statuses = [(await admin.get("/things", headers=wrong)).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]
        assert (await admin.get("/things", headers=agent)).status_code == 200
    assert made.observe[-1] == ("/things", "GET", 200)  # type: ignore[index]
