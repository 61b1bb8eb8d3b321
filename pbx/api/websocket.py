"""uvicorn's WebSocket connection with limits, and what a SIP flow needs of it: to write without waiting, to know how
much waits, since when a message is unfinished.

It builds on names of uvicorn and websockets that are not promised: tests/pbx/api/test_websocket.py watches them.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocketDisconnect
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from pbx.transport.base import watch_peer

if TYPE_CHECKING:
    from websockets.frames import Frame
    from websockets.http11 import Request

MAX_MESSAGE = 65_536
MAX_FRAGMENTS = 64  # frames of one message; empty ones would otherwise cost memory without end
PING_S = 25.0  # keeps NATs and proxies open, and finds out who is gone
PONG_S = 20.0
CLOSE_S = 5.0  # for the far end to take what was written before it is cut off


class GuardedWebSocket(WebSocketsSansIOProtocol):
    """One connection. In the ASGI scope it is `state["socket"]`."""

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # Phones stay for days: they do not count among those who ask for a page.
        self.connections = config.websockets
        self.tasks = config.websocket_tasks
        self.pending_since: float | None = None
        self._message_parts = 0
        self._cut: asyncio.TimerHandle | None = None

    # For the flow (pbx.transport.websocket.Socket)

    @property
    def waiting(self) -> int:
        return int(self.transport.get_write_buffer_size())

    def write(self, data: bytes) -> None:
        if self.disconnected or self.close_sent or self.transport.is_closing():
            return
        try:
            data.decode()
            self.conn.send_text(data)
        except UnicodeDecodeError:
            self.conn.send_binary(data)
        except InvalidState:  # the peer's close came in the same moment
            return
        self.transport.write(b"".join(self.conn.data_to_send()))

    def write_frame(self, frame: bytes) -> None:
        """A whole frame that was made before, for many connections at once."""
        if not self.disconnected and not self.close_sent and not self.transport.is_closing():
            self.transport.write(frame)

    def end(self, code: int) -> None:
        if self.disconnected or self._cut is not None:
            return
        if self.handshake_complete and not self.close_sent:
            self.close_sent = True
            try:
                self.conn.send_close(code)
                self.transport.write(b"".join(self.conn.data_to_send()))
            except InvalidState:
                pass
        self._cut = self.loop.call_later(CLOSE_S, self.transport.abort)
        self.transport.close()

    # From uvicorn

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        watch_peer(transport)

    def data_received(self, data: bytes) -> None:
        before = self._message_parts
        super().data_received(data)
        unfinished = bool(self.frames or self.conn.reader.buffer)
        if not unfinished:
            self.pending_since = None
        elif self.pending_since is None or self._message_parts != before:
            self.pending_since = self.loop.time()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.scope["state"]["socket"] = self  # its task runs later

    async def run_asgi(self) -> None:
        """As uvicorn's, but a client that left during its handshake is no error for the log."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except (ClientDisconnected, WebSocketDisconnect):
            pass
        except Exception:
            self.logger.exception("a WebSocket endpoint failed")
            self.send_500_response()
        if self._cut is None:
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self._refuse(1009, "too many fragments")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        self._message_parts += 1
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._refuse(1007, "not UTF-8")
                return
        super().send_receive_event_to_app()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._cut is not None:
            self._cut.cancel()
        super().connection_lost(exc)

    def _refuse(self, code: int, reason: str) -> None:
        self.frames = []
        if self.close_sent:
            return
        self.conn.fail(code, reason)
        self.handle_parser_exception()
