"""The HTTP client against servers that answer in every way that they can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pbx.transport.http_client import HttpNotSent, HttpUnanswered, request

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def ask(answer: bytes, *, hang: bool = False, **options: object) -> tuple[object, bytes]:
    """What the client makes of `answer`, and what the server saw."""
    seen = b""
    release = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen = await reader.readuntil(b"\r\n\r\n")
        if b"content-length: " in seen:
            seen += await reader.readexactly(int(seen.split(b"content-length: ")[1].split(b"\r\n")[0]))
        for index in range(0, len(answer), 7):  # in pieces
            writer.write(answer[index : index + 7])
            await writer.drain()
        if hang:
            await release.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        got = await request("POST", f"http://127.0.0.1:{port}/a?b=c", body=b"hello", **options)  # type: ignore[arg-type]
    except (HttpNotSent, HttpUnanswered) as error:
        return error, seen
    finally:
        release.set()
        server.close()
        await server.wait_closed()
    return got, seen


async def test_an_answer() -> None:
    answer, seen = await ask(b"HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 2\r\n\r\nok", headers={"X-Q": "1"})
    assert (answer.status, answer.body, answer.headers["x-a"]) == (201, b"ok", "b")  # type: ignore[attr-defined]
    assert seen.startswith(b"POST /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nx-q: 1\r\n" in seen
    assert seen.endswith(b"content-length: 5\r\n\r\nhello")


async def test_chunks_and_an_answer_that_ends_with_the_connection() -> None:
    chunked, _ = await ask(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
    assert chunked.body == b"ok"  # type: ignore[attr-defined]
    closed, _ = await ask(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
    assert closed.body == b"until the end"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"a" * 200,
    ],
)
async def test_no_answer_or_none_of_the_allowed_size_may_have_been_acted_on(answer: bytes) -> None:
    found, seen = await ask(answer, max_body=100)
    assert isinstance(found, HttpUnanswered)
    assert seen


async def test_silence_is_unanswered_and_a_closed_port_is_not_sent() -> None:
    found, _ = await ask(b"", hang=True, timeout_s=0.05)
    assert isinstance(found, HttpUnanswered)
    with pytest.raises(HttpNotSent):
        await request("GET", "http://127.0.0.1:1/")


@pytest.mark.parametrize("url", ["ftp://a/", "http://", "http://a/b c", "http://a/\r\nHost: b", "nothing"])
async def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="address of a service"):
        await request("GET", url)
    with pytest.raises(ValueError, match="line break"):
        await request("GET", "http://a/", headers={"x": "1\r\ny: 2"})
