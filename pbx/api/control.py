"""The control socket's routes: what `centrala agents`, `calls`, `status` and the tests ask of a running PBX."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MAX_BODY = 16_384


class Refused(Exception):
    """A request that cannot be done. `status` is HTTP's; the text says what to do instead."""

    errors: list[dict[str, Any]] | None = None  # what is wrong one by one: {"where": [...], "text": ...}

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Denied(Refused):
    """A refusal with headers: WWW-Authenticate, Retry-After."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        super().__init__(status, text)
        self.headers = headers


class Control(Protocol):
    """What a running PBX tells and does; implemented by the composition root. All return JSON-ready values."""

    def status(self) -> dict[str, Any]: ...
    def leaks(self) -> dict[str, int]: ...
    def calls(self) -> list[dict[str, Any]]: ...
    def hang_up(self, call_id: str) -> dict[str, Any]: ...
    def agents(self) -> list[dict[str, Any]]: ...
    def queues(self) -> list[dict[str, Any]]: ...
    def registrations(self) -> list[dict[str, Any]]: ...
    def alarms(self) -> list[dict[str, Any]]: ...
    def reload_certificates(self) -> dict[str, Any]: ...


def control_app(control: Control, more: Sequence[Route] = ()) -> Starlette:
    """The ASGI application of the control socket, with `more` routes of features. Whoever may open the socket may do
    everything.
    """

    def get(answer: Callable[[], Any]) -> Callable[[Request], Awaitable[Any]]:
        async def handle(_: Request) -> Any:
            return answer()

        return handle

    async def hang_up(request: Request) -> Any:
        return control.hang_up(request.path_params["call_id"])

    routes = [
        Route("/status", json_route(get(control.status))),
        Route("/leaks", json_route(get(control.leaks))),
        Route("/live", json_route(get(lambda: live(control)))),
        Route("/calls", json_route(get(control.calls))),
        Route("/calls/{call_id}", json_route(hang_up), methods=["DELETE"]),
        Route("/queues", json_route(get(control.queues))),
        Route("/registrations", json_route(get(control.registrations))),
        Route("/alarms", json_route(get(control.alarms))),
        Route("/certificates/reload", json_route(get(control.reload_certificates)), methods=["POST"]),
    ]
    return Starlette(routes=[*routes, *more])


def live(control: Control) -> dict[str, Any]:
    """All that a live view shows, in one answer: how many calls, the queues, the agents."""
    return {"calls": len(control.calls()), "queues": control.queues(), "agents": control.agents()}


def json_route(handle: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """Answers with JSON; a refusal becomes its status and {"error": text}."""

    async def endpoint(request: Request) -> Response:
        try:
            status, value = 200, await handle(request)
        except Refused as refusal:
            status, value = refusal.status, {"error": str(refusal)}
        return Response(orjson.dumps(value), status, media_type="application/json")

    return endpoint


async def read_json(request: Request, limit: int = MAX_BODY) -> dict[str, Any]:
    """The JSON object in a request's body; Refused 413 or 422 when it is none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Refused(413, f"the body is over {limit} bytes")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(422, f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused(422, "the body must be a JSON object")
    return value


def texts_of(body: Mapping[str, Any], known: Collection[str], texts: Iterable[str], longest: int) -> dict[str, Any]:
    """The fields of a request that are texts. Refused 422 for one that is none or too long, and for unknown ones."""
    unknown = sorted(set(body) - set(known))
    if unknown:
        raise Refused(422, f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    fields: dict[str, Any] = {}
    for name in texts:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or len(value) > longest:
            raise Refused(422, f"{name} is a text of at most {longest} characters")
        fields[name] = value
    return fields
