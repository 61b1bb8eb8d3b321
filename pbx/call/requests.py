"""Requests outside a dialog: a table from method to handler, in which each feature registers at composition.

Every method is authenticated like an INVITE before its handler sees it (advisory row 22), but for those that are
registered with `register_open`, which must change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.sip.requests import ALLOW_ALL_LINE

if TYPE_CHECKING:
    from pbx.call.authentication import Authenticator
    from pbx.call.services import Counters
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.observer import ServerTransactionHandle

OpenHandler = Callable[["ServerTransactionHandle", "Request", "Source"], None]
Handler = Callable[["ServerTransactionHandle", "Request", "Source", str], None]
"""`handler(transaction, request, source, account)`; `account` is the extension whose credentials the request carried,
and its From (RFC 3261 section 22, advisory row 22)."""


class Requests:
    """The table. A method comes here only when `pbx.sip.requests.METHODS` names it."""

    def __init__(self, authenticator: Authenticator, counters: Counters) -> None:
        self._authenticator = authenticator
        self._counters = counters
        self._handlers: dict[str, Handler] = {}
        self._open: dict[str, OpenHandler] = {}

    def register(self, method: str, handler: Handler) -> None:
        """`handler` gets the requests of `method` from authenticated accounts."""
        self._claim(method)
        self._handlers[method] = handler

    def register_open(self, method: str, handler: OpenHandler) -> None:
        """`handler` gets every request of `method`, whoever sent it: it must change nothing."""
        self._claim(method)
        self._open[method] = handler

    def needs_credentials(self, method: str) -> bool:
        """Whether nobody but an account may send it."""
        return method in self._handlers

    def _claim(self, method: str) -> None:
        if method in self._handlers or method in self._open:
            raise ValueError(f"{method} has a handler already")

    def dispatch(self, transaction: ServerTransactionHandle, request: Request, source: Source) -> None:
        """Hands `request` to its handler; 405 when nobody takes it (RFC 3261 section 8.2.1)."""
        method = request.method
        handler = self._handlers.get(method)
        if handler is not None:
            verdict = self._authenticator.check(request, source)
            if verdict.status:
                self._counters.refused(verdict.status)
                transaction.respond(verdict.status, None, verdict.headers)
                return
            handler(transaction, request, source, verdict.account)
            return
        open_handler = self._open.get(method)
        if open_handler is not None:
            open_handler(transaction, request, source)
        elif method in ("BYE", "CANCEL"):
            transaction.respond(481)
        else:
            transaction.respond(405, None, (ALLOW_ALL_LINE,))


def no_subscription(transaction: ServerTransactionHandle, _request: Request, _source: Source) -> None:
    """A NOTIFY of nothing that we subscribed to (RFC 6665 section 4.1.3)."""
    transaction.respond(481, "Subscription Does Not Exist")


def refer_needs_a_call(transaction: ServerTransactionHandle, _request: Request, _source: Source, _account: str) -> None:
    """REFER is taken inside a call only, whose far end it moves: outside of one it would make us call for others."""
    transaction.respond(403, "Refer Inside a Call Only")
