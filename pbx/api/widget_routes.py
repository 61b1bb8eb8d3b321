"""The control socket's routes of the callback widget: requests with their proof, who is not listened to."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

MAX_LIMIT = 1000


class WidgetControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def requests(self, limit: int, before: float = 0.0) -> list[dict[str, Any]]: ...
    async def request(self, request: str) -> dict[str, Any]: ...
    def bans(self) -> list[dict[str, Any]]: ...
    def lift(self, site: str, key: str) -> dict[str, Any]: ...
    def figures(self) -> dict[str, Any]: ...


def widget_routes(control: WidgetControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def requests(request: Request) -> Any:
        limit = request.query_params.get("limit", "50")
        if not limit.isdigit() or not 1 <= int(limit) <= MAX_LIMIT:
            raise Refused(422, f"limit is {limit!r}: a whole number from 1 to {MAX_LIMIT}")
        return await control.requests(int(limit))

    async def one(request: Request) -> Any:
        return await control.request(request.path_params["request"])

    async def bans(request: Request) -> Any:
        if request.method == "GET":
            return control.bans()
        body = await read_json(request)
        return control.lift(str(body.get("site", "")), str(body.get("key", "")))

    async def figures(_: Request) -> Any:
        return control.figures()

    return [
        Route("/widget/requests", json_route(requests)),
        Route("/widget/requests/{request}", json_route(one)),
        Route("/widget/bans", json_route(bans), methods=["GET", "DELETE"]),
        Route("/widget/figures", json_route(figures)),
    ]
