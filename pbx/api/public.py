"""What the network may reach: /healthz for supervisors, /metrics for Prometheus, /ws for browser phones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

HEADERS = {"cache-control": "no-store"}


def public_app(
    health: Callable[[], dict[str, object]],
    scrape: Callable[[], Awaitable[bytes]],
    content_type: str,
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """The ASGI application of `http.listen` and `http.listen_tls`, with routes of others in `more`.

    `health()` gives at least "status": anything but "ok" answers 503. `scrape()` gives the metrics' text, of
    `content_type`; it must not hold the event loop.
    """

    async def healthz(_: Request) -> Response:
        state = health()
        status = 200 if state["status"] == "ok" else 503
        return Response(orjson.dumps(state), status, HEADERS, "application/json")

    async def metrics(_: Request) -> Response:
        return Response(await scrape(), 200, HEADERS, content_type)

    return Starlette(
        routes=[Route("/healthz", healthz), Route("/metrics", metrics), *more],
        exception_handlers={HTTPException: _problem},
    )


async def _problem(_: Request, error: Exception) -> Response:
    """What no route answers, such as a path with a line feed in it, in the words of the API (RFC 9457)."""
    assert isinstance(error, HTTPException)
    status = error.status_code
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": ""}
    return Response(orjson.dumps(body), status, {**HEADERS, **(error.headers or {})}, "application/problem+json")
