"""Changes over the control socket leave an entry in the audit log, as those over the HTTP API do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SOCKET = "control.sock"
USER = "x-user"  # who runs the command, as the command says: whoever may open the socket may do everything
MAX_USER = 64
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Audit(Protocol):
    """A pbx.accounts.audit_log.AuditLog."""

    async def record(
        self, who: None, address: str, action: str, target: str, result: int, *, user: str = ""
    ) -> None: ...


class AuditedControl:
    """ASGI application around that of the control socket."""

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self._app, self._audit = app, audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READS:
            await self._app(scope, receive, send)
            return
        user = Headers(scope=scope).get(USER, "")[:MAX_USER] or "unknown"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                action = f"{scope['method']} {_topic(scope)}"
                await self._audit.record(None, SOCKET, action, scope["path"], message["status"], user=user)
            await send(message)

        await self._app(scope, receive, sent)


def _topic(scope: Mapping[str, Any]) -> str:
    """The route, with names in place of values."""
    path: str = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        path = path.replace(f"/{value}", f"/{{{name}}}", 1)
    return path
