"""The control socket's routes of prompts: sounds come and go as bodies, refusals keep their status and text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pbx.api import prompt_routes
from pbx.api.control import Refused


class Fake:
    """Answers with what it was asked."""

    async def prompts(self, flow: str, *, draft: bool = False) -> list[dict[str, Any]]:
        return [{"flow": flow, "draft": draft}]

    async def sound(self, text: str, language: str, voice: str, rate: int) -> bytes:
        if not text:
            raise Refused(422, "a prompt has no text")
        return f"{text}|{language}|{voice}|{rate}".encode()

    async def recording(self, text: str, language: str) -> bytes:
        raise Refused(404, "there is no recording")

    async def override(self, data: bytes, **about: str) -> dict[str, Any]:
        return {"octets": len(data), **about}

    async def remove(self, text: str, language: str) -> dict[str, Any]:
        return {"removed": [text, language]}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=prompt_routes.prompt_routes(Fake()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://pbx") as client:
        yield client


async def test_lists_and_sounds(client: httpx.AsyncClient) -> None:
    assert (await client.get("/prompts", params={"flow": "hotline"})).json() == [{"flow": "hotline", "draft": False}]
    assert (await client.get("/prompts?flow=hotline&draft=1")).json()[0]["draft"]
    sound = await client.get("/prompts/sound", params={"text": "Dzień & noc", "language": "pl", "rate": "16000"})
    assert sound.headers["content-type"] == "audio/wav"
    assert sound.content.decode() == "Dzień & noc|pl||16000"
    for params, text in (({"text": "x", "rate": "loud"}, "number of Hz"), ({}, "no text")):
        refused = await client.get("/prompts/sound", params=params)
        assert refused.status_code == 422
        assert text in refused.json()["error"]


async def test_recordings(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    about = {"text": "Raz", "language": "pl", "use": "fallback", "source": "a.mp3", "author": "anna"}
    taken = await client.post("/prompts/recording", params=about, content=b"sound")
    assert taken.json() == {"octets": 5, **about}
    assert (await client.get("/prompts/recording", params=about)).status_code == 404
    gone = await client.delete("/prompts/recording", params={"text": "Raz", "language": "pl"})
    assert gone.json() == {"removed": ["Raz", "pl"]}
    monkeypatch.setattr(prompt_routes, "MAX_UPLOAD", 4)
    assert (await client.post("/prompts/recording", params=about, content=b"sound")).status_code == 413
