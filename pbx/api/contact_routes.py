"""The control socket's routes of contacts that somebody owes an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

MAX_LIST = 10_000
TEXTS = ("state", "queue", "number", "owner", "end", "kind")
TIMES = ("since", "until")
BY = 'give {"by": "agent:101"}: who does it'


class ContactControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def contacts(self, wanted: dict[str, str], times: dict[str, float], limit: int) -> list[dict[str, Any]]: ...
    async def summary(self) -> dict[str, Any]: ...
    async def contact(self, contact: str) -> dict[str, Any]: ...
    async def add(self, body: dict[str, Any]) -> dict[str, Any]: ...
    async def claim(self, contact: str, by: str) -> dict[str, Any]: ...
    async def release(self, contact: str, by: str, reason: str) -> dict[str, Any]: ...
    async def close(self, contact: str, end: str, by: str, reason: str) -> dict[str, Any]: ...


def contact_routes(control: ContactControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def contacts(request: Request) -> Any:
        if request.method == "POST":
            return await control.add(await read_json(request))
        return await control.contacts(*_wanted(request.query_params))

    async def summary(_: Request) -> Any:
        return await control.summary()

    async def contact(request: Request) -> Any:
        return await control.contact(request.path_params["contact"])

    async def claim(request: Request) -> Any:
        body = await read_json(request)
        return await control.claim(request.path_params["contact"], _text(body, "by", BY))

    async def release(request: Request) -> Any:
        body = await read_json(request)
        by, reason = _text(body, "by", BY), str(body.get("reason") or "")
        return await control.release(request.path_params["contact"], by, reason)

    async def close(request: Request) -> Any:
        body = await read_json(request)
        end = _text(body, "end", 'give {"end": "reached", "by": "agent:101", "reason": "..."}')
        by, reason = _text(body, "by", BY), str(body.get("reason") or "")
        return await control.close(request.path_params["contact"], end, by, reason)

    return [
        Route("/contacts", json_route(contacts), methods=["GET", "POST"]),
        Route("/contacts/summary", json_route(summary)),
        Route("/contacts/{contact}", json_route(contact)),
        Route("/contacts/{contact}/claim", json_route(claim), methods=["POST"]),
        Route("/contacts/{contact}/release", json_route(release), methods=["POST"]),
        Route("/contacts/{contact}/close", json_route(close), methods=["POST"]),
    ]


def _wanted(query: Mapping[str, str]) -> tuple[dict[str, str], dict[str, float], int]:
    """Texts, times and how many are asked for. Refused 422 for what is no number."""
    texts = {name: query[name] for name in TEXTS if query.get(name)}
    if query.get("overdue") in ("1", "true"):
        texts["overdue"] = "1"
    times = {name: _number(query[name], name) for name in TIMES if query.get(name)}
    limit = int(_number(query.get("limit", "1000"), "limit"))
    return texts, times, max(1, min(limit, MAX_LIST))


def _text(body: dict[str, Any], name: str, remedy: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 200:
        raise Refused(422, remedy)
    return value


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e12:
        raise Refused(422, f"{name} is {text!r}: give a number")
    return value
