"""What a request has beside its body is bounded, however slowly or cleverly it is sent (security.md R12)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pbx.api.deadlines import MAX_AHEAD, MAX_FIELDS, MAX_HEAD
from pbx.api.server import HttpServer

GET = b"GET /size HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /size HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


async def _size(request: Request) -> Response:
    return Response(str(len(await request.body())))


@contextlib.asynccontextmanager
async def _server(answer: Callable[[Request], Awaitable[Response]] = _size) -> AsyncIterator[HttpServer]:
    server = HttpServer(Starlette(routes=[Route("/size", answer, methods=["GET", "POST"])]), host="127.0.0.1")
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _spoken(*parts: bytes) -> bytes:
    """What the server answers to `parts`, up to the end of the connection."""
    async with asyncio.timeout(20), _server() as server:
        reader, writer = await asyncio.open_connection(*server.address)
        with contextlib.suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                answer += piece
        writer.close()
        return answer


def answers(*parts: bytes) -> bytes:
    return asyncio.run(_spoken(*parts))


def test_what_is_usual_is_answered() -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 300) for n in range(MAX_FIELDS - 10))
    assert b" 200 OK" in answers(GET + fields + b"Connection: close\r\n\r\n")
    chunks = (b"1000\r\n" + b"x" * 4096 + b"\r\n") * 40
    assert answers(POST, chunks, b"0\r\n\r\n").endswith(b"%d" % (40 * 4096))


def test_a_field_that_never_ends_is_cut_off() -> None:
    """It is gathered by the parser, of which nothing is heard meanwhile."""
    assert answers(GET + b"X: ", *[b"x" * 65536] * 16) == b""


def test_many_fields_and_long_ones_are_refused() -> None:
    assert b" 400 " in answers(GET + b"X: y\r\n" * (MAX_FIELDS + 1) + b"\r\n")
    assert b" 400 " in answers(GET + b"X: " + b"x" * (MAX_HEAD + 1) + b"\r\n\r\n")
    assert b" 400 " in answers(b"GET /" + b"x" * (MAX_HEAD + 1) + b" HTTP/1.1\r\n\r\n")


def test_fields_behind_a_body_are_refused() -> None:
    """They would be read as if they had stood before it, when what stands there was judged already."""
    said = answers(POST, b"1\r\nx\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
    assert b" 200 " not in said


def test_a_body_of_frames_alone_is_cut_off() -> None:
    assert answers(POST, *[b"1;" + b"e" * 60000 + b"\r\nx\r\n"] * 8) == b""


def test_requests_ahead_of_their_answers_are_few() -> None:
    said = answers((GET + b"\r\n") * (MAX_AHEAD + 2))
    assert b" 400 " in said
    assert said.count(b" 200 ") <= 1
    last = GET + b"Connection: close\r\n\r\n"
    assert answers((GET + b"\r\n") * (MAX_AHEAD - 1) + last).count(b" 200 ") == MAX_AHEAD


def test_who_leaves_before_the_end_leaves_nothing_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def leave() -> None:
        left = asyncio.Event()

        async def read(request: Request) -> Response:
            writer.close()
            try:
                return Response(await request.body())
            finally:
                left.set()

        async with asyncio.timeout(20), _server(read) as server:
            _, writer = await asyncio.open_connection(*server.address)
            writer.write(POST)
            await left.wait()

    asyncio.run(leave())
    assert not caplog.records
