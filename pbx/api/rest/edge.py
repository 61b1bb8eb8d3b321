"""The outermost part of the HTTP API: who asks and from where, how often, how long it took, headers of every answer."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pbx.api.control import Denied, Refused
from pbx.api.rest.access import PRINCIPAL
from pbx.api.rest.auditing import ADDRESS
from pbx.api.rest.authenticate import SECURE
from pbx.api.rest.guard import REFUSAL, RestServices
from pbx.api.rest.problem import answer_to
from pbx.sip.address import source_of

log = logging.getLogger("centrala.api")

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WS"})
CLIENT_LEFT = 499  # in metrics alone: nobody is there to be answered
UNKNOWN = "none"  # the route of a path that is none
# Beside what pbx.api.server says in every answer.
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
HSTS = "max-age=31536000"


class Edge:
    """ASGI application around the routes. What fails in them is told in the log and nowhere else."""

    def __init__(self, app: ASGIApp, services: RestServices) -> None:
        self._app, self._services = app, services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begin = perf_counter()
        status = 500
        connection = HTTPConnection(scope)
        secure = self._services.address.is_secure(connection)
        scope[SECURE] = secure

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if secure:
                    headers["strict-transport-security"] = HSTS
            elif message["type"] == "websocket.accept":
                status = 101
            await send(message)

        try:
            self._recognise(connection)
            await self._app(scope, receive, sent)
        except Refused as refusal:  # of a rate limit
            if scope["type"] == "http":
                await answer_to(refusal)(scope, receive, sent)
            else:
                await sent({"type": "websocket.close", "code": 1013, "reason": str(refusal)})
        except ClientDisconnect:
            status = CLIENT_LEFT
        except Exception:
            log.exception("a request of the HTTP API failed: %s %s", scope.get("method", "WS"), scope["path"])
        finally:
            route = getattr(scope.get("route"), "path", UNKNOWN)
            method = scope.get("method", "WS")
            known = method if method in METHODS else "other"  # the client may call its method what it likes
            self._services.observe(route, known, status, perf_counter() - begin)

    def _recognise(self, connection: HTTPConnection) -> None:
        """Denied 429 for who asks too often: a principal, or an address with nobody behind it."""
        services, scope = self._services, connection.scope
        address = services.address.of(connection)
        scope[ADDRESS] = address
        principal = None
        try:
            principal = services.authenticator.principal(connection)
        except Denied as refusal:
            scope[REFUSAL] = refusal
        scope[PRINCIPAL] = principal
        if principal is not None:
            services.principal_limit.take(principal.id)
        else:
            services.address_limit.take(source_of(address))
