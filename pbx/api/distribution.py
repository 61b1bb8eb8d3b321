"""The control socket's routes of distribution: why a candidate gets which agent, and his place in the order."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

MAX_PRIORITY = 10


class DistributionControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def why(self, name: str, queue: str) -> dict[str, Any]: ...
    def set_priority(self, name: str, priority: int, queue: str = "") -> dict[str, Any]: ...
    def move(self, queue: str, call_id: str, to: str) -> dict[str, Any]: ...
    def pull(self, queue: str, call_id: str, agent: str) -> dict[str, Any]: ...
    def remove(self, queue: str, call_id: str) -> dict[str, Any]: ...


def distribution_routes(control: DistributionControl) -> list[Route]:
    """Every path and what answers it; `call` is a call or an item."""

    async def why(request: Request) -> Any:
        return await control.why(request.path_params["call"], request.path_params.get("queue", ""))

    async def priority(request: Request) -> Any:
        body = await read_json(request)
        wanted = body.get("priority")
        if not isinstance(wanted, int) or isinstance(wanted, bool) or not -MAX_PRIORITY <= wanted <= MAX_PRIORITY:
            raise Refused(400, f'say {{"priority": 3}}: a whole number of {-MAX_PRIORITY} to {MAX_PRIORITY}')
        return control.set_priority(request.path_params["call"], wanted)

    async def caller(request: Request) -> Any:
        queue, call = request.path_params["queue"], request.path_params["call"]
        if request.method == "DELETE":
            return control.remove(queue, call)
        body = await read_json(request)
        for key, act in (("to", control.move), ("agent", control.pull)):
            if isinstance(body.get(key), str) and body[key]:
                return act(queue, call, body[key])
        raise Refused(422, 'say {"to": "queue:service"}, or {"agent": "101"} to whom the caller is given')

    return [
        Route("/queues/{queue}/callers/{call}", json_route(caller), methods=["POST", "DELETE"]),
        Route("/queues/{queue}/why/{call}", json_route(why)),
        Route("/why/{call}", json_route(why)),
        Route("/why/{call}/priority", json_route(priority), methods=["POST"]),
    ]
