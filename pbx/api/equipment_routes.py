"""The control socket's routes for customers, regions, dealers and who is on duty."""

from __future__ import annotations

from typing import Any, Protocol

import orjson
from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route

MAX_PART = 8 * 1024 * 1024
MAX_LIST = 10_000
HASH = "scrypt$"


class EquipmentControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    async def customers(self, text: str, tag: str, limit: int) -> list[dict[str, Any]]: ...
    async def take_customers(self, rows: list[dict[str, Any]], batch: str, last: bool) -> dict[str, Any]: ...
    async def remove_customer(self, number: str) -> dict[str, Any]: ...
    async def set_pin(self, number: str, hashed: str) -> dict[str, Any]: ...
    def ranges(self) -> list[dict[str, Any]]: ...
    async def take_ranges(self, name: str, rows: list[Any], begin: bool, end: bool) -> dict[str, Any]: ...
    async def remove_ranges(self, name: str) -> dict[str, Any]: ...
    def region(self, number: str) -> dict[str, Any]: ...
    def dealers(self) -> list[dict[str, Any]]: ...
    def duty(self) -> list[dict[str, Any]]: ...


def equipment_routes(control: EquipmentControl) -> list[Route]:
    """To be given to `control_app`. Tables come in parts of a few thousand rows."""

    async def customers(request: Request) -> Any:
        if request.method == "GET":
            query = request.query_params
            limit = query.get("limit", "100")
            count = int(limit) if limit.isascii() and limit.isdigit() else 100
            return await control.customers(query.get("text", ""), query.get("tag", ""), min(count, MAX_LIST))
        body = await _part(request)
        rows = body.get("rows")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(422, 'give {"rows": [{"numbers": ["+48600100200"], "name": ...}], "batch": "NAME"}')
        return await control.take_customers(rows, str(body.get("batch") or "control"), bool(body.get("last")))

    async def customer(request: Request) -> Any:
        number = request.path_params["number"]
        if request.method == "DELETE":
            return await control.remove_customer(number)
        hashed = (await _part(request)).get("pin", "")
        if not isinstance(hashed, str) or (hashed and not hashed.startswith(HASH)):
            raise Refused(422, 'give {"pin": HASH} as `centrala pin hash` makes it, "" to take it away')
        return await control.set_pin(number, hashed)

    async def regions(request: Request) -> Any:
        if request.method == "GET":
            number = request.query_params.get("number", "")
            return control.region(number) if number else control.ranges()
        body = await _part(request)
        rows, name = body.get("rows"), body.get("name")
        if not isinstance(rows, list) or not isinstance(name, str):
            raise Refused(422, 'give {"name": ..., "rows": [[first, last, region, operator]], "begin": true}')
        return await control.take_ranges(name, rows, bool(body.get("begin")), bool(body.get("end")))

    async def region(request: Request) -> Any:
        return await control.remove_ranges(request.path_params["name"])

    async def dealers(_: Request) -> Any:
        return control.dealers()

    async def duty(_: Request) -> Any:
        return control.duty()

    return [
        Route("/customers", json_route(customers), methods=["GET", "POST"]),
        Route("/customers/{number}", json_route(customer), methods=["DELETE", "POST"]),
        Route("/regions", json_route(regions), methods=["GET", "POST"]),
        Route("/regions/{name}", json_route(region), methods=["DELETE"]),
        Route("/dealers", json_route(dealers)),
        Route("/duty", json_route(duty)),
    ]


async def _part(request: Request) -> dict[str, Any]:
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_PART:
            raise Refused(413, f"more than {MAX_PART} bytes at once: send fewer rows")
        parts.append(chunk)
    try:
        body = orjson.loads(b"".join(parts))
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"the body is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise Refused(422, "the body is no JSON object")
    return body
