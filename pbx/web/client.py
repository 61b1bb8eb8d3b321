"""Asks other systems over HTTP/1.1: connections are kept, addresses are checked when they are connected to, and every
request has an end.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import httpcore

from pbx.config_http import Http
from pbx.web.hosts import HostError, Hosts

log = logging.getLogger("centrala.web")
IDLE_S = 30.0
MAX_HEADER = 4096
MAX_WAIT_S = 10.0  # that a server may ask us to wait before we try again
AGAIN = frozenset({429, 500, 502, 503, 504})  # answers after which the same may be tried again
SAFE = "%/:=&?~#+!$,;'@()*[]"


class WebError(Exception):
    """There is no answer. `reason` is short and stable: "timeout", "connect", "host", "tls", "size", "protocol"."""

    def __init__(self, reason: str, text: str) -> None:
        self.reason = reason
        super().__init__(text)


@dataclass(slots=True, frozen=True)
class Answer:
    """`attempts`: how many requests it took. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    attempts: int = 1


@dataclass(slots=True, frozen=True)
class Ask:
    """What is asked. `timeout_s` is for all attempts together. `excerpt`: of a longer answer only so many octets are
    read; 0: it must not be longer than http.max_bytes.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    timeout_s: float = 5.0
    retries: int = 0
    backoff_s: float = 0.3  # before the second attempt; doubled with each further one
    excerpt: int = 0


class Web(Protocol):
    """`WebClient` is one, and so is a test's."""

    hosts: Hosts

    async def ask(self, ask: Ask) -> Answer:
        """The answer, whatever its status. Raises WebError."""
        ...


class WebClient:
    """One pool for the process. `start` is not needed; `stop` closes the connections."""

    def __init__(self, settings: Http, hosts: Hosts | None = None) -> None:
        """`hosts`: others than those of the settings."""
        self.hosts = hosts or Hosts(settings.hosts, settings.networks)
        self._max_bytes = settings.max_bytes
        context = ssl.create_default_context(cafile=settings.ca or None)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=settings.max_connections,
            max_keepalive_connections=settings.max_connections,
            keepalive_expiry=IDLE_S,
            http1=True,
            network_backend=_Backend(self.hosts),
        )

    async def stop(self) -> None:
        await self._pool.aclose()

    async def ask(self, ask: Ask) -> Answer:
        """See Web. Redirects are answers like others: nobody is asked who is not listed."""
        url = encoded(ask.url)
        try:
            self.hosts.check(url)
        except HostError as error:
            raise WebError("host", str(error)) from None
        headers = _headers(ask.headers)
        try:
            async with asyncio.timeout(ask.timeout_s):
                return await self._tries(ask, url, headers)
        except TimeoutError:
            raise WebError("timeout", f"no answer within {ask.timeout_s:g} s") from None

    async def _tries(self, ask: Ask, url: str, headers: list[tuple[bytes, bytes]]) -> Answer:
        pause_s = ask.backoff_s
        for attempt in range(1, ask.retries + 2):
            last = attempt > ask.retries
            try:
                answer = await self._once(ask, url, headers, attempt)
            except WebError as error:
                if last or error.reason not in ("connect", "protocol", "timeout"):
                    raise
                log.info("%s %s: %s; tried again", ask.method, urlsplit(url).hostname, error)
            else:
                if last or answer.status not in AGAIN:
                    return answer
                pause_s = max(pause_s, _retry_after(answer))
            await asyncio.sleep(pause_s)
            pause_s *= 2
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, ask: Ask, url: str, headers: list[tuple[bytes, bytes]], attempt: int) -> Answer:
        left = {"connect": ask.timeout_s, "read": ask.timeout_s, "write": ask.timeout_s, "pool": ask.timeout_s}
        content = ask.body if ask.body or ask.method == "POST" else None
        try:
            async with self._pool.stream(
                ask.method, url, headers=headers, content=content, extensions={"timeout": left}
            ) as response:
                body = await self._read(response, ask.excerpt)
                found = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in response.headers}
                return Answer(response.status, found, body, attempt)
        except HostError as error:
            raise WebError("host", str(error)) from None
        except httpcore.TimeoutException:
            raise WebError("timeout", "no answer in time") from None
        except httpcore.ConnectError as error:
            reason = "tls" if isinstance(error.__cause__, ssl.SSLError) or "SSL" in str(error) else "connect"
            raise WebError(reason, f"no connection: {error}") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
            raise WebError("protocol", f"the connection broke: {type(error).__name__} {error}") from None
        except ssl.SSLError as error:
            raise WebError("tls", f"no secure connection: {error}") from None

    async def _read(self, response: httpcore.Response, excerpt: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_stream():
            size += len(part)
            if excerpt and size >= excerpt:
                return b"".join((*parts, part))[:excerpt]
            if size > self._max_bytes:
                raise WebError("size", f"the answer is larger than {self._max_bytes} bytes (http.max_bytes)")
            parts.append(part)
        return b"".join(parts)


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at just before, so that a name cannot lead elsewhere in between."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        began = time.monotonic()
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from None
        addresses = self._hosts.choose(host, list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses[:4]:
            left = None if timeout is None else max(0.05, timeout - (time.monotonic() - began))
            try:
                return await self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002  (httpcore names them)
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("no socket of this machine is asked")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def encoded(url: str) -> str:
    """`url` as it goes onto the wire: what is not ASCII is encoded, the host by IDNA. Raises WebError."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if not url.isascii() else ""
    except (ValueError, UnicodeError) as error:
        raise WebError("host", f"{url[:200]!r} is no address: {error}") from None
    if url.isascii():
        return url.replace(" ", "%20")
    netloc = f"{host}:{port}" if port else host
    return urlunsplit((parts.scheme, netloc, quote(parts.path, SAFE), quote(parts.query, SAFE), ""))


def _headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Raises WebError for one that could smuggle in another."""
    found = [(b"User-Agent", b"Centrala"), (b"Accept-Encoding", b"identity")]
    for name, value in headers.items():
        clean = value.isprintable() and len(value) <= MAX_HEADER
        if not clean or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise WebError("host", f"the header {name[:40]!r} cannot be sent")
        found.append((name.encode(), value.encode()))
    return found


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("retry-after", "")
    return min(float(text), MAX_WAIT_S) if text.isascii() and text.isdigit() else 0.0
