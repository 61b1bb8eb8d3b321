"""uvicorn inside our event loop: it opens sockets and speaks HTTP; the process, its signals and its end stay ours."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from pbx.api.deadlines import GuardedConfig

GRACE_S = 2  # for requests that are being answered when we stop
KEEP_ALIVE_S = 30  # between two requests
BACKLOG = 128
# Of every answer, errors included: a browser must take nothing that we say for a page (security.md R11).
HEADERS = [("x-content-type-options", "nosniff"), ("content-security-policy", "default-src 'none'")]
MAX_CONNECTIONS = 512  # security.md R12: slow clients may not pile up


class HttpServer:
    """One listening socket, TCP or Unix. `start` raises OSError with the remedy in its text."""

    def __init__(self, app: ASGIApp, *, host: str = "", port: int = 0, path: Path | None = None) -> None:
        self._host, self._port, self._path = host, port, path
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.address: tuple[str, int] = (host, port)
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # not a line for every request that is none
        self._config = GuardedConfig(
            app,
            loop="none",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            headers=HEADERS,
            backlog=BACKLOG,
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
        if self._path is None:
            sockets = [self._bind()]
            self.address = sockets[0].getsockname()
        else:
            _reserve(self._path)
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise OSError(f"the HTTP server on {self._path or self._host} ended at once")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Answers what is being answered, then closes; idempotent."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
        self._server = self._task = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _bind(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            text = f"HTTP cannot listen on {self._host}:{self._port}: {error.strerror}; change http.listen or free it"
            raise OSError(error.errno, text) from None
        listener.setblocking(False)
        return listener


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
