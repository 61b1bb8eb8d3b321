"""`/ws` of the HTTP port: SIP over WebSocket (RFC 7118). Who may open it, and the way of its messages to the driver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

if TYPE_CHECKING:
    from pbx.transport.websocket import WebSocketFlow, WebSocketTransport

PATH = "/ws"
SUBPROTOCOL = "sip"
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def sip_route(transport: Callable[[str], WebSocketTransport], origins: Sequence[str]) -> WebSocketRoute:
    """The route. `transport(scheme)` gives the transport "ws" or "wss"; `origins` are pages of other hosts that may
    use it, "*" for all.
    """

    async def endpoint(websocket: WebSocket) -> None:
        sip = transport(websocket.url.scheme)
        refusal = _refusal(websocket, origins)
        if refusal is not None:
            sip.stats.handshake_failures += 1
            await websocket.send_denial_response(refusal)
            return
        scope = websocket.scope
        flow = sip.open(websocket.state.socket, tuple(scope["server"]), tuple(scope["client"]))
        if flow is None:
            await websocket.send_denial_response(PlainTextResponse("too many connections\n", 503))
            return
        try:
            await websocket.accept(subprotocol=SUBPROTOCOL)
            await _receive(websocket, flow)
        finally:
            flow.lost()

    return WebSocketRoute(PATH, endpoint)


async def _receive(websocket: WebSocket, flow: WebSocketFlow) -> None:
    """Until it is closed; one message after the other, each in its turn."""
    while True:
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            return
        text = event.get("text")
        flow.feed(text.encode() if text is not None else bytes(event["bytes"]))
        if flow.busy:
            await flow.digested()


def _refusal(websocket: WebSocket, origins: Sequence[str]) -> PlainTextResponse | None:
    """Why not, if not."""
    if SUBPROTOCOL not in websocket.scope["subprotocols"]:
        return PlainTextResponse('the subprotocol must be "sip" (RFC 7118)\n', 400)
    origin = websocket.headers.get("origin", "")
    if not _may_come(origin, websocket.headers.get("host", ""), websocket.url.scheme, origins):
        return PlainTextResponse("pages of this origin may not: see http.websocket_origins\n", 403)
    return None


def _may_come(origin: str, host: str, scheme: str, origins: Sequence[str]) -> bool:
    """Programs that are no browser send no Origin; a page of our own host and port may always (RFC 6454)."""
    if not origin or "*" in origins or origin.lower() in (allowed.lower().rstrip("/") for allowed in origins):
        return True
    try:
        page = urlsplit(origin)
        ours = urlsplit(f"{scheme}://{host}")
        return bool(page.hostname) and (page.hostname, page.port or DEFAULT_PORTS.get(page.scheme)) == (
            ours.hostname,
            ours.port or DEFAULT_PORTS[scheme],
        )
    except ValueError:
        return False
