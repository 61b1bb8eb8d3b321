"""The client against real servers on the loopback: what it sends, what it bears, what it refuses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.config_http import Http
from pbx.web.client import Answer, Ask, WebClient, WebError, encoded
from pbx.web.hosts import HostError, Hosts
from tests.support.certificates import Authority

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Counts connections and requests; `handle` answers each by the number of it."""

    def __init__(self, handle: Callable[[int], bytes | float]) -> None:
        self.handle = handle
        self.requests: list[str] = []
        self.connections = 0

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lengths = [line.split(":")[1] for line in head.lower().split("\r\n") if line.startswith("content-len")]
                body = await reader.readexactly(int(lengths[0])) if lengths else b""
                self.requests.append(head + body.decode())
                answer = self.handle(len(self.requests))
                if isinstance(answer, float):
                    await asyncio.sleep(answer)
                    answer = OK
                writer.write(answer)
                await writer.drain()
                if b"Connection: close" in answer or not answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def asked(server: Server, *, settings: dict[str, object] | None = None, **more: object) -> Answer:
    ours = {"hosts": [f"localhost:{server.port}"], "networks": ["127.0.0.0/8", "::1"]}
    client = WebClient(Http.model_validate({**ours, **(settings or {})}))
    try:
        ask = {"method": "GET", "url": f"http://localhost:{server.port}/x", "headers": {}, "timeout_s": 5.0, **more}
        return await client.ask(Ask(**ask))  # type: ignore[arg-type]
    finally:
        await client.stop()


async def test_a_connection_serves_many_requests_and_headers_go_out_as_given() -> None:
    async with Server(lambda _: OK) as server:
        client = WebClient(Http(hosts=[f"localhost:{server.port}"], networks=["127.0.0.0/8"]))
        for _ in range(3):
            answer = await client.ask(Ask("POST", f"http://localhost:{server.port}/a?b=1", {"X-A": "ż b"}, b"{}"))
        await client.stop()
        assert (answer.status, answer.body, server.connections) == (200, b"ok", 1)
        assert server.requests[0].startswith("POST /a?b=1 HTTP/1.1\r\n")
        assert "X-A: ż b" in server.requests[0]
        assert server.requests[0].endswith("{}")


async def test_what_may_pass_is_tried_again_and_counted() -> None:
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    async with Server(lambda count: OK if count == 3 else busy) as server:
        assert (await asked(server, retries=3, backoff_s=0.01)).attempts == 3
    async with Server(lambda count: OK if count > 1 else b"") as server:  # the connection breaks
        assert (await asked(server, retries=1, backoff_s=0.01)).attempts == 2
    async with Server(lambda _: busy) as server:
        assert (await asked(server, retries=1, backoff_s=0.01)).status == 503
    async with Server(lambda _: b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n") as server:
        assert (await asked(server, retries=3, backoff_s=0.01)).attempts == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (60.0, "timeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 3000, "size"),
        (b"nonsense\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", "timeout"),
    ],
)
async def test_every_request_has_an_end(answer: bytes | float, reason: str) -> None:
    async with Server(lambda _: answer) as server:
        with pytest.raises(WebError) as caught:
            await asked(server, timeout_s=0.3, settings={"max_bytes": 2048})
        assert caught.value.reason == reason


async def test_a_redirect_is_an_answer() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    async with Server(lambda _: moved) as server:
        assert (await asked(server)).status == 302
        assert len(server.requests) == 1


async def test_a_listed_name_that_leads_to_our_own_machine_is_not_connected_to() -> None:
    async with Server(lambda _: OK) as server:
        with pytest.raises(WebError, match=r"no public address") as caught:
            await asked(server, settings={"networks": []})
        assert caught.value.reason == "host"
        assert server.connections == 0


async def test_who_is_not_listed_is_not_asked() -> None:
    async with Server(lambda _: OK) as server:
        with pytest.raises(WebError, match=r"add it to http\.hosts"):
            await asked(server, url=f"http://127.0.0.1:{server.port}/")
        assert server.connections == 0


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X: b\r\nZ": "a"}, {"X": "y" * 5000}, {"": "x"}])
async def test_headers_cannot_smuggle(headers: dict[str, str]) -> None:
    async with Server(lambda _: OK) as server:
        with pytest.raises(WebError, match="cannot be sent"):
            await asked(server, headers=headers)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(tmp_path).certify("localhost"))
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    client = WebClient(Http(hosts=[f"localhost:{port}"], networks=["127.0.0.0/8", "::1"]))
    with pytest.raises(WebError) as caught:
        await client.ask(Ask("GET", f"https://localhost:{port}/", {}))
    assert caught.value.reason == "tls"
    await client.stop()
    server.close()


def test_addresses_are_encoded_and_others_are_left() -> None:
    assert encoded("https://bücher.example:81/ó?q=ł x") == "https://xn--bcher-kva.example:81/%C3%B3?q=%C5%82%20x"
    assert encoded("https://a.example/%20 b") == "https://a.example/%20%20b"
    with pytest.raises(WebError, match="is no address: Port out of range"):
        encoded("https://bücher.example:99999/")


async def test_everybody_may_be_asked_where_hosts_need_no_listing_but_not_our_own_network() -> None:
    async with Server(lambda _: OK) as server:
        ask = Ask("POST", f"http://localhost:{server.port}/x", {}, b"{}")
        inside = WebClient(Http(), Hosts([], ["127.0.0.0/8", "::1"], everybody=True))
        assert (await inside.ask(ask)).status == 200
        await inside.stop()
        outside = WebClient(Http(), Hosts([], everybody=True))
        with pytest.raises(WebError, match="no public address"):
            await outside.ask(ask)
        await outside.stop()
        assert server.connections == 1
    hosts = Hosts([], [], everybody=True)
    for wrong in ("ftp://a.example/", "http://a:b@c.example/", "http://", "http://a.example:99999/", "http://a b/"):
        with pytest.raises(HostError):
            hosts.check(wrong)
    for inner in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1"):
        with pytest.raises(HostError):
            hosts.choose("x", [inner])


async def test_of_a_longer_answer_only_the_beginning_is_read() -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 5000
    async with Server(lambda _: long) as server:
        answer = await asked(server, excerpt=2000)
        assert (answer.status, len(answer.body)) == (200, 2000)
