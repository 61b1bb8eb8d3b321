"""The control socket's routes of subscriptions and transfers."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json


class PresenceControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def subscriptions(self) -> list[dict[str, Any]]: ...
    def transfer(self, call_id: str, target: str, extension: str, into: str = "") -> dict[str, Any]: ...


def presence_routes(control: PresenceControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def subscriptions(_: Request) -> Any:
        return control.subscriptions()

    async def transfer(request: Request) -> Any:
        body = await read_json(request)
        target, into = body.get("to", ""), body.get("into", "")
        if not isinstance(target, str) or not isinstance(into, str) or bool(target) == bool(into):
            raise Refused(
                400, 'say {"to": "103"}, whom the party is connected to, or {"into": "ID"} of your other call'
            )
        return control.transfer(request.path_params["call_id"], target, str(body.get("by", "")), into)

    return [
        Route("/subscriptions", json_route(subscriptions)),
        Route("/calls/{call_id}/transfer", json_route(transfer), methods=["POST"]),
    ]
