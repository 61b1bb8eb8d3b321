"""One UDP socket, read in batches on the event loop and written directly.

The socket is ours rather than the loop's transport: a response sent from within the read goes out at once, and a batch
has a limit, so that timers and calls have their turn under a flood.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import deque
from collections.abc import Callable

from pbx.transport.base import RECEIVE_BUFFER, SEND_BUFFER, ListenAddress, Stats, listen_error

BATCH = 32  # datagrams read in one turn of the loop
MAX_DATAGRAM = 65535
BACKLOG = 2000  # datagrams kept while the socket's send buffer is full

Receiver = Callable[[bytes, tuple[str, int], "UdpFlow"], None]


class UdpFlow:
    """A Flow (see pbx.sip.address) that all peers of the socket share. Open it with `open_udp`."""

    transport = "udp"
    reliable = False
    remote: tuple[str, int] | None = None

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, receive: Receiver, stats: Stats) -> None:
        self._socket = sock
        self._loop = loop
        self._receive = receive
        self._stats = stats
        self._backlog: deque[tuple[bytes, tuple[str, int]]] = deque()
        self.local: tuple[str, int] = sock.getsockname()[:2]
        self.family = sock.family
        self.closed = False
        self.behind = False  # the last batch did not empty the socket...
        self.caught_up_at = time.monotonic()  # ...which was last seen empty then
        loop.add_reader(sock.fileno(), self._on_readable)

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Sends one datagram to (IP, port); waits in a bounded backlog while the kernel's buffer is full."""
        if self.closed:
            return
        if self._backlog:
            self._keep(data, address)
            return
        try:
            self._socket.sendto(data, address)
        except BlockingIOError:
            self._keep(data, address)
            self._loop.add_writer(self._socket.fileno(), self._on_writable)
        except (OSError, OverflowError):  # unreachable, too long, no such family: retransmission or the timeout decides
            self._stats.send_errors += 1

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._socket.fileno())
        if self._backlog:
            self._loop.remove_writer(self._socket.fileno())
        self._socket.close()

    def _on_readable(self) -> None:
        receive_from, receive = self._socket.recvfrom, self._receive
        try:
            for _ in range(BATCH):
                data, address = receive_from(MAX_DATAGRAM)
                receive(data, address, self)
                if self.closed:
                    return
            self._socket.recv(1, socket.MSG_PEEK)  # is there more?
            if not self.behind:
                self.behind = True
                self.caught_up_at = time.monotonic()
        except BlockingIOError:
            self.behind = False
        except OSError:  # an ICMP error that the kernel reports on this socket
            self._stats.send_errors += 1

    def _keep(self, data: bytes, address: tuple[str, int]) -> None:
        if len(self._backlog) < BACKLOG:
            self._backlog.append((data, address))
        else:
            self._stats.send_errors += 1

    def _on_writable(self) -> None:
        while self._backlog:
            data, address = self._backlog[0]
            try:
                self._socket.sendto(data, address)
            except BlockingIOError:
                return
            except (OSError, OverflowError):
                self._stats.send_errors += 1
            self._backlog.popleft()
        self._loop.remove_writer(self._socket.fileno())


def open_udp(address: ListenAddress, loop: asyncio.AbstractEventLoop, receive: Receiver, stats: Stats) -> UdpFlow:
    """Binds a socket and starts reading. Raises ListenError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        for option, size in ((socket.SO_RCVBUF, RECEIVE_BUFFER), (socket.SO_SNDBUF, SEND_BUFFER)):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, option, size)
        sock.bind((address.host, address.port))
    except OSError as error:
        sock.close()
        raise listen_error(address, error) from None
    return UdpFlow(sock, loop, receive, stats)
