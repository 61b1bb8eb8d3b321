"""SIPp speaks TCP; this carries what it says to the PBX over TLS, WebSocket or secure WebSocket, by one connection a
phone that stays open between its SIPp runs, as a phone's does.

SIPp calls `port` of the phone's address; what the PBX sends goes to the SIPp that is connected, or else to the one that
listens at the phone's own port. The transport is named as it really is in the Via and Contact of what SIPp sends.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
from typing import Protocol

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

PORTS = {"tls": 5061, "ws": 8080, "wss": 8443}
TIMEOUT_S = 30.0
_LENGTH = re.compile(rb"\r\n(?:Content-Length|l)[ \t]*:[ \t]*(\d+)", re.IGNORECASE)


class Upstream(Protocol):
    """The connection to the PBX."""

    def send(self, message: bytes) -> None: ...
    def receive(self) -> bytes:
        """One message or a piece of one; b"" at the end."""
        ...

    def close(self) -> None: ...


class _Tls:
    def __init__(self, address: str, pbx: str, certificate: str, shown: bool) -> None:
        context = ssl.create_default_context(cafile=certificate)
        if shown:
            context.load_cert_chain(certificate, certificate.replace("certificate.pem", "key.pem"))
        plug = socket.create_connection((pbx, PORTS["tls"]), TIMEOUT_S, (address, 0))
        self._plug = context.wrap_socket(plug, server_hostname=pbx)
        self._plug.settimeout(None)

    def send(self, message: bytes) -> None:
        self._plug.sendall(message)

    def receive(self) -> bytes:
        return self._plug.recv(65536)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._plug.shutdown(socket.SHUT_RDWR)
        self._plug.close()


class _WebSocket:
    def __init__(self, transport: str, address: str, pbx: str, certificate: str) -> None:
        plug = socket.create_connection((pbx, PORTS[transport]), TIMEOUT_S, (address, 0))
        plug.settimeout(None)
        context = ssl.create_default_context(cafile=certificate) if transport == "wss" else None
        uri = f"{transport}://{pbx}:{PORTS[transport]}/ws"
        self._socket = connect(uri, sock=plug, ssl=context, subprotocols=["sip"], compression=None)  # type: ignore[list-item]

    def send(self, message: bytes) -> None:
        self._socket.send(message.decode())

    def receive(self) -> bytes:
        try:
            message = self._socket.recv()
        except WebSocketException:
            return b""
        return message.encode() if isinstance(message, str) else message

    def close(self) -> None:
        self._socket.close()


class Edge:
    """One phone's way to the PBX. `port` is what its SIPp has to call."""

    def __init__(
        self, transport: str, address: str, phone_port: int, pbx: str, certificate: str, *, shown: bool = False
    ) -> None:
        """`certificate` is the PBX's own, which is its own authority; `shown`: it is ours as well (TLS)."""
        self._shown = shown
        self.transport = transport
        self._address = address
        self._phone_port = phone_port
        self._pbx = pbx
        self._certificate = certificate
        self._listener = socket.create_server((address, 0))
        self.port: int = self._listener.getsockname()[1]
        self._upstream: Upstream | None = None
        self._sipp: socket.socket | None = None
        self._lock = threading.Lock()
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def connect(self) -> None:
        """Opens the connection to the PBX, if it is not open."""
        with self._lock:
            if self._upstream is None:
                self._upstream = self._open()
                threading.Thread(target=self._from_pbx, args=(self._upstream,), daemon=True).start()

    def drop(self) -> None:
        """The connection to the PBX breaks; the next thing that SIPp says opens another."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.close()

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _open(self) -> Upstream:
        if self.transport == "tls":
            return _Tls(self._address, self._pbx, self._certificate, self._shown)
        return _WebSocket(self.transport, self._address, self._pbx, self._certificate)

    def _accept(self) -> None:
        while not self._closed:
            try:
                plug, _ = self._listener.accept()
            except OSError:
                return
            self._take(plug)

    def _take(self, plug: socket.socket) -> None:
        self._sipp = plug
        threading.Thread(target=self._from_sipp, args=(plug,), daemon=True).start()

    def _from_sipp(self, plug: socket.socket) -> None:
        buffer = b""
        with plug, contextlib.suppress(OSError, WebSocketException):
            while data := plug.recv(65536):
                buffer += data
                while (size := _size(buffer)) and len(buffer) >= size:
                    message, buffer = buffer[:size], buffer[size:]
                    self.connect()
                    assert self._upstream is not None
                    self._upstream.send(self._named(message))
        if self._sipp is plug:
            self._sipp = None

    def _from_pbx(self, upstream: Upstream) -> None:
        with contextlib.suppress(OSError, WebSocketException):
            while message := upstream.receive():
                if message.strip(b"\r\n"):
                    self._towards_sipp().sendall(message)
        if self._upstream is upstream:
            self._upstream = None

    def _towards_sipp(self) -> socket.socket:
        if self._sipp is None:
            self._take(socket.create_connection((self._address, self._phone_port), TIMEOUT_S))
        assert self._sipp is not None
        return self._sipp

    def _named(self, message: bytes) -> bytes:
        """A request of SIPp's with the transport that it really goes by."""
        if message.startswith(b"SIP/2.0 "):
            return message
        named = b"tls" if self.transport == "tls" else b"ws"
        head, blank, body = message.partition(b"\r\n\r\n")
        head = head.replace(b"Via: SIP/2.0/TCP", b"Via: SIP/2.0/" + self.transport.upper().encode(), 1)
        return re.sub(rb"(?i);transport=tcp", b";transport=" + named, head) + blank + body


def _size(buffer: bytes) -> int:
    """Bytes of the message at the start of `buffer`; 0 while its headers are not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    found = _LENGTH.search(buffer, 0, end + 2)
    return end + 4 + (int(found[1]) if found else 0)
