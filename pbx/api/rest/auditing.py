"""Every change over the HTTP API leaves an entry in the audit log, before it is answered.

What the guard knows by itself is who, from where, what and with which result; a route that knows the object before and
after the change says so by `changed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import HTTPConnection
from starlette.types import Message, Scope, Send

from pbx.accounts.rights import Principal
from pbx.api.rest.access import PRINCIPAL

CHANGE = "centrala.change"  # in the ASGI scope
ADDRESS = "centrala.address"  # in the ASGI scope: the client's IP address
READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Audit(Protocol):
    """A pbx.accounts.audit_log.AuditLog."""

    async def record(
        self,
        who: Principal | None,
        address: str,
        action: str,
        target: str,
        result: int,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class _Change:
    target: str
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


def changed(
    connection: HTTPConnection,
    target: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    action: str = "",
) -> None:
    """`target` is what the request was about, such as "/queues/sales", and how it was and is; None: it is not there.
    Values are not kept, only which of them differ. Also for a GET that is to be noted, such as of a recording.
    `action` is the request's method and route where it is not said.
    """
    connection.scope[CHANGE] = _Change(target, action, before, after)


class Audited:
    """A `send` that writes the entry when the answer begins."""

    def __init__(self, scope: Scope, send: Send, route: str, audit: Audit) -> None:
        self._scope, self._send, self._route, self._audit = scope, send, route, audit
        self.is_repeated = False  # what is answered was done, and written down, before

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self.is_repeated:
            await self._record(message["status"])
        await self._send(message)

    async def _record(self, status: int) -> None:
        scope = self._scope
        change: _Change | None = scope.get(CHANGE)
        who: Principal | None = scope.get(PRINCIPAL)
        if change is None and (who is None or scope["method"] in READS):
            return
        action = (change and change.action) or f"{scope['method']} {self._route}"
        target = change.target if change is not None else scope["path"].removeprefix(scope.get("root_path", ""))
        before, after = (change.before, change.after) if change is not None else (None, None)
        await self._audit.record(who, scope.get(ADDRESS, ""), action, target, status, before=before, after=after)
