"""What stands before every route: its right, forged requests of other sites, the size of the body, repeated POSTs.

Deny by default: `guard` wraps each route of the application, and refuses one that has not declared its right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pbx.accounts.rights import Permission, Principal
from pbx.api.client_address import ClientAddress
from pbx.api.control import Denied, Refused
from pbx.api.rest.access import CHALLENGE, PRINCIPAL, rights_of
from pbx.api.rest.auditing import Audit, Audited
from pbx.api.rest.idempotency import HEADER, Answer, Idempotency, fingerprint, replay
from pbx.api.rest.limits import RateLimit
from pbx.api.rest.problem import answer_to, fault

# Bytes, of a route that does not say `max_body_size`: to tell what is wrong with more would hold the event loop.
MAX_BODY = 65_536
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HIDDEN = "x-hidden-answer"  # in openapi_extra of a route whose answer holds a secret, which is then not kept
REFUSAL = "centrala.refusal"  # in the ASGI scope: why the credentials of a request are none
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Authenticator(Protocol):
    """Tells who a request is of, by cookie or token."""

    def principal(self, connection: HTTPConnection) -> Principal | None:
        """None without credentials. Denied 401 for wrong, expired and revoked ones."""
        ...


@dataclass(slots=True)
class RestServices:
    """What every request passes."""

    authenticator: Authenticator
    address: ClientAddress
    principal_limit: RateLimit
    address_limit: RateLimit
    idempotency: Idempotency
    observe: Callable[[str, str, int, float], None]  # route, method, status, seconds
    audit: Audit
    origins: Sequence[str] = ()  # of the panel, where it is not the one of the request itself


def guard(route: BaseRoute, services: RestServices) -> None:
    """Puts the guard before `route`. Raises TypeError for a route that declares no right."""
    if not isinstance(route, APIRoute | APIWebSocketRoute):
        raise TypeError(f"{route!r} is no route with a declared right; routers are given flat, of FastAPI's routes")
    rights = list(rights_of(route.dependant))
    if not rights:
        raise TypeError(f"{route.path} declares no right; write dependencies=[allow(Permission.X)]")
    wanted = [right.permission for right in rights if right.permission is not None]
    most, is_secret = MAX_BODY, False
    if isinstance(route, APIRoute):
        most = route.max_body_size or MAX_BODY
        is_secret = bool((route.openapi_extra or {}).get(HIDDEN))
    route.app = _Guarded(route.app, services, route.path, wanted, most, is_secret)


class _Guarded:
    """The ASGI application of one route behind its guard. No permission: open to everybody."""

    def __init__(
        self,
        app: ASGIApp,
        services: RestServices,
        path: str,
        wanted: Sequence[Permission],
        max_body: int,
        is_secret: bool,
    ) -> None:
        self._app, self._services, self._path, self._wanted = app, services, path, wanted
        self._max_body, self._is_secret = max_body, is_secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        if scope["type"] == "websocket":
            try:
                self._judge(connection)
            except Refused as refusal:
                await _deny(refusal, scope, send)
                return
            await self._app(scope, receive, send)
            return
        audited = Audited(scope, send, self._path, self._services.audit)
        try:
            principal = self._judge(connection)
        except Refused as refusal:
            await answer_to(refusal)(scope, receive, audited)
            return
        length = connection.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_body:
            raise Denied(413, f"the body is over {self._max_body} bytes", {"connection": "close"})
        counted = _counted(receive, self._max_body)
        key = connection.headers.get(HEADER)
        if key is not None and scope["method"] == "POST" and principal is not None:
            await self._once(key, principal, Request(scope, counted), audited)
        else:
            await self._app(scope, counted, audited)

    def _judge(self, connection: HTTPConnection) -> Principal | None:
        """Raises Refused 401 or 403; otherwise the route may be entered, and knows by whom."""
        scope = connection.scope
        principal: Principal | None = scope.get(PRINCIPAL)
        scope[PRINCIPAL] = principal
        if not self._wanted:
            return principal
        if principal is None:
            refusal = scope.get(REFUSAL)
            raise refusal or Denied(401, "log in, or send `Authorization: Bearer TOKEN`", CHALLENGE)
        for permission in self._wanted:
            if not principal.may(permission):
                raise Refused(403, f"this needs the right {permission.value}, which {principal.name} has not")
        if principal.session and scope.get("method") not in SAFE and not is_same_origin(connection, self._services):
            raise Refused(403, "this came from another site; a program sends the header X-Requested-With")
        return principal

    async def _once(self, key: str, principal: Principal, request: Request, send: Audited) -> None:
        body = await request.body()
        if len(body) > MAX_BODY:  # a digest of 12 MB takes 10 ms, beside the interpreter's lock
            mark = await asyncio.to_thread(fingerprint, request.scope, body)
        else:
            mark = fingerprint(request.scope, body)
        idempotency = self._services.idempotency
        kept = await idempotency.begin(principal.id, key, mark)
        if kept is not None:
            send.is_repeated = True
            headers = {"idempotency-replayed": "true"}
            again = Response(kept.body, kept.status, headers, kept.content_type or None)
            await again(request.scope, request.receive, send)
            return
        answer = Answer(send, self._is_secret)
        try:
            await self._app(request.scope, replay(body, request.receive), answer)
        except Exception:
            if not answer.is_begun:
                await fault()(request.scope, request.receive, answer)
            raise
        finally:
            try:
                await idempotency.end(principal.id, key, answer.kept(mark))
            finally:
                await answer.finish()


def is_same_origin(connection: HTTPConnection, services: RestServices) -> bool:
    """Whether a request with a cookie was made by a page of ours. A page of another site can set neither
    Sec-Fetch-Site nor Origin, and a header of its own only after a preflight, which we do not answer.
    """
    headers = connection.headers
    origin = headers.get("origin")
    if origin is not None and origin in services.origins:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    if origin is None:
        return "x-requested-with" in headers
    try:
        parts = urlsplit(origin)
        host = urlsplit(f"//{headers.get('host', '')}")
        port = host.port or DEFAULT_PORTS["https" if services.address.is_secure(connection) else "http"]
        return parts.hostname == host.hostname and (parts.port or DEFAULT_PORTS.get(parts.scheme)) == port
    except ValueError:
        return False


def _counted(receive: Receive, most: int) -> Receive:
    """A `receive` that stops a body which goes over `most` bytes, whatever its Content-Length said."""
    total = 0

    async def limited() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413, f"the body is over {most} bytes", {"connection": "close"})
        return message

    return limited


async def _deny(refusal: Refused, scope: Scope, send: Send) -> None:
    """Refuses a WebSocket before it is accepted, with a status where the server can."""
    if "websocket.http.response" in scope.get("extensions", {}):
        answer: Any = answer_to(refusal)
        headers = answer.raw_headers
        await send({"type": "websocket.http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": answer.body})
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": str(refusal)[:100]})
