"""The right that a route asks for, declared beside it: `dependencies=[allow(Permission.CALLS_READ)]`, or
`who: Annotated[Principal, allows(Permission.CALLS_READ)]` where it needs to know who asks.

What is declared is enforced by pbx.api.rest.guard before the route is entered, for HTTP, SSE and WebSocket alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import Depends
from fastapi.dependencies.models import Dependant
from starlette.requests import HTTPConnection

from pbx.accounts.rights import ROLES, Permission, Principal, Role

__all__ = [
    "CHALLENGE",
    "PUBLIC",
    "ROLES",
    "Permission",
    "Principal",
    "Right",
    "Role",
    "allow",
    "allows",
    "principal_of",
    "rights_of",
]

CHALLENGE = {"www-authenticate": 'Bearer realm="centrala"'}  # of every 401
PRINCIPAL = "centrala.principal"  # in the ASGI scope, of whoever passed the guard


class Right:
    """A dependency that names a permission; None for routes that are open to everybody."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        """Whoever was let in. Raises RuntimeError in an application without the guard."""
        if PRINCIPAL not in connection.scope:
            raise RuntimeError("a route of the HTTP API was reached around its guard; build it by rest_app()")
        principal: Principal | None = connection.scope[PRINCIPAL]
        return principal


class _Public:
    """The right of a route that needs none, such as the one that logs in."""


PUBLIC = _Public()


def allow(right: Permission | _Public) -> Any:
    """For `dependencies=[...]` of a route or a router."""
    return Depends(Right(right if isinstance(right, Permission) else None))


def allows(right: Permission) -> Any:
    """For a parameter: `who: Annotated[Principal, allows(Permission.X)]`."""
    return Depends(Right(right))


def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks, in a route that is not public."""
    principal: Principal = connection.scope[PRINCIPAL]
    return principal


def rights_of(dependant: Dependant) -> Iterator[Right]:
    """Every right that a route declares, its dependencies' included."""
    if isinstance(dependant.call, Right):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from rights_of(inner)
