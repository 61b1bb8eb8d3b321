"""The callee's half of an INVITE session (RFC 3261 13.3): ring, answer, refuse, and the caller who gives up first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.sip import session_state as states
from pbx.sip.dialog import Dialog, as_server
from pbx.sip.requests import ALLOW_LINE
from pbx.sip.session import InviteSession

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.transaction_server import ServerTransaction
    from pbx.sip.user_agent import UserAgent


class IncomingSession(InviteSession):
    """A call that came in. `request` is its INVITE for as long as the session lives."""

    __slots__ = ("transaction",)

    def __init__(
        self, ua: UserAgent, request: Request, source: Source, local_tag: str, transaction: ServerTransaction
    ) -> None:
        super().__init__(ua, states.INCOMING, request.call_id, local_tag, request.from_tag, source)
        self.request = request
        self.remote_sdp = request.sdp
        self.transaction: ServerTransaction | None = transaction
        transaction.user = self

    def progress(
        self, status: int = 180, reason: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
    ) -> bool:
        if not 101 <= status <= 199:
            raise ValueError(f"a provisional response is 101-199, not {status}")
        if self.phase is not states.INCOMING:
            return False
        self._answer(status, reason, body, headers)
        self.ua.wake()
        return True

    def accept(self, body: bytes, headers: Sequence[str] = ()) -> bool:
        transaction, request = self.transaction, self.request
        if not self.move(states.ACCEPT):
            return False
        assert transaction is not None
        assert request is not None
        data = self._answer(200, None, body, (ALLOW_LINE, *headers))
        self.transaction = None
        self.await_ack(data, transaction, request.cseq)
        self.ua.wake()
        return True

    def reject(self, status: int, reason: str | None = None, headers: Sequence[str] = ()) -> bool:
        if not 300 <= status <= 699:
            raise ValueError(f"a call is refused with 300-699, not {status}")
        if not self.move(states.REJECT):
            return False
        self._refuse(status, reason, headers)
        if status == 401 or status == 407:
            self.ua.refund()
        self.finish()
        self.ua.wake()
        return True

    def ensure_dialog(self) -> Dialog:
        """The dialog as our first response with a tag makes it (12.1.1)."""
        if self.dialog is None:
            assert self.request is not None
            local_address = self.ua.local_address(self.source)
            contact = self.ua.contact_line(_user_of(self.request.uri), self.source.transport, local_address)
            self.dialog = as_server(
                self.request, self.source, self.local_tag, local_address, contact, follow_contact=self.follow_contact
            )
        return self.dialog

    def on_cancel(self, transaction: ServerTransaction) -> None:
        """The caller gave up. After our 2xx it is too late: a BYE will follow (9.2)."""
        if transaction is not self.transaction:
            super().on_cancel(transaction)
        elif self.move(states.REMOTE_CANCEL):
            self._end_unanswered()

    def on_send_failed(self, transaction: ServerTransaction) -> None:
        """A response could not be sent before the answer: the caller is gone."""
        if transaction is self.transaction and self.move(states.LOST):
            self._end_unanswered()

    def finish(self) -> None:
        super().finish()
        self.transaction = None

    def on_bye(self, transaction: ServerTransaction, request: Request) -> None:
        """Before our answer a BYE is a way of cancelling (15.1.2)."""
        if self.phase is states.INCOMING:
            self.respond(transaction, request, 200)
            self.move(states.REMOTE_BYE)
            self._end_unanswered()
        else:
            super().on_bye(transaction, request)

    def _end_unanswered(self) -> None:
        observer = self.observer
        self._refuse(487, None, ())
        self.finish()
        if observer is not None:
            observer.on_cancelled(self)

    def _answer(self, status: int, reason: str | None, body: bytes, headers: Sequence[str]) -> bytes:
        """A response that makes the dialog: with Contact, and with the Record-Route of the request (12.1.1)."""
        assert self.transaction is not None
        assert self.request is not None
        dialog = self.ensure_dialog()
        lines = [dialog.contact.rstrip(), *headers]
        if dialog.routes:
            lines += self.request.raw_lines("Record-Route")
        return self.respond(self.transaction, self.request, status, lines, body, reason)

    def _refuse(self, status: int, reason: str | None, headers: Sequence[str]) -> None:
        assert self.transaction is not None
        assert self.request is not None
        self.respond(self.transaction, self.request, status, headers, b"", reason)


def _user_of(uri: str) -> str:
    """The user part of a SIP URI as written, "" when there is none."""
    user, at, _ = uri.partition(":")[2].partition("@")
    return user.partition(":")[0] if at else ""
