"""The control socket's routes of callbacks: requests, and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json, texts_of
from pbx.api.controls import CallbackControl

TEXTS = ("number", "queue", "key", "name", "language", "mode", "source", "preferred_agent", "zone")
NUMBERS = ("promise_s", "priority")
TIMES = ("at", "until")
KNOWN = {*TEXTS, *NUMBERS, *TIMES, "tags"}
MAX_TEXT = 200


def callback_routes(control: CallbackControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def callbacks(request: Request) -> Any:
        if request.method == "POST":
            return await control.request(_fields(await read_json(request)))
        return control.callbacks()

    async def figures(_: Request) -> Any:
        return control.figures()

    async def previews(_: Request) -> Any:
        return control.previews()

    async def preview(request: Request) -> Any:
        accept = (await read_json(request)).get("accept")
        if not isinstance(accept, bool):
            raise Refused(422, 'give {"accept": true} or {"accept": false}')
        return control.preview(request.path_params["agent"], accept)

    async def one(request: Request) -> Any:
        contact = request.path_params["contact"]
        if request.method == "DELETE":
            return await control.cancel(contact)
        body = await read_json(request)
        return await control.reschedule(contact, _moment(body.get("at"), "at"))

    return [
        Route("/callbacks", json_route(callbacks), methods=["GET", "POST"]),
        Route("/callbacks/figures", json_route(figures)),
        Route("/callbacks/previews", json_route(previews)),
        Route("/callbacks/previews/{agent}", json_route(preview), methods=["POST"]),
        Route("/callbacks/{contact}", json_route(one), methods=["DELETE", "POST"]),
    ]


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """What a request may say, each of its type. Refused 422 for anything else."""
    fields = texts_of(body, KNOWN, TEXTS, MAX_TEXT)
    for name in ("number", "queue"):
        if not fields.get(name):
            raise Refused(422, f'give {{"{name}": "..."}}')
    for name in NUMBERS:
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e9:
            raise Refused(422, f"{name} is a number")
        fields[name] = int(value) if name == "priority" else float(value)
    for name in TIMES:
        if body.get(name) is not None:
            fields[name] = _moment(body[name], name)
    tags = body.get("tags", {})
    if not isinstance(tags, dict) or not all(isinstance(text, str) for pair in tags.items() for text in pair):
        raise Refused(422, 'tags are texts by name: {"campaign": "autumn"}')
    return {**fields, "tags": tags}


def _moment(value: Any, name: str) -> float:
    """UTC seconds, or an ISO 8601 instant with its offset."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise Refused(422, f'{name} is no instant; write "2026-12-24T10:00+01:00"') from None
    if found.tzinfo is None:
        raise Refused(422, f'{name} has no offset; write "2026-12-24T10:00+01:00"')
    return found.timestamp()
