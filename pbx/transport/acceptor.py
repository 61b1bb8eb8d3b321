"""Accepts TLS connections: counted by source from the first packet on, with a deadline for the handshake, and with the
certificate that is the newest at that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

HANDSHAKE_S = 10.0
SHUTDOWN_S = 1.0  # for the far end's close_notify: many send none, and nothing depends on it
ACCEPT_BATCH = 32  # connections taken in one turn of the loop
PAUSE_S = 0.5  # after accept() failed for want of descriptors


class TlsAcceptor:
    """One listening socket. `reserve(ip)` counts a connection of that address or refuses it. `release(ip)` is called
    for those whose handshake failed; for the others too unless `held`: then the protocol that `make` gives does it.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        *,
        context: Callable[[], ssl.SSLContext],
        make: Callable[[], asyncio.Protocol],
        reserve: Callable[[str], bool],
        release: Callable[[str], None],
        on_failure: Callable[[], None],
        held: bool = True,
    ) -> None:
        self._loop = loop
        self._socket = sock
        self._context = context
        self._make = make
        self._reserve = reserve
        self._release = release
        self._on_failure = on_failure
        self._held = held
        self._handshakes: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self.closed = False
        loop.add_reader(sock.fileno(), self._on_readable)

    def close(self) -> None:
        """Listens no more, and gives up the handshakes that are under way."""
        if self.closed:
            return
        self.closed = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for task in tuple(self._handshakes):
            task.cancel()

    def _on_readable(self) -> None:
        for _ in range(ACCEPT_BATCH):
            try:
                sock, address = self._socket.accept()
            except BlockingIOError:
                return
            except ConnectionError:  # it gave up before we came
                continue
            except OSError:  # no descriptor is left: those who wait are served later
                self._loop.remove_reader(self._socket.fileno())
                self._pause = self._loop.call_later(PAUSE_S, self._resume)
                return
            source = str(address[0])
            if not self._reserve(source):
                sock.close()
                continue
            task = self._loop.create_task(self._shake_hands(sock, source))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._socket.fileno(), self._on_readable)

    async def _shake_hands(self, sock: socket.socket, source: str) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        shaken = False
        try:
            await self._loop.connect_accepted_socket(
                self._make,
                sock,
                ssl=self._context(),
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=SHUTDOWN_S,
            )
            shaken = True
        except (OSError, EOFError):  # ssl.SSLError is an OSError, as is the timeout's ConnectionAbortedError
            self._on_failure()
        finally:
            if not shaken:
                sock.close()
            if not (shaken and self._held):
                self._release(source)
