"""The control socket's routes of flows: bodies are checked, refusals keep their status and text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pbx.api.control import Refused
from pbx.api.flow_routes import MAX_BODY, flow_routes


class Fake:
    """Answers with what it was asked."""

    async def flows(self) -> list[dict[str, Any]]:
        return [{"name": "main"}]

    async def versions(self, name: str) -> list[dict[str, Any]]:
        return [{"asked": name}]

    async def document(self, name: str, version: int | None) -> dict[str, Any]:
        if version == 9:
            raise Refused(404, "no version 9")
        return {"asked": [name, version]}

    async def diff(self, name: str, old: int | None, new: int | None) -> list[dict[str, str]]:
        return [{"asked": f"{name} {old} {new}"}]

    async def check(self, document: Any) -> dict[str, Any]:
        return {"asked": document}

    def progress(self, name: str) -> dict[str, int]:
        return {"done": 1, "all": len(name)}

    def schema(self) -> dict[str, Any]:
        return {"title": "flow"}

    async def draft(self, name: str, document: Any, author: str, note: str) -> dict[str, Any]:
        return {"asked": [name, document, author, note]}

    async def publish(self, name: str, version: int | None, by: str, note: str, force: bool) -> dict[str, Any]:
        return {"asked": [name, version, by, note, force]}

    async def rollback(self, name: str, to: int | None, by: str, note: str) -> dict[str, Any]:
        return {"asked": [name, to, by, note]}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=Starlette(routes=flow_routes(Fake())))
    async with httpx.AsyncClient(transport=transport, base_url="http://pbx") as client:
        yield client


ASKED: list[tuple[str, str, Any, Any]] = [
    ("GET", "/flows", None, [{"name": "main"}]),
    ("GET", "/flow-schema", None, {"title": "flow"}),
    ("GET", "/flows/main", None, {"asked": ["main", None]}),
    ("GET", "/flows/a%20b?version=3", None, {"asked": ["a b", 3]}),
    ("GET", "/flows/main/versions", None, [{"asked": "main"}]),
    ("GET", "/flows/main/progress", None, {"done": 1, "all": 4}),
    ("GET", "/flows/main/diff?old=0&new=2", None, [{"asked": "main 0 2"}]),
    ("POST", "/flow-check", {"document": [1]}, {"asked": [1]}),
    ("PUT", "/flows/main/draft", {"document": 5, "by": "ada", "note": "why"}, {"asked": ["main", 5, "ada", "why"]}),
    ("POST", "/flows/main/publish", {}, {"asked": ["main", None, "control", "", False]}),
    ("POST", "/flows/main/publish", {"version": 2, "force": True}, {"asked": ["main", 2, "control", "", True]}),
    ("POST", "/flows/main/rollback", {"to": 0, "by": "ada"}, {"asked": ["main", 0, "ada", ""]}),
]


@pytest.mark.parametrize(("method", "path", "body", "answer"), ASKED)
async def test_what_is_asked_arrives(client: httpx.AsyncClient, method: str, path: str, body: Any, answer: Any) -> None:
    response = await client.request(method, path, json=body)
    assert (response.status_code, response.json()) == (200, answer)


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/flows/main?version=9", None, 404, "no version 9"),
    ("GET", "/flows/main?version=new", None, 422, "version is the number of a version"),
    ("GET", f"/flows/{'x' * 65}", None, 422, "names of flows have at most 64 characters"),
    ("GET", "/flows/main/diff?old=-1", None, 422, "old is the number of a version"),
    ("POST", "/flows/main/publish", {"version": True}, 422, "version is the number of a version"),
    ("POST", "/flows/main/publish", {"by": "x" * 65}, 422, "by is a text of at most 64 characters"),
    ("POST", "/flows/main/rollback", {"note": 5}, 422, "note is a text of at most 500 characters"),
    ("PUT", "/flows/main/draft", [], 422, "the body must be a JSON object"),
    ("PUT", "/flows/main/draft", {"x": "x" * MAX_BODY}, 413, f"the body is over {MAX_BODY} bytes"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "text"), REFUSED)
async def test_what_is_wrong_is_said(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, text: str
) -> None:
    response = await client.request(method, path, json=body)
    assert (response.status_code, response.json()["error"]) == (status, text)
