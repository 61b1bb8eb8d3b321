"""The control socket's routes of tracking: visits, pools, reveals, the number guard, erasure and export."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

DAY_S = 86_400.0


class TrackingControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def visits(self, *, site: str, visitor: str, before: str, limit: int) -> list[dict[str, Any]]: ...
    async def visit(self, visit: str) -> dict[str, Any]: ...
    def pools(self) -> list[dict[str, Any]]: ...
    async def reveals(self, since: float, until: float) -> list[dict[str, Any]]: ...
    async def guard(self, limit: int) -> dict[str, Any]: ...
    async def forget(self, kind: str, subject: str, by: str) -> dict[str, Any]: ...
    async def export(self, number: str) -> dict[str, Any]: ...


def tracking_routes(control: TrackingControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def visits(request: Request) -> Any:
        said = request.query_params
        return await control.visits(
            site=said.get("site", ""),
            visitor=said.get("visitor", ""),
            before=said.get("before", ""),
            limit=_whole(said.get("limit", "50")),
        )

    async def visit(request: Request) -> Any:
        return await control.visit(request.path_params["visit"])

    async def pools(_: Request) -> Any:
        return control.pools()

    async def reveals(request: Request) -> Any:
        said = request.query_params
        try:
            since, until = float(said["since"]), float(said["until"])
        except (KeyError, ValueError):
            raise Refused(422, "give since and until in seconds since 1970") from None
        return await control.reveals(since, until)

    async def guard(request: Request) -> Any:
        return await control.guard(_whole(request.query_params.get("limit", "50")))

    async def forget(request: Request) -> Any:
        body = await read_json(request)
        said = {name: str(body[name]) for name in ("number", "visitor") if body.get(name)}
        if len(said) != 1:
            raise Refused(422, 'give {"number": "+48600100200"} or {"visitor": "..."}')
        ((kind, subject),) = said.items()
        return await control.forget(kind, subject, "control")

    async def export(request: Request) -> Any:
        return await control.export(request.query_params.get("number", ""))

    return [
        Route("/tracking/visits", json_route(visits)),
        Route("/tracking/visits/{visit}", json_route(visit)),
        Route("/tracking/pools", json_route(pools)),
        Route("/tracking/reveals", json_route(reveals)),
        Route("/tracking/guard", json_route(guard)),
        Route("/tracking/forget", json_route(forget), methods=["POST"]),
        Route("/tracking/export", json_route(export)),
    ]


def _whole(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise Refused(422, f"limit is {text!r}: a whole number from 1 to 1000")
    return int(text)
