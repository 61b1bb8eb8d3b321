"""The control socket's routes of the call features: park lots, rooms, settings of phones, originate, supervise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json


class FeatureControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def parked(self) -> list[dict[str, Any]]: ...
    def rooms(self) -> list[dict[str, Any]]: ...
    def room(self, name: str, action: str, who: str) -> dict[str, Any]: ...
    def phones(self) -> list[dict[str, Any]]: ...
    async def set_phone(self, extension: str, changes: dict[str, Any]) -> dict[str, Any]: ...
    def originate(
        self, caller: str, target: str, *, answer: bool = False, account: str = "", caller_id: str = "", tag: str = ""
    ) -> dict[str, Any]: ...
    def park(self, call_id: str, by: str) -> dict[str, Any]: ...
    def record(self, call_id: str, action: str) -> dict[str, Any]: ...
    def supervise(self, mode: str, supervisor: str, target: str) -> dict[str, Any]: ...


def feature_routes(control: FeatureControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    def get(answer: Callable[[], Any]) -> Callable[[Request], Awaitable[Any]]:
        async def handle(_: Request) -> Any:
            return answer()

        return handle

    async def room(request: Request) -> Any:
        body = await read_json(request)
        return control.room(request.path_params["name"], _text(body, "action"), str(body.get("who", "")))

    async def set_phone(request: Request) -> Any:
        return await control.set_phone(request.path_params["extension"], await read_json(request))

    async def originate(request: Request) -> Any:
        body = await read_json(request)
        more = {name: str(body.get(name) or "") for name in ("account", "caller_id", "tag")}
        return control.originate(_text(body, "from"), _text(body, "to"), answer=body.get("answer") is True, **more)

    async def park(request: Request) -> Any:
        return control.park(request.path_params["call_id"], str((await read_json(request)).get("by") or ""))

    async def record(request: Request) -> Any:
        return control.record(request.path_params["call_id"], _text(await read_json(request), "action"))

    async def supervise(request: Request) -> Any:
        body = await read_json(request)
        return control.supervise(_text(body, "mode"), _text(body, "supervisor"), _text(body, "target"))

    return [
        Route("/parked", json_route(get(control.parked))),
        Route("/rooms", json_route(get(control.rooms))),
        Route("/rooms/{name}", json_route(room), methods=["POST"]),
        Route("/phones", json_route(get(control.phones))),
        Route("/phones/{extension}", json_route(set_phone), methods=["POST"]),
        Route("/originate", json_route(originate), methods=["POST"]),
        Route("/calls/{call_id}/recording", json_route(record), methods=["POST"]),
        Route("/calls/{call_id}/park", json_route(park), methods=["POST"]),
        Route("/supervise", json_route(supervise), methods=["POST"]),
    ]


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise Refused(422, f'give {{"{key}": "..."}}')
    return value
