"""Page views a second: POST /t/visit with its store behind it, beside a bare route that reads and answers JSON.

`python -m bench.load.page_views [rate] [seconds]`. The server is a process of its own on one core; views come at fixed
instants over 64 connections, whatever the answers do, and a view's latency counts from its instant.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import orjson
import uvloop

CONNECTIONS = 64
SITE = {"name": "shop", "key": "pk_shop12345678", "origins": ["https://shop.example"], "number": "+48221230000"}
POOL = {"name": "shop", "site": "shop", "first": "+48221100000", "last": "+48221119999"}
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAME_VISIT = 3  # views of one visit: the first, and so many more with its session


@dataclass(frozen=True, slots=True)
class Views:
    """One run. Latencies in milliseconds, `cpu_us` is processor time of the server for one view."""

    rate: float
    answered: int
    failed: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_us: float

    def __str__(self) -> str:
        return (
            f"{self.answered} of {self.rate:.0f}/s, {self.failed} failed: p50 {self.p50_ms:.2f} ms, "
            f"p99 {self.p99_ms:.2f} ms, worst {self.worst_ms:.1f} ms, {self.cpu_us:.0f} us of the processor each"
        )


def measure(kind: str, rate: float, seconds: float) -> Views:
    """`kind` is "tracking" or "bare"."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = context.Process(target=_serve, args=(kind, folder, theirs))
        child.start()
        try:
            port = ours.recv()
            uvloop.run(_load(port, 200.0, 1.0))  # a first look at everything
            ours.send("begin")
            before = ours.recv()
            latencies, failed = uvloop.run(_load(port, rate, seconds))
            ours.send("end")
            cpu_s = ours.recv() - before
        finally:
            ours.send("stop")
            child.join(30)
    latencies.sort()
    count = len(latencies)
    return Views(
        rate,
        count,
        failed,
        latencies[count // 2] * 1000,
        latencies[min(count - 1, count * 99 // 100)] * 1000,
        latencies[-1] * 1000,
        cpu_s / (count + failed) * 1e6,
    )


async def _load(port: int, rate: float, seconds: float) -> tuple[list[float], int]:
    links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    clock = time.perf_counter  # the loop's own has milliseconds
    begin = clock() + 0.05
    latencies: list[float] = []
    failed = 0

    async def visitor(number: int) -> None:
        nonlocal failed
        reader, writer = links[number]
        session, views = "", 0
        for turn in range(int(rate * seconds / CONNECTIONS)):
            due = begin + (turn * CONNECTIONS + number) / rate
            await asyncio.sleep(max(0.0, due - clock()))
            page = f"https://shop.example/page/{turn}?utm_source=google&utm_medium=cpc&utm_campaign=c{number}"
            asked = {"site": SITE["key"], "page": page, "referrer": "https://google.com/", "session": session}
            body = orjson.dumps(asked)
            writer.write(
                b"POST /t/visit HTTP/1.1\r\nHost: pbx\r\nOrigin: https://shop.example\r\nUser-Agent: "
                + f"{AGENT}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            answer = await reader.readexactly(length)
            latencies.append(clock() - due)
            if b" 200 " not in head[:20]:
                failed += 1
            views += 1
            session = orjson.loads(answer).get("session", "") if views <= SAME_VISIT else ""
            views = views if session else 0

    await asyncio.gather(*(visitor(number) for number in range(CONNECTIONS)))
    for _reader, writer in links:
        writer.close()
    return latencies, failed


def _serve(kind: str, folder: str, pipe: Connection) -> None:
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[-1]})
    uvloop.run(_server(kind, Path(folder), pipe))


async def _server(kind: str, folder: Path, pipe: Connection) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from pbx.api.server import HttpServer

    if kind == "bare":

        async def bare(request: Request) -> Response:
            body = orjson.loads(await request.body())
            return Response(orjson.dumps({"session": "", "page": body["page"]}), media_type="application/json")

        await _run(HttpServer(Starlette(routes=[Route("/t/visit", bare, methods=["POST"])]), host="127.0.0.1"), pipe)
        return
    from pbx.api.tracking_web import TrackingWeb
    from pbx.call.testing import CallHarness
    from pbx.clock import SystemClock
    from pbx.config import Config
    from pbx.events import EventBus
    from pbx.store.store import Store
    from pbx.tracking.service import Tracking

    config = Config.model_validate(
        {
            "server": {"data_dir": str(folder)},
            "site_web": [SITE],
            "number_pool": [POOL],
            "trunk": [{"name": "carrier", "application": "echo"}],
            "tracking": {"visits_per_minute": 10_000_000, "address_share": 1.0},  # one address is all visitors
        }
    )
    store = Store(config, EventBus(), SystemClock())
    await store.start()
    services = CallHarness(config=config).services
    tracking = Tracking(services, store.tracking, folder, b"k" * 32)
    await tracking.start()
    web = TrackingWeb(tracking, config, SystemClock().monotonic)
    await _run(HttpServer(Starlette(routes=web.routes()), host="127.0.0.1"), pipe)
    await tracking.stop()
    await store.stop()


async def _run(server: object, pipe: Connection) -> None:
    from pbx.transport.gc_policy import GcPolicy

    GcPolicy(is_quiet=lambda: True).start(asyncio.get_running_loop())  # as in the product
    await server.start()  # type: ignore[attr-defined]
    pipe.send(server.address[1])  # type: ignore[attr-defined]
    loop = asyncio.get_running_loop()
    while True:
        said = await loop.run_in_executor(None, pipe.recv)
        if said == "stop":
            break
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send(used.ru_utime + used.ru_stime)
    await server.stop()  # type: ignore[attr-defined]


def main() -> None:
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else 1000.0
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    for kind in ("bare", "tracking"):
        print(f"{kind:9}{measure(kind, rate, seconds)}")


if __name__ == "__main__":
    main()
