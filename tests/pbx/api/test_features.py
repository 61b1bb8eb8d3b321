"""The control socket's routes of the call features: bodies are checked, refusals keep their status and text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pbx.api.control import Refused
from pbx.api.features import feature_routes


class Fake:
    """Answers with what it was asked."""

    def parked(self) -> list[dict[str, Any]]:
        return [{"slot": "701"}]

    def rooms(self) -> list[dict[str, Any]]:
        return []

    def phones(self) -> list[dict[str, Any]]:
        return []

    def room(self, name: str, action: str, who: str) -> dict[str, Any]:
        return {"asked": [name, action, who]}

    async def set_phone(self, extension: str, changes: dict[str, Any]) -> dict[str, Any]:
        return {"asked": [extension, changes]}

    def originate(
        self, caller: str, target: str, *, answer: bool = False, account: str = "", caller_id: str = "", tag: str = ""
    ) -> dict[str, Any]:
        if caller == "999":
            raise Refused(404, "there is no extension")
        more = [one for one in (account, caller_id, tag) if one]
        return {"asked": [caller, target, answer, *more]}

    def park(self, call_id: str, by: str) -> dict[str, Any]:
        return {"asked": [call_id, by]}

    def record(self, call_id: str, action: str) -> dict[str, Any]:
        return {"asked": [call_id, action]}

    def supervise(self, mode: str, supervisor: str, target: str) -> dict[str, Any]:
        return {"asked": [mode, supervisor, target]}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=feature_routes(Fake()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://pbx") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [
        ("/rooms/daily", {"action": "kick", "who": "101"}, ["daily", "kick", "101"]),
        ("/rooms/daily", {"action": "lock"}, ["daily", "lock", ""]),
        ("/phones/101", {"dnd": True}, ["101", {"dnd": True}]),
        ("/originate", {"from": "101", "to": "102"}, ["101", "102", False]),
        ("/originate", {"from": "101", "to": "102", "answer": True}, ["101", "102", True]),
        (
            "/originate",
            {"from": "+48600100200", "to": "102", "account": "101", "caller_id": "+48221234567", "tag": "crm"},
            ["+48600100200", "102", False, "101", "+48221234567", "crm"],
        ),
        ("/calls/abc/recording", {"action": "start"}, ["abc", "start"]),
        ("/calls/abc/park", {"by": "101"}, ["abc", "101"]),
        ("/supervise", {"mode": "listen", "supervisor": "104", "target": "101"}, ["listen", "104", "101"]),
    ],
)
async def test_posts(client: httpx.AsyncClient, path: str, body: dict[str, Any], asked: list[Any]) -> None:
    response = await client.post(path, json=body)
    assert (response.status_code, response.json()) == (200, {"asked": asked})


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/rooms/daily", {}, 422),
        ("/originate", {"from": "101"}, 422),
        ("/originate", {"from": 101, "to": "102"}, 422),
        ("/originate", {"from": "999", "to": "102"}, 404),
        ("/supervise", {"mode": "listen"}, 422),
        ("/calls/abc/recording", [], 422),
    ],
)
async def test_refusals(client: httpx.AsyncClient, path: str, body: Any, status: int) -> None:
    response = await client.post(path, json=body)
    assert response.status_code == status
    assert response.json()["error"]


async def test_lists(client: httpx.AsyncClient) -> None:
    assert (await client.get("/parked")).json() == [{"slot": "701"}]
    assert (await client.get("/rooms")).json() == []
    assert (await client.get("/phones")).json() == []
