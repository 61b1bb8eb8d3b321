"""One UDP socket, read in batches on the event loop and written at the end of each turn of the loop.

The socket is ours rather than the loop's transport: a batch has a limit, so that timers and calls have their turn under
a flood, and what a turn sends goes out in one system call. A receiver on the same machine is then woken once, which
costs the sender more than all the rest of a datagram.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable

from core.datagrams import Datagrams
from pbx.sip.address import Destination, Flow
from pbx.transport.base import RECEIVE_BUFFER, SEND_BUFFER, ListenAddress, Stats, listen_error

BATCH = 8  # datagrams read in one turn of the loop: sixteen made its lag 10 to 20 ms at 400 calls a second, eight 7.5
# Being behind for less is what a pause leaves: other processes had the processor, and the calls can all be saved.
PAUSE_S = 1.0
SO_TIMESTAMPNS = 35  # Linux: the kernel notes when each datagram arrived
TIMESPEC = struct.Struct("@ll")
BACKLOG = 2000  # datagrams kept while the socket's send buffer is full

Receiver = Callable[[bytes, Destination], None]  # a datagram and where it came from


class UdpFlow:
    """A Flow (see pbx.sip.address) that all peers of the socket share. Open it with `open_udp`."""

    transport = "udp"
    reliable = False
    remote: tuple[str, int] | None = None
    successor: Flow | None = None

    def __init__(self, sock: socket.socket, loop: asyncio.AbstractEventLoop, receive: Receiver, stats: Stats) -> None:
        self._socket = sock
        self._datagrams = Datagrams(sock.fileno(), sock.family, self.source)
        self._loop = loop
        self._receive = receive
        self._stats = stats
        self._waiting: list[tuple[bytes, tuple[str, int]]] = []  # sent at the end of this turn
        self._blocked = False  # the kernel's buffer is full: they go out when it is not
        self.local: tuple[str, int] = sock.getsockname()[:2]
        self._ipv6 = sock.family == socket.AF_INET6
        self.closed = False
        self.delay_s = 0.0  # how long datagrams wait, once they have waited for longer than a pause explains
        self._behind_since = 0.0  # since when no batch has emptied the socket; 0 when the last one did
        loop.add_reader(sock.fileno(), self._on_readable)

    def reaches(self, host: str) -> bool:
        """Whether the IP address `host` is of this socket's family."""
        return (":" in host) is self._ipv6

    def send(self, data: bytes, address: tuple[str, int]) -> None:
        """Sends one datagram to (IP, port) at the end of this turn of the loop, with all others of the turn."""
        if self.closed:
            return
        waiting = self._waiting
        if not waiting:
            self._loop.call_soon(self._flush_soon)
        elif len(waiting) >= BACKLOG:
            self._stats.send_errors += 1
            return
        waiting.append((data, address))

    def source(self, host: str, port: int) -> Destination:
        """What a datagram from there comes from; the socket asks once for each."""
        return Destination("udp", host, port, self)

    def keep(self, seconds: float) -> None:
        """A datagram socket is never idle."""

    def expect_pings(self, seconds: float) -> None:
        """Nobody notices when a NAT forgets a binding."""

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._datagrams.send(self._waiting)
        if self._blocked:
            self._loop.remove_writer(self._socket.fileno())
        self._socket.close()

    def _on_readable(self) -> None:
        receive = self._receive
        try:
            batch = self._datagrams.receive(BATCH)
            for data, source in batch:
                receive(data, source)
            if self.closed:
                return
            if len(batch) == BATCH:
                self._measure_delay()
            else:
                self.delay_s = self._behind_since = 0.0
        except BlockingIOError:
            self.delay_s = self._behind_since = 0.0
        except OSError:  # an ICMP error that the kernel reports on this socket
            self._stats.send_errors += 1

    def _measure_delay(self) -> None:
        """Looks at the arrival time of the next datagram; raises BlockingIOError when there is none.

        The wall clock may jump: nothing waits longer than the socket has been behind, after a pause that is forgiven.
        """
        _, ancillary, _, _ = self._socket.recvmsg(1, 64, socket.MSG_PEEK)
        now = time.monotonic()
        if not self._behind_since:
            self._behind_since = now
        behind_s = now - self._behind_since
        if behind_s < PAUSE_S:
            return
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) == TIMESPEC.size:
                seconds, nanoseconds = TIMESPEC.unpack(value)
                waited_s = time.time() - seconds - nanoseconds / 1e9
                self.delay_s = max(0.0, min(waited_s, behind_s))

    def flush(self) -> None:
        """Sends what waits without waiting for the end of the turn."""
        if self._waiting and not self._blocked:
            self._flush()

    def _flush_soon(self) -> None:
        """What the batch has made ready runs in this turn: what it sends goes out with the rest."""
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Sends what this turn of the loop has brought; what finds the kernel's buffer full waits until it is writable.

        What fails is unreachable, too long or of another family: retransmission or the timeout decides.
        """
        waiting = self._waiting
        if self.closed or (not waiting and not self._blocked):  # sent by `flush` already
            return
        done, failed = self._datagrams.send(waiting)
        self._stats.send_errors += failed
        del waiting[:done]
        if bool(waiting) is self._blocked:
            return
        self._blocked = not self._blocked
        if self._blocked:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        else:
            self._loop.remove_writer(self._socket.fileno())


def open_udp(address: ListenAddress, loop: asyncio.AbstractEventLoop, receive: Receiver, stats: Stats) -> UdpFlow:
    """Binds a socket and starts reading. Raises ListenError."""
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        options = ((socket.SO_RCVBUF, RECEIVE_BUFFER), (socket.SO_SNDBUF, SEND_BUFFER), (SO_TIMESTAMPNS, 1))
        for option, value in options:
            with contextlib.suppress(OSError):  # the kernel's own limits hold; without arrival times only lag is seen
                sock.setsockopt(socket.SOL_SOCKET, option, value)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # 0.0.0.0 has a socket of its own
        sock.bind((address.host, address.port))
    except OSError as error:
        sock.close()
        raise listen_error(address, error) from None
    return UdpFlow(sock, loop, receive, stats)
