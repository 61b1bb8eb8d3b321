"""The control socket's routes of callers in flows: live counts, and replays of a day through a document."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

MAX_BODY = 3 * 1024 * 1024  # a document and what goes with it


class FlowCountControl(Protocol):
    """What a running PBX tells; refusals are raised as `pbx.api.control.Refused`."""

    def counts(self, flow: str) -> dict[str, Any]: ...
    async def replay(self, document: Any, day: str) -> dict[str, Any]: ...


def flow_count_routes(control: FlowCountControl) -> list[Route]:
    """Every path and what answers it."""

    async def counts(request: Request) -> Any:
        return control.counts(request.path_params["flow"])

    async def replay(request: Request) -> Any:
        body = await read_json(request, MAX_BODY)
        date = body.get("date", "yesterday")
        if not isinstance(date, str):
            raise Refused(422, 'date is "yesterday", "today" or YYYY-MM-DD')
        return await control.replay(body.get("document"), date)

    return [
        Route("/flows/{flow}/counts", json_route(counts)),
        Route("/flow-replay", json_route(replay), methods=["POST"]),
    ]
