"""Behind a proxy of ours everybody has its address: its connections are not one source's."""

from __future__ import annotations

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pbx.api import deadlines
from pbx.api.client_address import ClientAddress
from pbx.api.server import HttpServer

HOST = "127.0.0.1"


@pytest.mark.parametrize(("proxies", "answered"), [([], 3), (["127.0.0.0/8"], 8), (["192.0.2.1"], 3)])
async def test_connections_of_one_address(monkeypatch: pytest.MonkeyPatch, proxies: list[str], answered: int) -> None:
    monkeypatch.setattr(deadlines, "PER_SOURCE_LIMIT", 3)
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    server = HttpServer(app, host=HOST, port=0, trusted=ClientAddress(proxies).is_trusted)
    await server.start()
    try:
        open_ones = [await asyncio.open_connection(*server.address) for _ in range(8)]
        heard = 0
        for reader, writer in open_ones:
            try:
                writer.write(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
                heard += b"200" in await asyncio.wait_for(reader.readline(), 10)
            except ConnectionError:
                pass
        assert heard == answered
        for _, writer in open_ones:
            writer.close()
    finally:
        await server.stop()
