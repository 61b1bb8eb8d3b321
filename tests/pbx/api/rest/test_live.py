"""The live stream behind the real guard: who gets in, by which way, with what, and for how long."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from pbx.accounts.rights import Permission, Principal, Role
from pbx.api.rest.app import rest_app
from pbx.api.rest.authenticate import COOKIE
from pbx.api.rest.guard import HIDDEN
from pbx.api.rest.live_access import Credentials, LiveAuthenticator
from pbx.api.rest.routes.live import live_router
from pbx.app.live_control import PbxLiveControl
from pbx.clock import SystemClock
from pbx.config_live import Live as Settings
from pbx.live.hub import Hub
from pbx.live.tickets import Tickets as LiveTickets
from pbx.live.topics import Topic
from tests.pbx.live.test_hub import Table
from tests.support.rest import BASE, Tokens, client, person, services, token


class Known(Tokens):
    """Also by a cookie, whose value is a role."""

    def principal(self, connection: Any) -> Principal | None:
        role = connection.cookies.get(COOKIE)
        if role and "authorization" not in connection.headers:
            found = self.known.get(role)
            return found and person(found.role, session="s")
        return super().principal(connection)


class Socket:
    """What pbx.api.websocket gives to who writes past it."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.waiting = 0
        self.code = 0
        self.over = asyncio.Event()

    def write_frame(self, frame: bytes) -> None:
        self.frames.append(frame)

    def end(self, code: int) -> None:
        self.code = code
        self.over.set()


class Stream:
    """The routes over a hub with two tables."""

    def __init__(self, **settings: Any) -> None:
        self.calls, self.trunks = Table(Topic.CALLS), Table(Topic.TRUNKS)
        self.calls.put("mine", "sales", n=1)
        self.calls.put("other", "billing", n=2)
        self.trunks.put("carrier", n=3)
        self.hub = Hub(Settings.model_validate(settings), [self.calls, self.trunks], SystemClock())
        self.known = Known()
        tickets: LiveTickets[Credentials] = LiveTickets(SystemClock())
        self.authenticator = LiveAuthenticator(self.known, tickets)
        app: Any = SimpleNamespace(live=self.hub)
        self.router = live_router(PbxLiveControl(app, self.authenticator, tickets), 30.0)
        self.services = services(authenticator=self.authenticator)
        self.app = rest_app([self.router], self.services)

    def client(self, role: str) -> Any:
        return client([self.router], role, self.services)

    async def open(
        self, headers: dict[str, str] | None = None, query: str = "", protocols: tuple[str, ...] = ()
    ) -> tuple[Any, Socket]:
        """The first message of the server, and the socket that it writes to."""
        socket = Socket()
        scope = {
            "type": "websocket",
            "path": "/live",
            "raw_path": b"/live",
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(n.encode(), v.encode()) for n, v in {"host": "pbx.test", **(headers or {})}.items()],
            "client": ("192.0.2.7", 1),
            "server": ("pbx.test", 80),
            "scheme": "ws",
            "subprotocols": list(protocols),
            "extensions": {"websocket.http.response": {}},
            "state": {"socket": socket},
        }
        first: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        messages = [{"type": "websocket.connect"}]

        async def receive() -> Any:
            if messages:
                return messages.pop()
            await socket.over.wait()
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message: Any) -> None:
            if not first.done():
                first.set_result(message)

        self.task = asyncio.ensure_future(self.app(scope, receive, send))
        await asyncio.wait({first, self.task}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        return first.result(), socket

    async def leave(self, socket: Socket) -> None:
        socket.over.set()
        await self.task
        assert not self.hub.clients
        self.hub._sleep()


async def until(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def seen(socket: Socket) -> dict[str, list[str]]:
    parts = orjson.loads(socket.frames[0][socket.frames[0].index(b"[") :])
    return {part["topic"]: sorted(part["value"]) for part in parts}


async def test_a_token_opens_it_and_shows_what_its_owner_may_see() -> None:
    stream = Stream()
    message, socket = await stream.open({"authorization": "Bearer admin"})
    assert message["type"] == "websocket.accept"
    await until(lambda: socket.frames)
    assert seen(socket) == {"calls": ["mine", "other"], "trunks": ["carrier"]}
    await stream.leave(socket)
    _, socket = await stream.open({"authorization": "Bearer agent"}, "topics=calls,trunks")
    await until(lambda: socket.frames)
    assert seen(socket) == {"calls": ["mine"]}, "his queue, and no trunk"
    await stream.leave(socket)


async def test_a_token_among_the_subprotocols() -> None:
    stream = Stream()
    message, socket = await stream.open(protocols=("centrala", "bearer.viewer"))
    assert (message["type"], message["subprotocol"]) == ("websocket.accept", "centrala")
    await stream.leave(socket)
    message, _ = await stream.open(protocols=("centrala", "bearer.nobody"))
    assert message["status"] == 401


async def test_a_ticket_is_good_for_one_connection() -> None:
    stream = Stream()
    async with stream.client("supervisor") as asked:
        made = (await asked.post("/live/ticket")).json()
    route: Any = next(route for route in stream.router.routes if getattr(route, "path", "") == "/live/ticket")
    assert route.openapi_extra[HIDDEN], "a ticket is a secret, and is not kept to be told again"
    message, socket = await stream.open(query=f"ticket={made['ticket']}")
    assert message["type"] == "websocket.accept"
    await stream.leave(socket)
    message, _ = await stream.open(query=f"ticket={made['ticket']}")
    assert message["status"] == 401


async def test_a_cookie_needs_a_page_of_ours() -> None:
    stream = Stream()
    cookie = {"cookie": f"{COOKIE}=admin"}
    for origin, status in (("https://evil.example", 403), ("null", 403)):
        message, _ = await stream.open({**cookie, "origin": origin})
        assert message["status"] == status
    message, socket = await stream.open({**cookie, "origin": BASE})
    assert message["type"] == "websocket.accept"
    await stream.leave(socket)


async def test_without_the_right_nobody_watches() -> None:
    stream = Stream()
    stream.known.known["half"] = token(Permission.CALLS_READ)
    assert (await stream.open())[0]["status"] == 401
    assert (await stream.open({"authorization": "Bearer half"}))[0]["status"] == 403
    stream.known.known["narrow"] = token(Permission.LIVE_READ, Permission.TRUNKS_READ)
    async with stream.client("narrow") as asked:
        answer = await asked.get("/live/state")
        assert [part["topic"] for part in answer.json()] == ["trunks"]
        assert (await asked.get("/live/state", params={"topics": "trunks,nothing"})).status_code == 422
    stream.hub._sleep()


async def test_a_right_that_is_taken_away_ends_it() -> None:
    stream = Stream(recheck_s=0.05)
    _, socket = await stream.open({"authorization": "Bearer viewer"})
    await until(lambda: socket.frames)
    stream.known.known["viewer"] = person(Role.VIEWER, permissions=frozenset({Permission.CALLS_READ}))
    await until(lambda: socket.code)
    assert socket.code == 4001
    await stream.leave(socket)


async def test_there_is_an_end_of_room() -> None:
    stream = Stream(max_clients=1)
    _, socket = await stream.open({"authorization": "Bearer admin"})
    await until(lambda: socket.frames)
    first = stream.task
    async with stream.client("viewer") as asked:
        answer = await asked.get("/live/events")
        assert answer.status_code == 429
        assert "max_clients" in answer.json()["detail"]
    message, _ = await stream.open({"authorization": "Bearer viewer"})
    assert message["type"] == "websocket.accept"
    await stream.task
    stream.task = first
    await stream.leave(socket)


@pytest.mark.parametrize("start", [{"last-event-id": "0"}, {}])
async def test_events_are_a_stream_that_ends_when_the_pbx_does(start: dict[str, str]) -> None:
    stream = Stream()
    async with stream.client("admin") as asked:
        asking = asyncio.ensure_future(asked.get("/live/events", headers=start))
        await until(lambda: stream.hub.clients)
        stream.calls.put("new", "sales", n=9)
        await asyncio.sleep(0.2)
        stream.hub.close()
        answer = await asking
    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.text.splitlines()
    assert lines[0] == "retry: 2000"
    told = [orjson.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: [")]
    assert [part["op"] for part in told[0]] == ["snapshot", "snapshot"]
    assert [(part["op"], part["id"]) for part in told[1]] == [("put", "new")]
    assert lines[-3:] == ["event: end", "data: 1001", ""]
