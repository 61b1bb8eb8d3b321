"""Every route of the API with every role, and with credentials that are none: the answer is what its right says.

Routes are found by walking the application, so that whoever adds one is asked too. What is behind the guard is a mock:
whether a route works is tested elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import MagicMock

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.types import ASGIApp

from pbx.accounts.rights import ROLES, Permission, Role
from pbx.api.rest.access import rights_of
from pbx.api.rest.app import rest_routes
from pbx.api.rest.authenticate import COOKIE
from pbx.api.rest.edge import Edge
from pbx.api.rest.guard import MAX_BODY, SAFE
from pbx.api.rest.patient import PatientRoute
from pbx.app.rest import parts
from pbx.config import Api, Config
from tests.support.accounts import World

LIMIT_S = 5.0  # of one request; a stream is left at its first byte
MUCH = 1_000_000
LIMITS = Api(requests_per_s=1e5, burst=MUCH, anonymous_per_s=1e5, anonymous_burst=MUCH)
REFUSALS = (b" has not", b"from another site")  # of the guard


@dataclass(frozen=True)
class Place:
    """A route as it is asked for."""

    method: str  # "WS" for a WebSocket
    path: str
    url: str
    wanted: frozenset[Permission]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def places(app: FastAPI) -> Iterator[Place]:
    for route in app.router.routes:
        assert isinstance(route, APIRoute | APIWebSocketRoute), route
        rights = list(rights_of(route.dependant))
        assert rights, f"{route.path} declares no right"
        wanted = frozenset(right.permission for right in rights if right.permission is not None)
        url = route.path_format
        for name in route.param_convertors:
            url = url.replace(f"{{{name}}}", "1")
        for method in route.methods if isinstance(route, APIRoute) else ("WS",):
            yield Place(method, route.path_format, url, wanted)


class Matrix:
    """The whole application with people of every role, and tokens of every kind."""

    def __init__(self, world: World) -> None:
        self.world = world
        pbx = MagicMock()
        pbx.config, pbx.accounts, pbx.clock = Config(api=LIMITS), world.accounts, world.clock
        routers, made = parts(pbx)
        self.routes = rest_routes(routers, made)
        self.app: ASGIApp = Edge(self.routes, made)
        self.places = list(places(self.routes))
        self.headers: dict[str, dict[str, str]] = {"anonymous": {}}

    async def prepare(self) -> None:
        accounts, headers = self.world.accounts, self.headers
        now = self.world.clock.unix()
        admin = await self.world.person("admin", "admin")
        headers["garbage"] = {"authorization": "Basic eDp5"}
        headers["stale cookie"] = {"cookie": f"{COOKIE}=nothing"}
        for name, expires in (("expired", now + 10.0), ("revoked", 0.0)):
            token, text = await accounts.tokens.make(admin, name, Permission, expires)
            headers[name] = {"authorization": f"Bearer {text}"}
            if name == "revoked":
                await accounts.revoke(token)
        left = await self.world.person("left", "admin")
        _, text = await accounts.tokens.make(left, "of one who left", Permission, 0.0)
        headers["of one who left"] = {"authorization": f"Bearer {text}"}
        await accounts.change(left, {"disabled": True})
        self.world.clock.advance(10.0)
        for role in Role:
            person = accounts.people.by_login(role) or await self.world.person(role.value, role.value)
            _, text = await accounts.tokens.make(person, role, ROLES[role], 0.0)
            headers[role.value] = {"authorization": f"Bearer {text}"}
        for permission in Permission:
            _, text = await accounts.tokens.make(admin, permission, [permission], 0.0)
            headers[f"only {permission}"] = {"authorization": f"Bearer {text}"}
        entered = await self.world.login("admin")
        headers["cookie"] = {"cookie": f"{COOKIE}={entered.secret}"}

    async def ask(self, place: Place, who: str) -> int:
        """The status of the answer; 0 for a WebSocket that was let in, and for who was let in and then told that this
        one thing is not his.
        """
        if place.method == "WS":
            return await self._open(place, self.headers[who])
        scope = self._scope(place, self.headers[who])
        status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        receive = _messages({"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"})
        begun: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                begun.append(message["status"])
            elif not status.done():
                own = begun[0] == 403 and not any(said in message["body"] for said in REFUSALS)
                status.set_result(0 if own else begun[0])

        return await self._run(scope, receive, send, status)

    async def _open(self, place: Place, headers: dict[str, str]) -> int:
        scope = self._scope(place, headers) | {"type": "websocket", "subprotocols": []}
        scope["extensions"] = {"websocket.http.response": {}}
        status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        receive = _messages({"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001})

        async def send(message: Any) -> None:
            if not status.done():
                status.set_result(message.get("status", 0))

        return await self._run(scope, receive, send, status)

    async def _run(self, scope: dict[str, Any], receive: Any, send: Any, status: asyncio.Future[int]) -> int:
        running = asyncio.ensure_future(self.app(scope, receive, send))
        await asyncio.wait({running, status}, timeout=LIMIT_S, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return status.result() if status.done() else 0

    def _scope(self, place: Place, headers: dict[str, str]) -> dict[str, Any]:
        raw = [(name.encode(), value.encode()) for name, value in {"host": "pbx.test", **headers}.items()]
        return {
            "type": "http",
            "method": place.method,
            "path": place.url,
            "raw_path": place.url.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": raw,
            "client": ("192.0.2.7", 1),
            "server": ("pbx.test", 80),
            "scheme": "http",
        }


def _messages(first: dict[str, Any], then: dict[str, Any]) -> Any:
    """An ASGI `receive`: whoever listens on hears that the client has left."""
    left = [first]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return left.pop() if left else then

    return receive


@pytest.fixture
async def matrix(caplog: pytest.LogCaptureFixture) -> AsyncIterator[Matrix]:
    caplog.set_level(logging.CRITICAL)  # what mocks do to routes is nobody's matter
    async with World() as world:
        made = Matrix(world)
        await made.prepare()
        yield made


async def test_nobody_comes_in_without_credentials(matrix: Matrix) -> None:
    wrong = []
    for place in matrix.places:
        for who in ("anonymous", "garbage", "stale cookie", "expired", "revoked", "of one who left"):
            status = await matrix.ask(place, who)
            if place.wanted and status != 401:
                wrong.append(f"{place} let {who} in: {status}")
    assert wrong == []


async def test_every_role_may_what_the_table_says(matrix: Matrix) -> None:
    wrong = []
    for place in matrix.places:
        if not place.wanted:
            continue
        for role in Role:
            status = await matrix.ask(place, role.value)
            allowed = place.wanted <= ROLES[role]
            if allowed != (status not in (401, 403)):
                wrong.append(f"{place} {role}: {status}, wanted {sorted(place.wanted)}")
    assert wrong == []


async def test_a_token_may_what_it_was_made_for_and_no_more(matrix: Matrix) -> None:
    wrong = []
    for place in matrix.places:
        if not place.wanted - {Permission.SELF}:
            continue
        right = sorted(place.wanted - {Permission.SELF})
        others = [permission for permission in Permission if permission not in place.wanted]
        for permission in others[:: len(others) // 3]:
            if (status := await matrix.ask(place, f"only {permission}")) != 403:
                wrong.append(f"{place} with {permission}: {status}")
        status = await matrix.ask(place, f"only {right[0]}")
        if len(right) == 1 and status in (401, 403):
            wrong.append(f"{place} with {right[0]}: {status}")
    assert wrong == []


async def test_a_cookie_alone_changes_nothing(matrix: Matrix) -> None:
    """A page of another site could make the browser send it."""
    wrong = []
    for place in matrix.places:
        status = await matrix.ask(place, "cookie")
        if place.wanted and (status == 403) is (place.method in SAFE):
            wrong.append(f"{place}: {status}")
    assert wrong == []


async def test_the_description_says_every_right(matrix: Matrix) -> None:
    from pbx.api.rest.openapi import describe

    shown = [route for route in matrix.routes.router.routes if isinstance(route, APIRoute)]
    document = describe(matrix.routes, shown)
    said = {
        (method.upper(), path): set(operation.get("x-permissions", ()))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    listed = {(place.method, place.path): {str(right) for right in place.wanted} for place in matrix.places}
    hidden = {("GET", "/openapi.json"), ("GET", "/link"), ("POST", "/link/form")}
    assert {key: listed[key] for key in said} == said
    assert {key for key in listed if key not in said and key[0] != "WS"} <= hidden
    public = {key for key, rights in listed.items() if not rights}
    assert public <= {
        *hidden,
        ("POST", "/session"),
        ("POST", "/link"),
        ("GET", "/oidc/login"),
        ("GET", "/oidc/callback"),
    }


async def test_large_json_bodies_are_read_beside_the_loop(matrix: Matrix) -> None:
    routes = [route for route in matrix.routes.router.routes if isinstance(route, APIRoute)]
    large = [route for route in routes if (route.max_body_size or 0) > MAX_BODY and route.body_field is not None]
    assert len(large) >= 7
    assert [route.path for route in large if not isinstance(route, PatientRoute)] == []
