"""An ASGI application that is built when it is first asked for, off the event loop."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Result = TypeVar("Result")
log = logging.getLogger("centrala.api")


SWITCH_S = 0.0005  # of the GIL, while a thread builds: the event loop waits 0.8 ms for it in the median, not 5 ms


def at_leisure(work: Callable[..., Result], *arguments: Any) -> Result:
    """Calls `work`, which computes for a second in a thread, and lets the event loop in often meanwhile."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, SWITCH_S))
    try:
        return work(*arguments)
    finally:
        sys.setswitchinterval(before)


class Late:
    """Calls `build()` once, in a thread; requests that come meanwhile wait for it. What cannot be built answers 500
    for good, and the log says why.
    """

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None
        self._building: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if app is None:
            app = await self._get()
        await app(scope, receive, send)

    async def _get(self) -> ASGIApp:
        if self._building is None:
            self._building = asyncio.get_running_loop().create_task(self._make())
        # Shielded: the client that came first may leave, those behind it still want the application.
        return await asyncio.shield(self._building)

    async def _make(self) -> ASGIApp:
        try:
            self._app = await asyncio.to_thread(at_leisure, self._build)
        except Exception:
            log.exception("the HTTP API cannot be built; no route of it can be reached")
            self._app = _broken
        return self._app


async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1011})
        return
    body = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": "see the log"}
    await Response(orjson.dumps(body), 500, media_type="application/problem+json")(scope, receive, send)
