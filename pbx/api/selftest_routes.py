"""The control socket's routes of test calls: begin one, look at results."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route

MAX_RESULTS = 1000


class SelfTestControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def tests(self) -> list[dict[str, Any]]: ...
    def begin(self, name: str) -> dict[str, Any]: ...
    async def results(self, name: str, limit: int) -> list[dict[str, Any]]: ...


def selftest_routes(control: SelfTestControl) -> list[Route]:
    """Every path and what answers it."""

    async def tests(_: Request) -> Any:
        return control.tests()

    async def begin(request: Request) -> Any:
        return control.begin(request.path_params["name"])

    async def results(request: Request) -> Any:
        limit = request.query_params.get("limit", "20")
        if not limit.isdigit() or not 0 < int(limit) <= MAX_RESULTS:
            raise Refused(422, f"limit is {limit!r}: write 1 to {MAX_RESULTS}")
        return await control.results(request.query_params.get("name", ""), int(limit))

    return [
        Route("/selftest", json_route(tests)),
        Route("/selftest/results", json_route(results)),
        Route("/selftest/{name}", json_route(begin), methods=["POST"]),
    ]
