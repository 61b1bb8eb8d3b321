"""The control socket's routes of webhooks."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json, texts_of
from pbx.webhooks.subscription import MAX_FILTER, MAX_URL

KNOWN = ("name", "url", "events", "queues", "enabled")


class WebhookControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def events(self) -> list[dict[str, Any]]: ...
    def webhooks(self) -> list[dict[str, Any]]: ...
    def webhook(self, name: str) -> dict[str, Any]: ...
    async def add(self, fields: dict[str, Any]) -> dict[str, Any]: ...
    async def change(self, name: str, fields: dict[str, Any]) -> dict[str, Any]: ...
    async def rotate(self, name: str) -> dict[str, Any]: ...
    async def remove(self, name: str) -> dict[str, Any]: ...
    async def ping(self, name: str, by: str) -> dict[str, Any]: ...
    async def deliveries(self, name: str, state: str, before: int, limit: int) -> list[dict[str, Any]]: ...


def webhook_routes(control: WebhookControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def webhooks(request: Request) -> Any:
        if request.method == "GET":
            return control.webhooks()
        return await control.add({"name": "", **_fields(await read_json(request), need_url=True)})

    async def one(request: Request) -> Any:
        name = request.path_params["webhook"]
        if request.method == "GET":
            return control.webhook(name)
        if request.method == "DELETE":
            return await control.remove(name)
        return await control.change(name, _fields(await read_json(request)))

    async def act(request: Request) -> Any:
        name, action = request.path_params["webhook"], request.path_params["action"]
        if action == "rotate":
            return await control.rotate(name)
        if action == "ping":
            return await control.ping(name, "cli")
        raise Refused(404, "ping or rotate")

    async def deliveries(request: Request) -> Any:
        return await control.deliveries(request.path_params["webhook"], "", 0, 100)

    async def events(_: Request) -> Any:
        return control.events()

    return [
        Route("/webhooks", json_route(webhooks), methods=["GET", "POST"]),
        Route("/webhooks/events", json_route(events)),
        Route("/webhooks/{webhook}", json_route(one), methods=["GET", "POST", "DELETE"]),
        Route("/webhooks/{webhook}/deliveries", json_route(deliveries)),
        Route("/webhooks/{webhook}/{action}", json_route(act), methods=["POST"]),
    ]


def _fields(body: dict[str, Any], *, need_url: bool = False) -> dict[str, Any]:
    fields = texts_of(body, KNOWN, ("name", "url"), MAX_URL)
    if need_url and not fields.get("url"):
        raise Refused(422, 'give {"url": "https://crm.example/hook"}')
    for name in ("events", "queues"):
        value = body.get(name)
        if value is None:
            continue
        right = isinstance(value, list) and all(isinstance(each, str) and len(each) <= 100 for each in value)
        if not right or len(value) > MAX_FILTER:
            raise Refused(422, f"{name} is a list of at most {MAX_FILTER} texts")
        fields[name] = value
    if "enabled" in body:
        fields["enabled"] = body["enabled"] is True
    return fields
