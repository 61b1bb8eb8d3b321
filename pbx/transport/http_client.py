"""An HTTP/1.1 client for short exchanges with services: one connection each, nothing followed, everything bounded.

It tells apart what callers must know who may not ask twice: HttpNotSent (the server saw nothing of the request) and
HttpUnanswered (it may have done what was asked).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httptools

MAX_BODY = 1 << 20
MAX_HEADERS = 32_768
READ = 65_536


class HttpNotSent(Exception):
    """No connection: the request was not made."""


class HttpUnanswered(Exception):
    """The request was made, and its answer is missing or none."""


@dataclass(slots=True)
class HttpAnswer:
    """Header names are in lower case; of several of one name the last counts."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout_s: float = 10.0,
    max_body: int = MAX_BODY,
    tls: ssl.SSLContext | None = None,
) -> HttpAnswer:
    """The answer of `url` within `timeout_s`, whatever its status; redirects are not followed.

    Only for addresses of the configuration: nobody looks where the name leads; what others can influence is asked for
    by pbx.web. Raises HttpNotSent, HttpUnanswered, and ValueError for a URL or header that is none.
    """
    parts, port = _parse(url)
    head = _head(method, parts, headers or {}, len(body))
    deadline = asyncio.get_running_loop().time() + timeout_s
    try:
        async with asyncio.timeout_at(deadline):
            reader, writer = await _connect(parts, port, tls)
    except (OSError, TimeoutError) as error:
        raise HttpNotSent(f"{parts.hostname}: {_why(error, timeout_s)}") from None
    try:
        async with asyncio.timeout_at(deadline):
            writer.write(head + body)
            return await _read(reader, max_body)
    except (OSError, TimeoutError, httptools.HttpParserError) as error:
        raise HttpUnanswered(f"{parts.hostname}: {_why(error, timeout_s)}") from None
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                await writer.wait_closed()


def _parse(url: str) -> tuple[SplitResult, int]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a service; write https://host/path")
    if any(ord(mark) <= 0x20 or ord(mark) == 0x7F for mark in url):
        raise ValueError("an address of a service has no spaces and no control characters")
    return parts, parts.port or (443 if parts.scheme == "https" else 80)


def _head(method: str, parts: SplitResult, headers: Mapping[str, str], length: int) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    fields = {"host": host, "connection": "close", "accept": "*/*", "user-agent": "centrala"}
    fields |= {name.lower(): value for name, value in headers.items()}
    if length or method in ("POST", "PUT", "PATCH"):
        fields["content-length"] = str(length)
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header has a line break")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _connect(
    parts: SplitResult, port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first address that answers."""
    host = str(parts.hostname)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)  # SOCK_STREAM
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    context: Any = None
    if parts.scheme == "https":
        context = tls or _default_tls()
    failure: OSError | None = None
    for address in addresses[:4]:
        try:
            return await asyncio.open_connection(
                address, port, ssl=context, server_hostname=host if context else None, limit=READ
            )
        except OSError as error:
            failure = error
    raise failure or OSError("no address")


@cache
def _default_tls() -> ssl.SSLContext:
    """Made once: reading the certificates of a system takes longer than a tick of the event loop may."""
    return ssl.create_default_context()


async def _read(reader: asyncio.StreamReader, max_body: int) -> HttpAnswer:
    taker = _Taker(max_body)
    parser = httptools.HttpResponseParser(taker)
    received = 0
    while not taker.complete:
        data = await reader.read(READ)
        if not data:
            break
        received += len(data)
        if received > max_body + MAX_HEADERS:
            raise OSError(f"the answer is over {max_body} bytes")
        parser.feed_data(data)
    if not taker.headers_complete:
        raise OSError("the connection ended before the answer")
    if not taker.complete and ("content-length" in taker.answer.headers or "chunked" in taker.encoding):
        raise OSError("the answer ends too early")
    taker.answer.status = parser.get_status_code()
    return taker.answer


class _Taker:
    """What httptools calls back."""

    def __init__(self, max_body: int) -> None:
        self.answer = HttpAnswer(0)
        self.complete = self.headers_complete = False
        self._max_body = max_body

    @property
    def encoding(self) -> str:
        return self.answer.headers.get("transfer-encoding", "")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.headers_complete = True

    def on_body(self, body: bytes) -> None:
        if len(self.answer.body) + len(body) > self._max_body:
            raise OSError(f"the answer is over {self._max_body} bytes")
        self.answer.body += body

    def on_message_complete(self) -> None:
        self.complete = True


def _why(error: BaseException, timeout_s: float) -> str:
    return f"no answer within {timeout_s:g} s" if isinstance(error, TimeoutError) else str(error) or repr(error)
