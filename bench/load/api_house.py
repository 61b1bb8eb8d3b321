"""The guarded GET /calls of the HTTP API over calls that are made up: what is measured is the API, not the calls."""

from __future__ import annotations

import time
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from pbx.accounts.rights import ROLES, Principal, Role
from pbx.api.client_address import ClientAddress
from pbx.api.rest.app import rest_app
from pbx.api.rest.guard import RestServices
from pbx.api.rest.idempotency import Idempotency, MemoryKeys
from pbx.api.rest.limits import RateLimit
from pbx.api.rest.routes.calls import calls_router

SOMEBODY = Principal("bench", "token", "bench", Role.ADMIN, ROLES[Role.ADMIN])


class Calls:
    """A control with so many running calls."""

    def __init__(self, count: int) -> None:
        self._rows = [
            {
                "id": f"{number:032x}",
                "started": time.time(),
                "answered": time.time(),
                "caller": "+48600100200",
                "caller_name": "Anna",
                "callee": "+48221234567",
                "did": "+48221234567",
                "trunk": "carrier",
                "state": "bridged",
                "application": "queue:sales",
                "queue": "sales",
                "agent": "101",
                "tag": "web",
                "direction": "inbound",
                "held": False,
                "recording": "recording",
                "extensions": ["101"],
                "age_s": 12.3,
            }
            for number in range(count)
        ]

    def calls(self) -> list[dict[str, Any]]:
        return self._rows


class _Everybody:
    def principal(self, _connection: HTTPConnection) -> Principal:
        return SOMEBODY


class _Unnoted:
    async def record(self, *_: Any, **__: Any) -> None:
        pass


def guarded(calls: Calls) -> ASGIApp:
    """As a PBX builds it, for somebody who is known already and has no limit."""
    services = RestServices(
        authenticator=_Everybody(),
        address=ClientAddress(),
        principal_limit=RateLimit(1e9, 1_000_000_000, time.monotonic),
        address_limit=RateLimit(1e9, 1_000_000_000, time.monotonic),
        idempotency=Idempotency(MemoryKeys()),
        observe=lambda *_: None,
        audit=_Unnoted(),
    )
    return rest_app([calls_router(calls)], services)  # type: ignore[arg-type]
