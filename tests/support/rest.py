"""The HTTP API without a PBX: routers behind the real guard, and a client for every role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
from fastapi import APIRouter
from starlette.requests import HTTPConnection

from pbx.accounts.rights import ROLES, Permission, Principal, Role
from pbx.api.client_address import ClientAddress
from pbx.api.control import Denied
from pbx.api.rest.access import CHALLENGE
from pbx.api.rest.app import rest_app
from pbx.api.rest.guard import RestServices
from pbx.api.rest.idempotency import Idempotency, MemoryKeys
from pbx.api.rest.limits import RateLimit

BASE = "http://pbx.test"


class Tokens:
    """An Authenticator: the token "admin" is an admin's, "agent" an agent's... `known` may be changed by tests."""

    def __init__(self) -> None:
        self.known = {role.value: person(role) for role in Role}

    def principal(self, connection: HTTPConnection) -> Principal | None:
        header = connection.headers.get("authorization")
        if header is None:
            return None
        found = self.known.get(header.removeprefix("Bearer "))
        if found is None:
            raise Denied(401, "the token is not one of ours", CHALLENGE)
        return found


def person(role: Role, **changes: Any) -> Principal:
    """A person of this role; an agent has the phone 201 and the queue sales."""
    own = {"extension": "201", "queues": frozenset({"sales"})} if role is Role.AGENT else {}
    fields = {"id": f"id-{role}", "kind": "person", "name": role.value, "role": role, "permissions": ROLES[role]}
    return Principal(**{**fields, **own, **changes})


def token(*permissions: Permission) -> Principal:
    """A program that may do this alone."""
    may = frozenset({Permission.SELF, *permissions})
    return Principal(id="id-token", kind="token", name="token", role=Role.ADMIN, permissions=may)


class Counted(list[tuple[str, str, int]]):
    """An `observe`: route, method and status of every request."""

    def __call__(self, route: str, method: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.append((route, method, status))


class Noted(list[dict[str, Any]]):
    """An audit log in memory."""

    async def record(
        self, who: Principal | None, address: str, action: str, target: str, result: int, **more: Any
    ) -> None:
        self.append(
            {"who": who and who.name, "address": address, "action": action, "target": target, "result": result, **more}
        )


def services(**changes: Any) -> RestServices:
    """What every request passes, with limits that no test meets by accident."""
    fields: dict[str, Any] = {
        "authenticator": Tokens(),
        "address": ClientAddress(),
        "principal_limit": RateLimit(1e6, 1_000_000, lambda: 0.0),
        "address_limit": RateLimit(1e6, 1_000_000, lambda: 0.0),
        "idempotency": Idempotency(MemoryKeys()),
        "observe": Counted(),
        "audit": Noted(),
    }
    return RestServices(**{**fields, **changes})


def client(
    routers: Sequence[APIRouter], role: str = "", made: RestServices | None = None, **settings: Any
) -> httpx.AsyncClient:
    """Asks the routers as `role` (a token of Tokens; "": nobody). Use it with `async with`."""
    app = rest_app(routers, made or services())
    headers = {"authorization": f"Bearer {role}"} if role else {}
    headers |= settings.pop("headers", {})
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, **settings)
