"""The control socket's routes of short messages."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json, texts_of

TEXTS = ("to", "text", "template", "language", "sender", "key", "source", "reason", "origin_call", "contact")
NUMBERS = ("once_per_h", "not_before")
KNOWN = {*TEXTS, *NUMBERS, "variables", "urgent", "preview"}
FILTERS = ("state", "number", "source", "template")
MAX_TEXT = 4000
MAX_VARIABLES = 50
MAX_LIMIT = 10_000


class SmsControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def send(self, fields: dict[str, Any], preview: bool) -> dict[str, Any]: ...
    async def messages(self, wanted: dict[str, str], limit: int) -> list[dict[str, Any]]: ...
    async def message(self, message: str) -> dict[str, Any]: ...
    async def change(self, message: str, action: str) -> dict[str, Any]: ...
    async def inbox(self, number: str, limit: int) -> list[dict[str, Any]]: ...
    def opted_out(self, limit: int) -> list[dict[str, Any]]: ...
    async def opt(self, number: str, out: bool) -> dict[str, Any]: ...
    def templates(self) -> list[dict[str, Any]]: ...
    def figures(self) -> dict[str, Any]: ...


def sms_routes(control: SmsControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def messages(request: Request) -> Any:
        if request.method == "POST":
            body = await read_json(request)
            return await control.send(_fields(body), bool(body.get("preview")))
        wanted = {name: request.query_params[name] for name in FILTERS if request.query_params.get(name)}
        return await control.messages(wanted, _limit(request))

    async def one(request: Request) -> Any:
        message = request.path_params["message"]
        if request.method == "GET":
            return await control.message(message)
        action = str((await read_json(request)).get("action", ""))
        return await control.change(message, action)

    async def inbox(request: Request) -> Any:
        return await control.inbox(request.query_params.get("number", ""), _limit(request))

    async def optout(request: Request) -> Any:
        if request.method == "GET":
            return control.opted_out(_limit(request))
        number = str((await read_json(request)).get("number", ""))
        return await control.opt(number, request.method == "POST")

    async def templates(_: Request) -> Any:
        return control.templates()

    async def figures(_: Request) -> Any:
        return control.figures()

    return [
        Route("/sms", json_route(messages), methods=["GET", "POST"]),
        Route("/sms/inbox", json_route(inbox)),
        Route("/sms/optout", json_route(optout), methods=["GET", "POST", "DELETE"]),
        Route("/sms/templates", json_route(templates)),
        Route("/sms/figures", json_route(figures)),
        Route("/sms/{message}", json_route(one), methods=["GET", "POST"]),
    ]


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", "100")
    if not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        raise Refused(422, f"limit is a number up to {MAX_LIMIT}")
    return int(text)


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    """What a request may say, each of its type. Refused 422 for anything else."""
    fields = texts_of(body, KNOWN, TEXTS, MAX_TEXT)
    if not fields.get("to") and not body.get("preview"):
        raise Refused(422, 'give {"to": "+48600100200"}')
    fields.setdefault("to", "")
    for name in NUMBERS:
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e11:
            raise Refused(422, f"{name} is a number from 0 on")
        fields[name] = float(value)
    variables = body.get("variables")
    if variables is not None:
        plain = isinstance(variables, dict) and all(
            isinstance(value, (str, int, float, bool)) or value is None for value in variables.values()
        )
        if not plain or len(variables) > MAX_VARIABLES:
            raise Refused(422, f'variables are at most {MAX_VARIABLES} texts or numbers by name: {{"order": "A17"}}')
        fields["variables"] = variables
    if "urgent" in body:
        fields["urgent"] = body["urgent"] is True
    return fields
