"""Requests inside a dialog: one table from the method to what the session does with it (RFC 3261 12.2.2).

A method that nobody understands here is refused by `pbx.sip.sanity` before it comes so far.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from pbx.sip.message import response as build_response
from pbx.sip.requests import ALLOW_LINE
from pbx.sip.session_timer import answer_as_server

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.session import InviteSession
    from pbx.sip.transaction_server import ServerTransaction

log = logging.getLogger("centrala.sip")

Handler = Callable[["InviteSession", "ServerTransaction", "Request"], None]


class InDialogRequest:
    """A request that waits for the observer's answer. Answered once: what is said after the final answer is dropped.

    Whoever takes it answers it, now or within 32 s; a session that ends before that answers 481 by itself.
    """

    __slots__ = ("_session", "_transaction", "request")

    def __init__(self, session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
        self._session = session
        self._transaction = transaction
        self.request = request

    @property
    def source(self) -> Source:
        """Where the request came from."""
        source: Source = self._transaction.source
        return source

    def respond(
        self,
        status: int,
        reason: str | None = None,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> None:
        """Sends a response in the dialog, with our Contact where it says where we are (2xx, RFC 3261 12.1.1)."""
        session = self._session
        dialog = session.dialog_of(self.request.from_tag)
        if status < 300 and dialog is not None:
            headers = (dialog.contact.rstrip(), *headers)
        data = build_response(
            self.request,
            status,
            reason,
            to_tag=session.local_tag,
            headers=headers,
            body=body,
            content_type=content_type,
        )
        if status >= 200:
            session.answered(self)
        self._transaction.respond(status, data)
        session.ua.wake()


def _bye(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    session.on_bye(transaction, request)


def _invite(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    session.on_reinvite(transaction, request)


def _info(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    """INFO (RFC 6086): taken in any case, what it means is for the observer."""
    session.respond(transaction, request, 200)
    if session.observer is not None:
        session.observer.on_info(session, request.content_type, request.body)


def _options(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    session.respond(transaction, request, 200, [ALLOW_LINE, "Accept: application/sdp"])


def _update(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    """UPDATE (RFC 3311 5.2): a new target, a refreshed session timer, and perhaps another session description."""
    if session.state == "terminated":
        session.respond(transaction, request, 481)
    elif request.sdp:
        session.on_offer(transaction, request)
    else:
        dialog = session.dialog_of(request.from_tag)
        assert dialog is not None
        dialog.refresh(request)
        lines = answer_as_server(session, request) if session.state == "confirmed" else ()
        session.respond(transaction, request, 200, [dialog.contact.rstrip(), ALLOW_LINE, *lines])


def _prack(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    session.on_prack(transaction, request)


def _observed(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    """REFER, NOTIFY, MESSAGE: the observer answers through the handle."""
    observer = session.observer
    if observer is None:
        session.respond(transaction, request, 481)
        return
    handle = InDialogRequest(session, transaction, request)
    session.waits(handle)
    method = request.method
    try:
        if method == "REFER":
            observer.on_refer(session, request, handle)
        elif method == "NOTIFY":
            observer.on_notify(session, request, handle)
        else:
            observer.on_message(session, request, handle)
    except Exception:  # a bug above must not leave the far end without an answer
        session.ua.errors += 1
        log.exception("the session's listener failed on %s; 500 is answered", method)
        handle.respond(500)


TABLE: Final[dict[str, Handler]] = {
    "BYE": _bye,
    "INVITE": _invite,
    "INFO": _info,
    "OPTIONS": _options,
    "UPDATE": _update,
    "PRACK": _prack,
    "REFER": _observed,
    "NOTIFY": _observed,
    "MESSAGE": _observed,
}


def dispatch(session: InviteSession, transaction: ServerTransaction, request: Request) -> None:
    """Gives `request` to its method's handler; 405 when a dialog has no use for the method."""
    handler = TABLE.get(request.method)
    if handler is None:
        session.respond(transaction, request, 405, [ALLOW_LINE])
    else:
        handler(session, transaction, request)
