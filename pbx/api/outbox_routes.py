"""The control socket's routes of the outbox."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json
from pbx.outbox.entry import State
from pbx.outbox.shelf import Wanted

MAX_LIMIT = 1000
FILTERS = ("target", "state", "kind", "call_id")


class OutboxControl(Protocol):
    """What a running PBX tells and does about deliveries; refusals are raised as `pbx.api.control.Refused`."""

    def targets(self) -> list[dict[str, Any]]: ...
    async def entries(self, wanted: Wanted) -> list[dict[str, Any]]: ...
    async def entry(self, name: str) -> dict[str, Any]: ...
    async def change(self, name: str, action: str) -> dict[str, Any]: ...
    async def change_all(self, target: str, action: str) -> dict[str, Any]: ...


def outbox_routes(control: OutboxControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def entries(request: Request) -> Any:
        if request.method == "POST":
            body = await read_json(request)
            return await control.change_all(str(body.get("target", "")), str(body.get("action", "")))
        return await control.entries(_wanted(request))

    async def one(request: Request) -> Any:
        name = request.path_params["entry"]
        if request.method == "GET":
            return await control.entry(name)
        return await control.change(name, str((await read_json(request)).get("action", "")))

    async def targets(_: Request) -> Any:
        return control.targets()

    return [
        Route("/outbox", json_route(entries), methods=["GET", "POST"]),
        Route("/outbox/targets", json_route(targets)),
        Route("/outbox/{entry}", json_route(one), methods=["GET", "POST"]),
    ]


def _wanted(request: Request) -> Wanted:
    given = {name: request.query_params.get(name, "") for name in FILTERS}
    if given["state"] and given["state"] not in set(State):
        raise Refused(422, f"state is one of {', '.join(State)}")
    limit = request.query_params.get("limit", "100")
    if not limit.isdigit() or not 1 <= int(limit) <= MAX_LIMIT:
        raise Refused(422, f"limit is a number up to {MAX_LIMIT}")
    return Wanted(
        target=given["target"],
        state=given["state"],
        kind=given["kind"],
        call_id=given["call_id"],
        limit=int(limit),
    )
