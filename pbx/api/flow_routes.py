"""The control socket's routes of flows: what there is, drafts, publishing, going back, and what differs."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json
from pbx.api.controls import FlowControl

MAX_BODY = 3 * 1024 * 1024  # a document and what goes with it
MAX_NAME = 64
MAX_NOTE = 500


def flow_routes(control: FlowControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""
    return [*_looking(control), *_changing(control)]


def _looking(control: FlowControl) -> list[Route]:
    async def flows(_: Request) -> Any:
        return await control.flows()

    async def schema(_: Request) -> Any:
        return control.schema()

    async def check(request: Request) -> Any:
        return await control.check((await read_json(request, MAX_BODY)).get("document"))

    async def document(request: Request) -> Any:
        return await control.document(_name(request), _version(request.query_params.get("version"), "version"))

    async def versions(request: Request) -> Any:
        return await control.versions(_name(request))

    async def progress(request: Request) -> Any:
        return control.progress(_name(request))

    async def diff(request: Request) -> Any:
        asked = request.query_params
        old, new = (_version(asked.get(key), key) for key in ("old", "new"))
        return await control.diff(_name(request), old, new)

    return [
        Route("/flows", json_route(flows)),
        Route("/flow-schema", json_route(schema)),
        Route("/flow-check", json_route(check), methods=["POST"]),
        Route("/flows/{name}", json_route(document)),
        Route("/flows/{name}/versions", json_route(versions)),
        Route("/flows/{name}/progress", json_route(progress)),
        Route("/flows/{name}/diff", json_route(diff)),
    ]


def _changing(control: FlowControl) -> list[Route]:
    async def draft(request: Request) -> Any:
        body = await read_json(request, MAX_BODY)
        return await control.draft(_name(request), body.get("document"), *_who(body))

    async def publish(request: Request) -> Any:
        body = await read_json(request)
        version, force = _version(body.get("version"), "version"), body.get("force", False) is True
        return await control.publish(_name(request), version, *_who(body), force)

    async def rollback(request: Request) -> Any:
        body = await read_json(request)
        return await control.rollback(_name(request), _version(body.get("to"), "to"), *_who(body))

    return [
        Route("/flows/{name}/draft", json_route(draft), methods=["PUT"]),
        Route("/flows/{name}/publish", json_route(publish), methods=["POST"]),
        Route("/flows/{name}/rollback", json_route(rollback), methods=["POST"]),
    ]


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    if len(name) > MAX_NAME:
        raise Refused(422, f"names of flows have at most {MAX_NAME} characters")
    return name


def _version(value: Any, key: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 10**9:
        raise Refused(422, f"{key} is the number of a version")
    return value


def _who(body: dict[str, Any]) -> tuple[str, str]:
    """Who does it, and a note."""
    found = []
    for key, limit in (("by", MAX_NAME), ("note", MAX_NOTE)):
        value = body.get(key, "")
        if not isinstance(value, str) or len(value) > limit:
            raise Refused(422, f"{key} is a text of at most {limit} characters")
        found.append(value)
    return found[0] or "control", found[1]
