"""What machines may read over TCP: /healthz for supervisors, /metrics for Prometheus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

HEADERS = {"x-content-type-options": "nosniff", "cache-control": "no-store"}


def public_app(health: Callable[[], dict[str, object]], scrape: Callable[[], tuple[bytes, str]]) -> Starlette:
    """The ASGI application of `http.listen`.

    `health()` gives at least "status": anything but "ok" answers 503. `scrape()` gives the metrics' text and content
    type; it may take tens of milliseconds, so it runs in a thread and may only read counters.
    """

    async def healthz(_: Request) -> Response:
        state = health()
        status = 200 if state["status"] == "ok" else 503
        return Response(orjson.dumps(state), status, HEADERS, "application/json")

    async def metrics(_: Request) -> Response:
        text, content_type = await asyncio.to_thread(scrape)
        return Response(text, 200, HEADERS, content_type)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", metrics)])
