"""The control socket's routes of the ledger, for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json
from pbx.api.controls import LedgerControl

MAX_BODY = 32 * 1024 * 1024


def ledger_routes(control: LedgerControl) -> list[Route]:
    """Every path and what answers it."""

    async def costs(request: Request) -> Any:
        body = await read_json(request, MAX_BODY)
        text, name, mapping = _table(body)
        defaults = {str(key): str(value) for key, value in (body.get("defaults") or {}).items()}
        return await control.import_costs(text, name, mapping, defaults, check=bool(body.get("check")))

    async def sales(request: Request) -> Any:
        body = await read_json(request, MAX_BODY)
        text, name, mapping = _table(body)
        return await control.import_sales(text, name, mapping, check=bool(body.get("check")))

    async def runs(request: Request) -> Any:
        if request.method == "GET":
            return await control.runs(None, 50)
        body = await read_json(request, MAX_BODY)
        files = body.get("exports") or {}
        if not isinstance(files, dict) or not all(isinstance(file, dict) and "text" in file for file in files.values()):
            raise Refused(422, 'give exports as {"ga": {"text": "..."}}')
        return await control.reconcile(str(body.get("from") or ""), str(body.get("to") or ""), "command line", files)

    return [
        Route("/ledger/costs", json_route(costs), methods=["POST"]),
        Route("/ledger/sales", json_route(sales), methods=["POST"]),
        Route("/ledger/reconciliations", json_route(runs), methods=["GET", "POST"]),
    ]


def _table(body: Mapping[str, Any]) -> tuple[str, str, dict[str, str]]:
    text, mapping = body.get("csv"), body.get("columns") or {}
    if not isinstance(text, str) or not isinstance(mapping, dict):
        raise Refused(422, 'give {"csv": "...", "columns": {"field": "column"}}')
    return text, str(body.get("name") or "csv"), {str(key): str(value) for key, value in mapping.items()}
