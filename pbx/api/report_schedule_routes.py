"""The control socket's routes of scheduled reports."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import json_route


class ReportScheduleControl(Protocol):
    """Refusals are raised as `pbx.api.control.Refused`."""

    def states(self) -> list[dict[str, Any]]: ...
    async def tell(self, name: str) -> dict[str, Any]: ...


def report_schedule_routes(control: ReportScheduleControl) -> list[Route]:
    """What became of each schedule's latest run, and one that goes to webhooks now."""

    async def states(_: Request) -> Any:
        return control.states()

    async def tell(request: Request) -> Any:
        return await control.tell(request.path_params["name"])

    return [
        Route("/report-schedules", json_route(states)),
        Route("/report-schedules/{name}/webhooks", json_route(tell), methods=["POST"]),
    ]
