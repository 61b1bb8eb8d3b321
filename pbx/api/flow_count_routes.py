"""The control socket's routes of live counts: how callers go through a flow."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import json_route


class FlowCountControl(Protocol):
    """What a running PBX tells; refusals are raised as `pbx.api.control.Refused`."""

    def counts(self, flow: str) -> dict[str, Any]: ...


def flow_count_routes(control: FlowCountControl) -> list[Route]:
    """Every path and what answers it."""

    async def counts(request: Request) -> Any:
        return control.counts(request.path_params["flow"])

    return [Route("/flows/{flow}/counts", json_route(counts))]
