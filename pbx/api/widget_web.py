"""What pages reach of the widget over HTTP: the script, its configuration, requests and what becomes of them.

There is no account: a site's key and the page's origin say who asks. The script is the same for everybody; everything
else is answered to the site's own pages alone, and no answer is for a cache. An address may ask as often as tracking
lets it in a minute: `visits_per_minute` for what is read, `reports_per_minute` for what is written.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator
from importlib import resources
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from pbx.api.client_address import ClientAddress
from pbx.api.page_origin import is_page_of
from pbx.api.per_minute import PerMinute
from pbx.contact.callback_request import RequestRefused
from pbx.widget.desk import SiteDesk, allows
from pbx.widget.states import Shown
from pbx.widget.texts import language_of
from pbx.widget.wish import Visitor, Wish

if TYPE_CHECKING:
    from pbx.widget.ports import WidgetRow
    from pbx.widget.service import WidgetService

log = logging.getLogger("centrala.widget")

MAX_BODY = 16_384
SCRIPT_S = 3600  # for which a browser does not ask again for the script
NO_STORE = {"cache-control": "no-store"}


def widget_web_routes(service: WidgetService, addresses: ClientAddress) -> list[Route]:
    """Always there: sites come and go while the PBX runs."""
    web = _WidgetWeb(service, addresses)
    return [
        Route("/w.js", _script()),
        Route("/w/config", web.config),
        Route("/w/request", web.request, methods=["POST", "OPTIONS"]),
        Route("/w/request/{token}", web.state),
        Route("/w/request/{token}/events", web.events),
        Route("/w/request/{token}/cancel", web.cancel, methods=["POST", "OPTIONS"]),
    ]


def _script() -> Any:
    """The built snippet, read once; a page that has it is told so by its ETag."""
    script = resources.files("pbx.widget").joinpath("static/w.js").read_bytes()
    etag = f'"{hashlib.sha256(script).hexdigest()[:20]}"'
    headers = {
        "etag": etag,
        "cache-control": f"public, max-age={SCRIPT_S}",
        "cross-origin-resource-policy": "cross-origin",
        "access-control-allow-origin": "*",  # for pages that load it with crossorigin, to see its errors
    }

    async def script_of(request: Request) -> Response:
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(script, 200, headers, "text/javascript; charset=utf-8")

    return script_of


class _WidgetWeb:
    def __init__(self, service: WidgetService, addresses: ClientAddress) -> None:
        self._service = service
        self._addresses = addresses
        settings, now = service.services.config.tracking, service.services.clock.monotonic
        self._reads = PerMinute(settings.visits_per_minute, now)
        self._writes = PerMinute(settings.reports_per_minute, now)

    async def config(self, request: Request) -> Response:
        """GET /w/config?key=pk_...&lang=pl"""
        desk = self._service.desk(request.query_params.get("key", ""))
        headers = _cors(request, desk)
        if desk is None or headers is None:
            return _error(403, "key", "the key is unknown, or the page's origin is not listed", {})
        if wait_s := self._wait_s(request):
            return _too_many(wait_s, headers)
        page = self._service.page(desk, request.query_params.get("lang", ""), self._addresses.of(request))
        return _json(page, 200, headers)

    async def request(self, request: Request) -> Response:
        """POST /w/request: see pbx.widget.wish."""
        if request.method == "OPTIONS":
            return _preflight(request)
        body = await _body(request)
        if body is None:
            return _error(413, "body", f"no JSON object of at most {MAX_BODY} bytes", {})
        desk = self._service.desk(str(body.get("site")))
        headers = _cors(request, desk, needed=True)
        if desk is None or headers is None:
            return _error(403, "key", "the key is unknown, or the page's origin is not listed", {})
        language = language_of(str(body.get("lang") or ""), desk.language)
        if wait_s := self._wait_s(request):
            return _too_many(wait_s, headers, desk.refused("limit", language))
        address = self._addresses.of(request)
        origin = request.headers.get("origin", "")
        visitor = Visitor(origin, address, request.headers.get("user-agent", ""))
        try:
            wish = Wish.model_validate(body)
            if not is_page_of(wish.page, origin):
                wish = wish.model_copy(update={"page": ""})  # agents open it: nobody sends them elsewhere
            token, state = await self._service.request(desk, wish, visitor)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            return _error(422, "fields", f"{where}: {first['msg']}", headers, desk.refused("other", language))
        except RequestRefused as no:
            log.info("site %s: a request of %s is refused (%s): %s", desk.name, address, no.reason, no)
            more = {"work": self._service.work(desk, address)} if no.reason == "stale" else {}
            if no.wait_s:
                headers = {**headers, "retry-after": str(max(round(no.wait_s), 1))}
            return _error(no.status, no.reason, "", headers, desk.refused(no.reason, language), **more)
        except Exception as error:
            log.error("site %s: a request cannot be kept, so it is not taken: %s", desk.name, error)
            return _error(503, "store", "", headers, desk.refused("other", language))
        return _json({"token": token, **state._asdict()}, 201, headers)

    async def state(self, request: Request) -> Response:
        """GET /w/request/{token}: for those to whom events do not come through."""
        if wait_s := self._wait_s(request):
            return _too_many(wait_s, {})
        row, headers = await self._of(request)
        if row is None:
            return Response(status_code=404)
        return _json((await self._service.state(row))._asdict(), 200, headers)

    async def events(self, request: Request) -> Response:
        """GET /w/request/{token}/events: every state from now on, as server-sent events."""
        if wait_s := self._wait_s(request):
            return _too_many(wait_s, {})
        row, headers = await self._of(request)
        if row is None:
            return Response(status_code=404)
        if not self._service.followed.has_room(row.contact):
            return _error(503, "streams", "too many streams; ask for the state instead", headers)
        first = await self._service.state(row)
        stream = self._service.followed.stream(row.contact, first)
        return StreamingResponse(_sse(stream), 200, {**headers, **NO_STORE}, "text/event-stream")

    async def cancel(self, request: Request) -> Response:
        """POST /w/request/{token}/cancel"""
        if request.method == "OPTIONS":
            return _preflight(request)
        if wait_s := self._wait_s(request):
            return _too_many(wait_s, {})
        row, headers = await self._of(request)
        if row is None:
            return Response(status_code=404)
        try:
            return _json((await self._service.cancel(row))._asdict(), 200, headers)
        except RequestRefused as no:
            return _error(no.status, no.reason, str(no), headers)

    def _wait_s(self, request: Request) -> int:
        """Counts a request of an address; 0 when it is answered, else the seconds until the next one is."""
        settings = self._service.services.config.tracking
        counted = self._writes if request.method == "POST" else self._reads
        counted.limit = settings.reports_per_minute if request.method == "POST" else settings.visits_per_minute
        return counted.take(self._addresses.of(request))

    async def _of(self, request: Request) -> tuple[WidgetRow | None, dict[str, str]]:
        """The request of the token in the path, and the headers of its answers. The token is the secret: any page that
        has it may ask.
        """
        row = await self._service.of_token(request.path_params["token"])
        origin = request.headers.get("origin")
        return row, {"access-control-allow-origin": origin, "vary": "origin"} if origin else {}


async def _sse(stream: AsyncIterator[Shown | None]) -> AsyncIterator[bytes]:
    yield b"retry: 3000\n\n"
    async for state in stream:
        yield b": alive\n\n" if state is None else b"data: " + orjson.dumps(state._asdict()) + b"\n\n"


def _cors(request: Request, desk: SiteDesk | None, *, needed: bool = False) -> dict[str, str] | None:
    """The headers for a page of the site; None for a page that is none of its. Browsers name no origin when a page of
    our own host reads something.
    """
    origin = request.headers.get("origin")
    if desk is None or (origin is None and needed):
        return None
    if origin is None:
        return {}
    if not allows(desk.site, origin):
        return None
    return {"access-control-allow-origin": origin, "vary": "origin"}


def _preflight(request: Request) -> Response:
    """Only asked by pages that send application/json; who may post is judged when they do."""
    origin = request.headers.get("origin", "")
    headers = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": "600",
        "vary": "origin",
    }
    return Response(status_code=204, headers=headers if origin else {})


def _json(content: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(content), status, {**headers, **NO_STORE}, "application/json")


def _error(status: int, reason: str, remedy: str, headers: dict[str, str], text: str = "", **more: Any) -> Response:
    return _json({"error": reason, "remedy": remedy, "text": text, **more}, status, headers)


def _too_many(wait_s: int, headers: dict[str, str], text: str = "") -> Response:
    return _error(429, "limit", f"try again in {wait_s} s", {**headers, "retry-after": str(wait_s)}, text)


async def _body(request: Request) -> dict[str, Any] | None:
    if len(request.headers.get("content-length", "")) > len(str(MAX_BODY)):
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
