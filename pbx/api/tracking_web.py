"""What pages of a site ask: their numbers, and signs of life. Plain Starlette, because every page view comes here.

Whoever knows the site's key may ask, from the site's origins alone; answers are for those origins only. A page that is
refused goes on showing the number that stands in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pbx.api.client_address import ClientAddress
from pbx.api.page_origin import is_page_of
from pbx.api.per_minute import PerMinute
from pbx.config import Config, WebSite
from pbx.tracking.asking import Senseless, read_event, read_guard, read_page_ask
from pbx.tracking.service import Tracking

MAX_BODY = 16_384
Body = Mapping[str, Any]
Answer = Callable[[Request, WebSite, Body], Response]

_METHODS = "POST, OPTIONS"
_PREFLIGHT_S = "7200"


class _Refused(Exception):
    def __init__(self, status: int, error: str, remedy: str, retry_s: int = 0) -> None:
        self.status, self.error, self.remedy, self.retry_s = status, error, remedy, retry_s


class TrackingWeb:
    """`routes()` are those of /t/. `configure` follows the configuration."""

    def __init__(
        self,
        tracking: Tracking,
        config: Config,
        monotonic: Callable[[], float],
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """`crowded()`: many connections are open, so that those of pages are closed with their answer."""
        self._tracking = tracking
        self._crowded = crowded
        self._monotonic = monotonic
        self.configure(config)

    def configure(self, config: Config) -> None:
        settings = config.tracking
        self._client = ClientAddress(config.http.trusted_proxies)
        names = ("visit", "guard", "reveal", "event")
        limits = dict.fromkeys(names, settings.reports_per_minute)
        limits |= {"visit": settings.visits_per_minute, "beat": settings.beats_per_minute}
        self._limits = {name: PerMinute(limit, self._monotonic) for name, limit in limits.items()}
        self._origins = {site.name: _Origins(site.origins) for site in config.site_web}

    def routes(self) -> list[Route]:
        answers: dict[str, Answer] = {
            "visit": self._visit,
            "beat": self._beat,
            "guard": self._guard,
            "reveal": self._reveal,
            "event": self._event,
        }
        routes = [Route(f"/t/{name}", self._page(name, answer), methods=["POST"]) for name, answer in answers.items()]
        routes += [Route(f"/t/{name}", self._preflight, methods=["OPTIONS"]) for name in answers]
        return [*routes, Route("/t/server", self._server, methods=["POST"])]

    # -- who asks -------------------------------------------------------------------------------------------------

    def _page(self, name: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            origin = request.headers.get("origin", "")
            try:
                wait_s = self._limits[name].take(self._client.of(request))
                if wait_s:
                    raise _Refused(429, "too many requests of this address", f"try again in {wait_s} s", wait_s)
                body = await _read(request)
                site = self._site(body, origin)
                response = answer(request, site, body)
            except _Refused as refused:
                return self._refuse(refused, origin)
            except Senseless as error:
                return self._refuse(_Refused(422, str(error), "see docs/tracking.md"), origin)
            _allow(response, origin)
            if self._crowded():  # a visitor's next request is a minute away, and connections are few
                response.headers["connection"] = "close"
            return response

        return handle

    def _site(self, body: Body, origin: str) -> WebSite:
        site = self._tracking.sites.get(str(body.get("site", "")))
        if site is None:
            raise _Refused(403, "there is no such site", "give the key of a [[site_web]] as site")
        if not self._origins[site.name].has(origin):
            raise _Refused(403, f"{origin or 'no origin'} is no page of this site", "list it under origins")
        return site

    def _refuse(self, refused: _Refused, origin: str) -> Response:
        self._tracking.figures.refused[str(refused.status)] += 1
        body = orjson.dumps({"error": refused.error, "remedy": refused.remedy})
        headers = {"cache-control": "no-store"}
        if refused.retry_s:
            headers["retry-after"] = str(refused.retry_s)
        response = Response(body, refused.status, headers, "application/json")
        if any(origins.has(origin) for origins in self._origins.values()):
            _allow(response, origin)
        return response

    async def _preflight(self, request: Request) -> Response:
        """Before `application/json` the browser asks; which site it is about it does not say."""
        origin = request.headers.get("origin", "")
        if not any(origins.has(origin) for origins in self._origins.values()):
            return Response(status_code=403)
        response = Response(status_code=204)
        _allow(response, origin)
        response.headers["access-control-allow-methods"] = _METHODS
        response.headers["access-control-allow-headers"] = "content-type"
        response.headers["access-control-max-age"] = _PREFLIGHT_S
        return response

    # -- what they are answered -----------------------------------------------------------------------------------

    def _visit(self, request: Request, site: WebSite, body: Body) -> Response:
        ask = read_page_ask(body, consent_given=site.consent == "given")
        address = self._client.of(request)
        return _json(self._tracking.visit(site, ask, request.headers.get("user-agent", ""), address))

    def _beat(self, _request: Request, site: WebSite, body: Body) -> Response:
        return _json(self._tracking.beat(site, body.get("session"), end=body.get("end") is True))

    def _guard(self, request: Request, site: WebSite, body: Body) -> Response:
        visit = self._tracking.who(site, body.get("session"), body.get("visit"))
        if not is_page_of(str(body.get("page", "")), request.headers.get("origin", "")):
            raise Senseless("page is none of the origin that reports it")  # alarms name it, and people open it
        agent, address = request.headers.get("user-agent", ""), self._client.of(request)
        self._tracking.guard(site, visit, read_guard(body), agent, address)
        return Response(status_code=204)

    def _reveal(self, _request: Request, site: WebSite, body: Body) -> Response:
        visit = self._tracking.who(site, body.get("session"), body.get("visit"))
        found = self._tracking.reveal(site, visit, body.get("masked"), body.get("page"))
        if found is None:
            raise _Refused(422, "the site has no such masked number", "name a [[masked_number]]")
        return _json(found)

    def _event(self, _request: Request, site: WebSite, body: Body) -> Response:
        visit = self._tracking.who(site, body.get("session"), body.get("visit"))
        self._tracking.event(site, visit, read_event(body))
        return Response(status_code=204)

    async def _server(self, request: Request) -> Response:
        """Of a server that renders pages: it names the visitor's `user_agent` and `address`."""
        try:
            body = await _read(request)
            site = self._tracking.sites.get(str(body.get("site", "")))
            _, _, token = request.headers.get("authorization", "").partition(" ")
            wanted = site.server_token.encode() if site is not None else b""
            if site is None or not wanted or not hmac.compare_digest(token.encode(), wanted):
                raise _Refused(403, "the token is not this site's", "send Authorization: Bearer <server_token>")
            ask = read_page_ask(body, consent_given=site.consent == "given")
            said = (body.get(name) for name in ("user_agent", "address"))
            agent, address = (text if isinstance(text, str) else "" for text in said)
            return _json(self._tracking.visit(site, ask, agent, address[:64]))
        except _Refused as refused:
            return self._refuse(refused, "")
        except Senseless as error:
            return self._refuse(_Refused(422, str(error), "see docs/tracking.md"), "")


class _Origins:
    """The origins of a site: exact ones, and "https://*.shop.example" for all below it."""

    def __init__(self, origins: list[str]) -> None:
        lower = [origin.lower().rstrip("/") for origin in origins]
        self._exact = frozenset(origin for origin in lower if "*" not in origin)
        self._below = [tuple(origin.split("*", 1)) for origin in lower if "*" in origin]

    def has(self, origin: str) -> bool:
        if origin in self._exact:
            return True
        return any(origin.startswith(scheme) and origin.endswith(end) for scheme, end in self._below)


async def _read(request: Request) -> Body:
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > MAX_BODY:
        raise _Refused(413, "the body is too long", f"at most {MAX_BODY} octets")
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise _Refused(413, "the body is too long", f"at most {MAX_BODY} octets")
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise _Refused(400, "the body is no JSON object", "send one, as text/plain or application/json")
    return body


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), 200, {"cache-control": "no-store"}, "application/json")


def _allow(response: Response, origin: str) -> None:
    response.headers["access-control-allow-origin"] = origin
    response.headers["vary"] = "Origin"
