"""The live stream: by WebSocket, as server-sent events, and once as an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Header, Query, Request, WebSocket
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from pbx.api.control import Refused
from pbx.api.rest.access import Permission, Principal, allows
from pbx.api.rest.guard import HIDDEN
from pbx.api.rest.live_access import PROTOCOL
from pbx.api.rest.models.base import Shown
from pbx.live.client import EventClient
from pbx.live.topics import Topic

TRY_LATER = 1013
Topics = Annotated[
    str,
    Query(
        max_length=200,
        pattern=r"^[a-z,]*$",
        description=f"Which of {', '.join(Topic)}, with commas between; empty: all that one may see",
        examples=["queues,today"],
    ),
]
Since = Annotated[int | None, Query(ge=0, le=2**62, description="`seq` of the last change that one has")]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "The stream"}
}
SNAPSHOT = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["seq", "topic", "op", "value"],
        "properties": {
            "seq": {"type": "integer"},
            "topic": {"type": "string", "enum": [topic.value for topic in Topic]},
            "op": {"const": "snapshot"},
            "value": {"type": "object", "description": "rows by id"},
        },
    },
}
STATE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": SNAPSHOT}}, "description": "The rows of each topic"}
}


class LiveControl(Protocol):
    """What a running PBX tells; refusals are raised as `pbx.api.control.Refused`."""

    def ticket(self, connection: Any) -> str: ...
    def state(self, who: Principal, topics: str) -> bytes: ...
    async def follow(self, websocket: WebSocket, who: Principal, topics: str, since: int | None) -> None: ...
    def stream(self, request: Request, who: Principal, topics: str, since: int | None) -> EventClient: ...
    def left(self, client: EventClient) -> None: ...


class Ticket(Shown):
    """For one connection: /live?ticket=..."""

    ticket: str
    expires_s: float = Field(examples=[30.0])


def live_router(control: LiveControl, life_s: float) -> APIRouter:
    """/live and what is below."""
    router = APIRouter(tags=["live"])

    @router.websocket("/live")
    async def live(
        websocket: WebSocket,
        who: Annotated[Principal, allows(Permission.LIVE_READ)],
        topics: str = "",
        since: str = "",
    ) -> None:
        offered = websocket.scope.get("subprotocols") or ()
        await websocket.accept(PROTOCOL if PROTOCOL in offered else None)
        try:
            await control.follow(websocket, who, topics, int(since) if since.isdecimal() and len(since) < 19 else None)
        except Refused as refusal:
            await websocket.close(TRY_LATER, str(refusal)[:100])

    @router.get("/live/events", response_class=Response, responses=STREAM)
    async def events(
        request: Request,
        who: Annotated[Principal, allows(Permission.LIVE_READ)],
        topics: Topics = "",
        since: Since = None,
        ticket: Annotated[str, Query(max_length=100, description="Of POST /live/ticket")] = "",  # noqa: ARG001
        last_event_id: Annotated[str, Header(max_length=40)] = "",
    ) -> Response:
        """Changes as they happen (server-sent events), after a snapshot or what was missed since `Last-Event-ID`."""
        if last_event_id.isdecimal():
            since = int(last_event_id[:18])
        client = control.stream(request, who, topics, since)
        return StreamingResponse(_events(control, client), media_type="text/event-stream")

    @router.get("/live/state", response_class=Response, responses=STATE)
    async def state(who: Annotated[Principal, allows(Permission.LIVE_READ)], topics: Topics = "") -> Response:
        """What a new client gets first."""
        return Response(control.state(who, topics), media_type="application/json")

    @router.post("/live/ticket", status_code=201, openapi_extra={HIDDEN: True})
    async def ticket(request: Request, _who: Annotated[Principal, allows(Permission.LIVE_READ)]) -> Ticket:
        """A ticket instead of a header, for programs in a browser that hold a token."""
        return Ticket(ticket=control.ticket(request), expires_s=life_s)

    return router


async def _events(control: LiveControl, client: EventClient) -> AsyncIterator[bytes]:
    try:
        yield b"retry: 2000\n\n"
        while (data := await client.next()) is not None:
            yield data
    finally:
        control.left(client)
