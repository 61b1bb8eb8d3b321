"""uvicorn inside our event loop: it opens sockets and speaks HTTP; the process, its signals and its end stay ours."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from pbx.api.deadlines import PER_SOURCE_LIMIT, GuardedConfig, GuardedProtocol
from pbx.api.page import POLICY
from pbx.sip.address import source_of
from pbx.transport.acceptor import TlsAcceptor
from pbx.transport.tcp import bind_stream

GRACE_S = 2  # for requests that are being answered when we stop
GOING_AWAY = 1001  # RFC 6455 section 7.4.1
KEEP_ALIVE_S = 30  # between two requests
# Of every answer, errors included: a browser must take nothing that we say for a page (security.md R11).
HEADERS = [("x-content-type-options", "nosniff"), ("content-security-policy", POLICY)]
MAX_CONNECTIONS = 512  # security.md R12: slow clients may not pile up


class HttpServer:
    """One listening socket, TCP or Unix. `start` raises OSError with the remedy in its text.

    `tls` gives the context of each new connection: HTTPS and secure WebSocket then, and no restart when it changes.
    `trusted` tells proxies of ours, whose connections are not counted against one source.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        host: str = "",
        port: int = 0,
        path: Path | None = None,
        tls: Callable[[], ssl.SSLContext] | None = None,
        trusted: Callable[[str], bool] = lambda _host: False,
    ) -> None:
        self._host, self._port, self._path = host, port, path
        self._tls = tls
        self._acceptor: TlsAcceptor | None = None
        self.handshake_failures = 0
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.address: tuple[str, int] = (host, port)
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # not a line for every request that is none
        self._config = GuardedConfig(
            _Patient(app),
            trusted=trusted,
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=HEADERS,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=GRACE_S,
            uds=str(path) if path is not None else None,
        )
        self._config.load()  # imports half of uvicorn: now, and not while calls come in

    async def start(self) -> None:
        """Listens and serves from now on."""
        self._server = _Server(self._config)
        sockets = None
        if self._path is not None:
            _reserve(self._path)
        else:
            listener = self._bind()
            self.address = listener.getsockname()[:2]
            sockets = [listener]
            if self._tls is not None:
                self._acceptor = self._accept_tls(self._server, listener, self._tls)
                sockets = []
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise OSError(f"the HTTP server on {self._path or self._host} ended at once")
            await asyncio.sleep(0.005)

    @property
    def connections(self) -> int:
        """That are open."""
        return len(self._server.server_state.connections) if self._server is not None else 0

    async def stop(self) -> None:
        """Answers what is being answered, then closes; idempotent."""
        if self._server is None or self._task is None:
            return
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None
        for websocket in tuple(self._config.websockets):
            websocket.end(GOING_AWAY)
        self._server.should_exit = True
        await self._task
        if self._config.websocket_tasks:
            await asyncio.wait(self._config.websocket_tasks, timeout=GRACE_S)
        self._server = self._task = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _bind(self) -> socket.socket:
        try:
            return bind_stream(self._host, self._port)
        except OSError as error:
            key = "http.listen" if self._tls is None else "http.listen_tls"
            text = f"HTTP cannot listen on {self._host}:{self._port}: {error.strerror}; change {key} or free it"
            raise OSError(error.errno, text) from None

    def _accept_tls(self, server: _Server, sock: socket.socket, tls: Callable[[], ssl.SSLContext]) -> TlsAcceptor:
        """uvicorn would have a handshake cost as many descriptors as somebody likes, and keep the first certificate."""
        config = self._config
        shaking: Counter[str] = Counter()

        def reserve(source: str) -> bool:
            key = source_of(source)
            full = shaking[key] + config.per_source.get(key, 0) >= PER_SOURCE_LIMIT
            if full and not config.trusted(source):
                return False
            shaking[key] += 1
            return True

        def release(source: str) -> None:
            key = source_of(source)
            shaking[key] -= 1
            if not shaking[key]:
                del shaking[key]

        def failed() -> None:
            self.handshake_failures += 1

        def make() -> asyncio.Protocol:
            return GuardedProtocol(config, server.server_state, {})

        loop = asyncio.get_running_loop()
        return TlsAcceptor(
            loop, sock, context=tls, make=make, reserve=reserve, release=release, on_failure=failed, held=False
        )


class _Patient:
    """The application, for whom a client who leaves in the middle of a request is no fault that the log must tell."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(ClientDisconnect):
            await self._app(scope, receive, send)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: ours drain calls first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _reserve(path: Path) -> None:
    """Puts a socket of mode 0600 at `path`: uvicorn keeps the mode of what it finds, and would use 0666 otherwise."""
    path.unlink(missing_ok=True)
    before = os.umask(0o177)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as placeholder:
            placeholder.bind(str(path))
    except OSError as error:
        text = f"the control socket {path} cannot be made: {error.strerror or error}; choose a shorter server.data_dir"
        raise OSError(error.errno, text) from None
    finally:
        os.umask(before)
