"""SIP over TCP and TLS: where connections come in, and those we make, which are used for everything that goes there."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from pbx.sip.address import Destination
from pbx.sip.outputs import SendFailureListener
from pbx.transport.acceptor import SHUTDOWN_S, TlsAcceptor
from pbx.transport.base import ListenAddress, listen_error
from pbx.transport.connections import Connections
from pbx.transport.stream import StreamFlow, StreamHost
from pbx.transport.tls import Certificates

CONNECT_TIMEOUT_S = 4.0
TLS_CONNECT_TIMEOUT_S = 8.0  # with the handshake
BACKLOG = 1024
WAITING_LIMIT = 1024  # messages kept for one destination while the connection to it is being made

_Waiting = list[tuple[bytes, SendFailureListener | None]]


class StreamTransport:
    """The listeners of one transport ("tcp" or "tls") and its outgoing connections."""

    def __init__(self, host: StreamHost, loop: asyncio.AbstractEventLoop, certificates: Certificates) -> None:
        self._host = host
        self._loop = loop
        self._certificates = certificates
        self._servers: list[asyncio.Server] = []
        self._acceptors: list[TlsAcceptor] = []
        self._connecting: dict[Destination, tuple[asyncio.Task[None], _Waiting]] = {}
        self._local_hosts: list[str] = []  # addresses that connections of ours leave from, one a family
        self.on_failure: Callable[[Destination], None] = lambda _: None  # after owners heard of it

    @property
    def _connections(self) -> Connections:
        return self._host.connections

    async def listen(self, address: ListenAddress) -> ListenAddress:
        """Starts listening; returns the address with the port that was chosen. Raises ListenError."""
        try:
            sock = bind_stream(address.host, address.port)
        except OSError as error:
            raise listen_error(address, error) from None
        port = sock.getsockname()[1]
        if self._host.transport == "tls":
            self._acceptors.append(self._accept_tls(sock))
        else:
            server = await self._loop.create_server(lambda: StreamFlow(self._host, incoming=True), sock=sock)
            self._servers.append(server)
        if address.host not in ("0.0.0.0", "::"):  # noqa: S104 - a comparison, not a bind
            self._local_hosts.append(address.host)
        return address._replace(port=port)

    def _accept_tls(self, sock: socket.socket) -> TlsAcceptor:
        connections, stats = self._connections, self._host.stats

        def reserve(source: str) -> bool:
            free = connections.reserve(source)
            stats.connections_refused += not free
            return free

        def failed() -> None:
            stats.handshake_failures += 1

        return TlsAcceptor(
            self._loop,
            sock,
            context=self._certificates.server_context,
            make=lambda: StreamFlow(self._host, incoming=True, reserved=True),
            reserve=reserve,
            release=connections.release,
            on_failure=failed,
        )

    def stop_listening(self) -> None:
        """No new connection comes or goes; those that are open are the business of Connections."""
        for server in self._servers:
            server.close()
        for acceptor in self._acceptors:
            acceptor.close()
        for task, _ in tuple(self._connecting.values()):
            task.cancel()
        self._servers.clear()
        self._acceptors.clear()

    def send(self, data: bytes, destination: Destination, owner: SendFailureListener | None) -> None:
        """Sends by an open connection or makes one; `owner` hears of the failure to connect."""
        key = destination._replace(flow=None)
        flow = self._connections.find(key)
        if flow is not None:
            flow.send(data, (key.host, key.port))
            return
        waiting = self._connecting.get(key)
        if waiting is None:
            queue: _Waiting = [(data, owner)]
            self._connecting[key] = (self._loop.create_task(self._connect(key)), queue)
        elif len(waiting[1]) < WAITING_LIMIT:
            waiting[1].append((data, owner))
        else:
            self._fail(key, [(data, owner)])

    async def _connect(self, key: Destination) -> None:
        flow = StreamFlow(self._host, incoming=False)
        try:
            await self._open(key, flow)
        except (OSError, TimeoutError, ssl.SSLError) as error:
            if isinstance(error, ssl.SSLError):
                self._host.stats.handshake_failures += 1
            self._certificates.tell_failure(key, error)
            self._fail(key, self._connecting.pop(key)[1])
            return
        except BaseException:
            self._connecting.pop(key, None)
            raise
        self._connections.reuse(key, flow)
        for data, _ in self._connecting.pop(key)[1]:
            flow.send(data, (key.host, key.port))

    async def _open(self, key: Destination, flow: StreamFlow) -> None:
        local = next(((host, 0) for host in self._local_hosts if (":" in host) == (":" in key.host)), None)
        if self._host.transport == "tcp":
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._loop.create_connection(lambda: flow, key.host, key.port, local_addr=local)
            return
        context, name = self._certificates.towards(key)
        async with asyncio.timeout(TLS_CONNECT_TIMEOUT_S):
            await self._loop.create_connection(
                lambda: flow,
                key.host,
                key.port,
                local_addr=local,
                ssl=context,
                server_hostname=name,
                ssl_shutdown_timeout=SHUTDOWN_S,
            )

    def _fail(self, key: Destination, waiting: _Waiting) -> None:
        for _, owner in waiting:
            self._host.stats.send_errors += 1
            if owner is not None:
                owner.on_send_failed()
        self.on_failure(key)


def bind_stream(host: str, port: int) -> socket.socket:
    """A listening socket, not blocking; an IPv6 one takes IPv6 only. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
