"""What transports share: where to listen, how the failure to do so is told, and the counters."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from typing import NamedTuple

from core.outputs import Traffic

RECEIVE_BUFFER = (
    4 * 1024 * 1024
)  # bytes of SO_RCVBUF: a burst of thousands of messages waits there instead of being lost
SEND_BUFFER = 1024 * 1024

TRANSPORTS = ("udp", "tcp", "tls")  # what an entry of sip.listen may begin with
WEBSOCKETS = ("ws", "wss")  # SIP over WebSocket (RFC 7118): these come in by the HTTP port


# A far end that vanished without a word: noticed after 90 s of silence, or 20 s after something was sent to it.
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000),  # ms
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
)


def watch_peer(transport: asyncio.BaseTransport) -> None:
    """Lets the kernel find out when the far end of a TCP connection is gone."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        for level, option, value in KEEPALIVE:
            with contextlib.suppress(OSError):
                sock.setsockopt(level, option, value)


class ListenError(Exception):
    """An address cannot be listened on; the message says which and what to do."""


class ListenAddress(NamedTuple):
    """Where to listen: `host` is an IP address without brackets, port 0 lets the system choose."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}:{bracketed(self.host)}:{self.port}"


def parse_listen(text: str) -> ListenAddress:
    """Reads "udp:0.0.0.0:5060" or "tcp:[::1]:5060". Raises ListenError."""
    transport, _, rest = text.partition(":")
    host, _, port = rest.rpartition(":")
    if transport not in TRANSPORTS or not host or not port.isdigit() or int(port) > 65535:
        raise ListenError(f'cannot listen on "{text}": write it as "udp:ADDRESS:PORT", "tcp:..." or "tls:..."')
    return ListenAddress(transport, host.removeprefix("[").removesuffix("]"), int(port))


def bracketed(host: str) -> str:
    """`host` as it stands in a URI or a Via: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host


def listen_error(address: ListenAddress, error: OSError) -> ListenError:
    """What to tell about `error`, with the remedy."""
    if error.errno == errno.EADDRINUSE:
        option = "u" if address.transport == "udp" else "t"
        remedy = (
            f"the port is taken by another process: find it with `ss -l{option}np 'sport = :{address.port}'` and stop "
            f"it, or choose another port in sip.listen"
        )
    elif error.errno == errno.EADDRNOTAVAIL:
        remedy = "this machine has no such address: see `ip address`, or listen on 0.0.0.0"
    elif error.errno in (errno.EACCES, errno.EPERM):
        remedy = "not allowed: ports below 1024 need root or CAP_NET_BIND_SERVICE, or choose a higher one in sip.listen"
    else:
        remedy = "correct sip.listen"
    return ListenError(f"cannot listen on {address} ({error.strerror or error}): {remedy}")


SENT = ("sent", "sent_bytes")  # what `core.outputs.Traffic` counts


class Stats(Traffic):
    """Counters of one transport since the start."""

    __slots__ = (
        "closed_idle",
        "closed_slow",
        "connections_opened",
        "connections_refused",
        "handshake_failures",
        "keepalives",
        "parse_errors",
        "received",
        "received_bytes",
        "send_errors",
        "unexpected_errors",
    )

    def __init__(self) -> None:
        self.received = 0
        self.received_bytes = 0
        self.parse_errors = 0
        self.keepalives = 0
        self.send_errors = 0
        self.connections_opened = 0  # both ways, refused ones too
        self.connections_refused = 0  # over the cap of one source or of all
        self.handshake_failures = 0  # TLS or WebSocket, both ways
        self.closed_idle = 0
        self.closed_slow = 0  # an unfinished message for too long, or our messages not read
        self.unexpected_errors = 0  # bugs: each is in the log


class TransportStats:
    """The counters of every transport; attributes of the transports' names, for the hot paths."""

    __slots__ = ("by_name", "tcp", "tls", "udp", "ws", "wss")

    def __init__(self) -> None:
        self.udp = Stats()
        self.tcp = Stats()
        self.tls = Stats()
        self.ws = Stats()
        self.wss = Stats()
        self.by_name = {"udp": self.udp, "tcp": self.tcp, "tls": self.tls, "ws": self.ws, "wss": self.wss}

    def of(self, transport: str) -> Stats:
        return self.by_name[transport]

    def items(self) -> list[tuple[str, Stats]]:
        """(transport, its counters) for all."""
        return [(name, self.of(name)) for name in (*TRANSPORTS, *WEBSOCKETS)]

    def total(self) -> Stats:
        """The sums over all transports, now."""
        total = Stats()
        for name in (*SENT, *Stats.__slots__):
            setattr(total, name, sum(getattr(stats, name) for _, stats in self.items()))
        return total
