"""Who a live connection is of, when it is opened and as long as it lasts: by cookie, token or ticket, by one judge."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.types import Scope

from pbx.accounts.rights import Principal
from pbx.api.control import Refused
from pbx.api.rest.guard import Authenticator
from pbx.live.tickets import Tickets

CREDENTIALS = ("authorization", "cookie")
PROTOCOL = "centrala"  # offered beside "bearer.TOKEN", where a client can send no header
BEARER = "bearer."


class Credentials:
    """What a request proved itself with, so that it can be judged again later."""

    def __init__(self, connection: HTTPConnection) -> None:
        kept = [(name, value) for name, value in connection.headers.raw if name.decode().lower() in CREDENTIALS]
        self._scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": "/live",
            "query_string": b"",
            "headers": kept,
            "client": connection.scope.get("client"),
        }
        self._scope |= {name: value for name, value in connection.scope.items() if name.startswith("centrala.")}

    def principal(self, authenticator: Authenticator) -> Principal | None:
        """Who that is now; None when it proves nothing any more."""
        try:
            return authenticator.principal(HTTPConnection(dict(self._scope)))
        except Refused:
            return None


class LiveAuthenticator:
    """An Authenticator: as `inner`, and for WebSocket and streams also a ticket in the query or a token among the
    subprotocols.
    """

    def __init__(self, inner: Authenticator, tickets: Tickets[Credentials]) -> None:
        self.inner, self._tickets = inner, tickets

    def principal(self, connection: HTTPConnection) -> Principal | None:
        """See Authenticator."""
        scope = connection.scope
        if scope["type"] == "websocket" and "authorization" not in connection.headers:
            offered = scope.get("subprotocols") or ()
            token = next((each.removeprefix(BEARER) for each in offered if each.startswith(BEARER)), "")
            if token:
                header = (b"authorization", b"Bearer " + token.encode())
                scope["headers"] = [*scope["headers"], header]
                return self.inner.principal(HTTPConnection(scope))
        if scope["path"].endswith(("/live", "/live/events")) and "ticket" in connection.query_params:
            found = self._tickets.take(connection.query_params["ticket"])
            if found is not None:
                scope["headers"] = [*scope["headers"], *found._scope["headers"]]
                return found.principal(self.inner)
        return self.inner.principal(connection)
