"""Who may follow the live stream, and how: what the routes of the HTTP API ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.guard import Authenticator
from pbx.api.rest.live_access import Credentials
from pbx.live.client import EventClient, SocketClient
from pbx.live.hub import TooMany
from pbx.live.tickets import Tickets
from pbx.live.topics import Topic, View, view_of

if TYPE_CHECKING:
    from pbx.app.pbx import Pbx


class PbxLiveControl:
    """Implements pbx.api.rest.routes.live.LiveControl."""

    def __init__(self, app: Pbx, authenticator: Authenticator, tickets: Tickets[Credentials]) -> None:
        self._app, self._authenticator, self._tickets = app, authenticator, tickets

    def ticket(self, connection: HTTPConnection) -> str:
        return self._tickets.give(Credentials(connection))

    def state(self, who: Principal, topics: str) -> bytes:
        return self._app.live.snapshot(view_of(who, _wanted(topics)))

    async def follow(self, websocket: WebSocket, who: Principal, topics: str, since: int | None) -> None:
        """Returns when the client has gone. What it says is read and not heeded."""
        wanted = _wanted(topics)
        client = SocketClient(
            websocket.scope["state"]["socket"], view_of(who, wanted), who.id, self._recheck(websocket, wanted)
        )
        self._join(client, since)
        try:
            while True:
                await _next(websocket)
        except WebSocketDisconnect:
            pass
        finally:
            self._app.live.leave(client)

    def stream(self, request: Request, who: Principal, topics: str, since: int | None) -> EventClient:
        wanted = _wanted(topics)
        client = EventClient(view_of(who, wanted), who.id, self._recheck(request, wanted))
        self._join(client, since)
        return client

    def left(self, client: EventClient) -> None:
        self._app.live.leave(client)

    def _join(self, client: Any, since: int | None) -> None:
        try:
            self._app.live.join(client, since)
        except TooMany as error:
            raise Refused(429, str(error)) from None

    def _recheck(self, connection: HTTPConnection, wanted: frozenset[Topic]) -> Callable[[], View | None]:
        credentials = Credentials(connection)

        def now() -> View | None:
            who = credentials.principal(self._authenticator)
            if who is None or not who.may(Permission.LIVE_READ):
                return None
            return view_of(who, wanted)

        return now


async def _next(websocket: WebSocket) -> None:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))


def _wanted(topics: str) -> frozenset[Topic]:
    """Refused 422 for what is no topic."""
    try:
        return frozenset(Topic(name) for name in topics.split(",") if name) or frozenset(Topic)
    except ValueError:
        raise Refused(422, f"topics are {', '.join(Topic)}") from None
