"""The control socket's routes for trunks, numbers, the lists of callers, and bans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

MAX_TABLE = 32 * 1024 * 1024


class TrunkControl(Protocol):
    """What a running PBX tells and does; implemented by the composition root. All return JSON-ready values."""

    def trunks(self) -> list[dict[str, Any]]: ...
    def numbers(self) -> list[dict[str, Any]]: ...
    def take_numbers(self, rows: list[Mapping[str, Any]], replace: bool) -> dict[str, Any]: ...
    def remove_number(self, number: str) -> dict[str, Any]: ...
    def lists(self) -> list[dict[str, Any]]: ...
    def put_on_list(self, side: str, pattern: str, action: str, reason: str, for_s: float) -> dict[str, Any]: ...
    def take_off_lists(self, pattern: str) -> dict[str, Any]: ...
    def bans(self) -> list[dict[str, Any]]: ...
    def ban(self, address: str, for_s: float) -> dict[str, Any]: ...
    def unban(self, address: str) -> dict[str, Any]: ...


def trunk_routes(control: TrunkControl) -> list[Route]:
    """To be given to `control_app`."""

    async def trunks(_: Request) -> Any:
        return control.trunks()

    async def numbers(request: Request) -> Any:
        if request.method == "GET":
            return control.numbers()
        body = await read_json(request, MAX_TABLE)
        rows = body.get("rows")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Refused(422, 'give {"rows": [{"number": ..., "application": ...}], "replace": false}')
        return control.take_numbers(rows, bool(body.get("replace")))

    async def number(request: Request) -> Any:
        return control.remove_number(request.path_params["number"])

    async def screening(request: Request) -> Any:
        if request.method == "GET":
            return control.lists()
        body = await read_json(request)
        side, pattern = body.get("side"), body.get("pattern")
        if side not in ("block", "allow") or not isinstance(pattern, str):
            raise Refused(422, 'give {"side": "block" | "allow", "pattern": "+4860*"}')
        action, reason = str(body.get("action") or "reject"), str(body.get("reason") or "")
        return control.put_on_list(str(side), pattern, action, reason, _seconds(body))

    async def entry(request: Request) -> Any:
        return control.take_off_lists(request.path_params["pattern"])

    async def bans(request: Request) -> Any:
        if request.method == "GET":
            return control.bans()
        body = await read_json(request)
        address = body.get("address")
        if not isinstance(address, str):
            raise Refused(422, 'give {"address": "192.0.2.10", "for_s": 3600}')
        return control.ban(address, _seconds(body) or 3600.0)

    async def one_ban(request: Request) -> Any:
        return control.unban(request.path_params["address"])

    return [
        Route("/trunks", json_route(trunks)),
        Route("/numbers", json_route(numbers), methods=["GET", "POST"]),
        Route("/numbers/{number}", json_route(number), methods=["DELETE"]),
        Route("/screening", json_route(screening), methods=["GET", "POST"]),
        Route("/screening/{pattern}", json_route(entry), methods=["DELETE"]),
        Route("/bans", json_route(bans), methods=["GET", "POST"]),
        Route("/bans/{address:path}", json_route(one_ban), methods=["DELETE"]),
    ]


def _seconds(body: Mapping[str, Any]) -> float:
    value = body.get("for_s", 0)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise Refused(422, f"for_s is {value!r}: give seconds, or leave it out")
    return float(value)
