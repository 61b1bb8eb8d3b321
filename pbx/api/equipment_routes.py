"""The control socket's routes for customers, regions, dealers and who is on duty."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json
from pbx.call.pins import is_hash

MAX_PART = 8 * 1024 * 1024
MAX_LIST = 10_000


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
    def partners(self) -> list[dict[str, Any]]: ...
    def duty(self) -> list[dict[str, Any]]: ...


def equipment_routes(control: EquipmentControl) -> list[Route]:
    """To be given to `control_app`. Tables come in parts of a few thousand rows."""

    async def dealers(_: Request) -> Any:
        return control.dealers()

    async def partners(_: Request) -> Any:
        return control.partners()

    async def duty(_: Request) -> Any:
        return control.duty()

    return [
        *_customer_routes(control),
        *_range_routes(control),
        Route("/dealers", json_route(dealers)),
        Route("/partners", json_route(partners)),
        Route("/duty", json_route(duty)),
    ]


def _customer_routes(control: EquipmentControl) -> list[Route]:
    async def customers(request: Request) -> Any:
        if request.method == "GET":
            query = request.query_params
            return await control.customers(
                query.get("text", ""), query.get("tag", ""), _limit(query.get("limit", "100"))
            )
        body = await read_json(request, MAX_PART)
        rows = body.get("rows")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(422, 'give {"rows": [{"numbers": ["+48600100200"], "name": ...}], "batch": "NAME"}')
        return await control.take_customers(rows, str(body.get("batch") or "control"), bool(body.get("last")))

    async def customer(request: Request) -> Any:
        number = request.path_params["number"]
        if request.method == "DELETE":
            return await control.remove_customer(number)
        hashed = (await read_json(request, MAX_PART)).get("pin", "")
        if not isinstance(hashed, str) or (hashed and not is_hash(hashed)):
            raise Refused(422, 'give {"pin": HASH} as `centrala pin hash` makes it, "" to take it away')
        return await control.set_pin(number, hashed)

    return [
        Route("/customers", json_route(customers), methods=["GET", "POST"]),
        Route("/customers/{number}", json_route(customer), methods=["DELETE", "POST"]),
    ]


def _range_routes(control: EquipmentControl) -> list[Route]:
    async def regions(request: Request) -> Any:
        if request.method == "GET":
            number = request.query_params.get("number", "")
            return control.region(number) if number else control.ranges()
        body = await read_json(request, MAX_PART)
        rows, name = body.get("rows"), body.get("name")
        if not isinstance(rows, list) or not isinstance(name, str):
            raise Refused(422, 'give {"name": ..., "rows": [[first, last, region, operator]], "begin": true}')
        return await control.take_ranges(name, rows, bool(body.get("begin")), bool(body.get("end")))

    async def region(request: Request) -> Any:
        return await control.remove_ranges(request.path_params["name"])

    return [
        Route("/regions", json_route(regions), methods=["GET", "POST"]),
        Route("/regions/{name}", json_route(region), methods=["DELETE"]),
    ]


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(422, f"limit is a number of rows, at most {MAX_LIST}")
    return min(int(text), MAX_LIST)
