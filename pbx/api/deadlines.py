"""What a slow or greedy HTTP client may cost (security.md R12): a deadline for every unfinished request and for an
answer that is not read, a limit on the connections of one address, and on what a request has beside its body.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from pbx.api.websocket import MAX_MESSAGE, PING_S, PONG_S, GuardedWebSocket
from pbx.sip.address import source_of

REQUEST_DEADLINE_S = 32.0  # from the connection's start, or from a request's first byte, to its last
PER_SOURCE_LIMIT = 64
MAX_HEAD = 65_536  # bytes of the request line and the header fields
MAX_FIELDS = 128
MAX_AHEAD = 16  # requests that are sent before the answers to those before them


class _TooMuch(Exception):
    """More than a request may have; the parser makes it a 400."""


class GuardedConfig(uvicorn.Config):
    """uvicorn's settings, and the connections by address; those of a Unix socket have none and are not limited."""

    def __init__(self, app: Any, *, trusted: Callable[[str], bool] = lambda _host: False, **settings: Any) -> None:
        """`trusted(host)`: a proxy of ours, whose connections are those of everybody behind it."""
        super().__init__(
            app,
            http=GuardedProtocol,
            ws=GuardedWebSocket,
            ws_max_size=MAX_MESSAGE,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PONG_S,
            proxy_headers=False,  # whoever connects is the source: anybody can write another into X-Forwarded-For
            ws_per_message_deflate=False,  # a small message may not become a large one
            **settings,
        )
        self.per_source: Counter[str] = Counter()
        self.trusted = trusted
        self.websockets: set[GuardedWebSocket] = set()
        self.websocket_tasks: set[asyncio.Task[None]] = set()


class GuardedProtocol(HttpToolsProtocol):
    """One connection. uvicorn itself closes only what is idle between two requests."""

    config: GuardedConfig
    _deadline: asyncio.TimerHandle | None = None
    _running: RequestResponseCycle | None = None
    _source = ""
    _head = 0  # bytes of the line and the fields that are read already
    _unread = 0  # bytes that came and are not yet a field, a body or an end of a request
    _in_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        host = self.client[0] if self.client else ""
        self._source = "" if self.config.trusted(host) else source_of(host) if host else ""
        self.config.per_source[self._source] += 1
        if self._source and self.config.per_source[self._source] > PER_SOURCE_LIMIT:
            self._drop()
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._release()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """From here on it is another protocol's, with limits of its own (pbx.transport.connections)."""
        self._disarm()
        self._release()
        super().handle_websocket_upgrade()

    def _release(self) -> None:
        self.config.per_source[self._source] -= 1
        if not self.config.per_source[self._source]:
            del self.config.per_source[self._source]

    def data_received(self, data: bytes) -> None:
        """The parser itself gathers a field or the frame of a chunk for as long as it goes on."""
        self._unread += len(data)
        super().data_received(data)
        if self._unread > MAX_HEAD and not self.transport.is_closing():
            self._drop()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Fields behind a body are refused: they would join those that were judged already."""
        self._count(len(name) + len(value))
        if len(self.headers) >= MAX_FIELDS or not self._in_head:
            raise _TooMuch
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._unread = 0
        if len(self.pipeline) >= MAX_AHEAD:
            raise _TooMuch
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = max(self._unread - 2 * len(body), 0)  # chunks may be framed, not made of frames
        super().on_body(body)

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > MAX_HEAD:
            raise _TooMuch

    def on_message_begin(self) -> None:
        self._in_head, self._head = True, 0
        super().on_message_begin()
        if self._deadline is None:
            self._arm()

    def on_message_complete(self) -> None:
        self._unread = 0
        self._disarm()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._give_up()

    def timeout_keep_alive_handler(self) -> None:
        """Idle after an answer: also when the client has not read it, which a plain close would wait for."""
        if not self.transport.is_closing():
            self._drop()

    def _give_up(self) -> None:
        """No answer is written any more: uvloop raises on a transport that is closed, once for every request that was
        sent ahead, and whoever sends those would fill the log.
        """
        for cycle in (self._running, self.cycle, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None:
                cycle.disconnected = True
        self.pipeline.clear()

    def _drop(self) -> None:
        self._give_up()
        self.transport.abort()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_DEADLINE_S, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self._drop()
