"""The caller's half of an INVITE session (RFC 3261 13.2): challenges, provisional answers, CANCEL, the first 2xx."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import requests
from pbx.sip import session_state as states
from pbx.sip.client_auth import authorization
from pbx.sip.dialog import as_client
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.session import InviteSession

if TYPE_CHECKING:
    from pbx.sip.address import Destination
    from pbx.sip.client_auth import ClientCredentials
    from pbx.sip.message import Response
    from pbx.sip.observer import SessionObserver
    from pbx.sip.transaction_client import ClientTransaction
    from pbx.sip.user_agent import UserAgent


class OutgoingSession(InviteSession):
    """A call that goes out. `source` is where it was sent."""

    __slots__ = (
        "_challenges",
        "_contact",
        "_cseq",
        "_extra",
        "_from",
        "_heard",
        "_max_forwards",
        "_offer",
        "_offer_type",
        "_to",
        "_uri",
        "transaction",
    )

    outgoing = True

    def __init__(
        self,
        ua: UserAgent,
        *,
        uri: str,
        destination: Destination,
        from_: str,
        to: str,
        body: bytes,
        headers: Sequence[str],
        contact_user: str,
        observer: SessionObserver | None,
        credentials: ClientCredentials | None,
        route_set: Sequence[str],
        content_type: str,
        max_forwards: int = 70,
    ) -> None:
        local_tag = token(16)
        super().__init__(ua, states.CALLING, f"{token(32)}@{ua.host_name}", local_tag, "", destination)
        self.observer = observer
        self.credentials = credentials
        self.transaction: ClientTransaction | None = None
        self._uri = uri
        self._from = f"{from_};tag={local_tag}"
        self._to = to
        self._offer = body
        self._offer_type = content_type
        self._contact = ua.contact_line(contact_user, destination.transport, ua.local_address(destination))
        routes = "".join(f"Route: {route}\r\n" for route in route_set)
        self._extra = f"{routes}{self._contact}Allow: {requests.ALLOW}\r\n{requests.header_lines(headers)}"
        self._max_forwards = max_forwards
        self._cseq = 0
        self._challenges = 0
        self._heard = False  # a provisional response came: only then may CANCEL go out (9.1)

    def start(self, authorization_line: str = "") -> None:
        """Sends the INVITE, again with `authorization_line` after a challenge."""
        ua = self.ua
        self._cseq += 1
        self._heard = False
        branch = f"{MAGIC_COOKIE}{token(16)}"
        address = ua.local_address(self.source)
        data = requests.build(
            "INVITE",
            self._uri,
            via=requests.via(self.source.transport, *address, branch),
            from_=self._from,
            to=self._to,
            call_id=self.call_id,
            cseq=self._cseq,
            extra=f"{self._extra}{authorization_line}\r\n" if authorization_line else self._extra,
            body=self._offer,
            content_type=self._offer_type,
            max_forwards=self._max_forwards,
        )
        self.transaction = ua.start_client(data, self.source, branch, "INVITE", self)

    def cancel(self, headers: Sequence[str] = ()) -> bool:
        if not self.move(states.CANCEL):
            return False
        self._held_headers = tuple(headers)
        if self._heard:
            self._send_cancel()
        self.ua.wake()
        return True

    # From the transaction

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        if transaction is not self.transaction:
            return
        status = response.status
        if status < 200:
            self._on_provisional(response)
        elif status < 300:
            self._on_answer(transaction, response)
        else:
            self._on_refusal(response)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        if transaction is self.transaction:
            self._fail(status, "Request Timeout" if status == 408 else "Service Unavailable", None)

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """Timer C: nobody answered for more than three minutes (16.8)."""
        if transaction is self.transaction:
            self.cancel()

    def finish(self) -> None:
        super().finish()
        if self.transaction is not None:
            self.transaction.user = None
            self.transaction = None

    def _on_provisional(self, response: Response) -> None:
        first, self._heard = not self._heard, True
        if self.phase is states.CANCELLING:
            if first:
                self._send_cancel()
        elif response.status > 100 and self.observer is not None:
            sdp = response.sdp
            if sdp:
                self.remote_sdp = sdp
            self.observer.on_progress(self, response.status, response.reason, sdp, response)

    def _on_answer(self, transaction: ClientTransaction, response: Response) -> None:
        """The first 2xx makes the dialog; others are forks, which the transaction sees to."""
        wanted = self.phase is states.CALLING
        if not self.move(states.ANSWERED):
            return
        self.remote_tag = response.to_tag
        self.dialog = as_client(
            response,
            self._uri,
            self._from,
            self._cseq,
            self.source,
            self.ua.local_address(self.source),
            self._contact,
            follow_contact=self.follow_contact,
        )
        self.transaction = None
        sdp = response.sdp
        if sdp:
            self.remote_sdp = sdp
        if not wanted:  # the 2xx crossed our CANCEL: the dialog is up, and is ended at once
            self._acknowledge(transaction, response, b"")
            observer = self.observer
            self._detach()
            self._send_bye(self._held_headers)
            if observer is not None:
                observer.on_failure(self, 487, "Request Terminated", None)
            return
        if self._offer:
            self._acknowledge(transaction, response, b"")
            if self.observer is not None:
                self.observer.on_answer(self, sdp, response)
            return
        answer: bytes | None = None
        try:
            if self.observer is not None:
                answer = self.observer.on_answer(self, sdp, response)
        finally:  # whatever the listener does, the far end must not repeat its 2xx for 32 s
            self._acknowledge(transaction, response, answer or b"")

    def _acknowledge(self, transaction: ClientTransaction, response: Response, body: bytes) -> None:
        dialog = self.dialog
        assert dialog is not None
        data = dialog.build("ACK", f"{MAGIC_COOKIE}{token(16)}", self._cseq, (), body)
        transaction.acknowledge(data, dialog.peer, response.to_tag)

    def _on_refusal(self, response: Response) -> None:
        line = None
        if self.phase is states.CALLING:
            line = authorization(response, "INVITE", self._uri, self.credentials, self._challenges)
        if line is not None:
            self._challenges += 1
            self.start(line)
        else:
            self._fail(response.status, response.reason, response)

    def _fail(self, status: int, reason: str, response: Response | None) -> None:
        if self.phase is states.CANCELLING:
            status, reason = 487, "Request Terminated"
        if not self.move(states.FAILED):
            return
        observer = self.observer
        self.finish()
        if observer is not None:
            observer.on_failure(self, status, reason, response)

    def _send_cancel(self) -> None:
        """CANCEL has the branch and the address of the INVITE it means (9.1)."""
        transaction = self.transaction
        if transaction is None:
            return
        data = requests.cancel(transaction.data, self._held_headers)
        branch = transaction.key.removesuffix("INVITE")
        self.ua.layer.send(data, transaction.destination, branch, "CANCEL", None)
        transaction.on_cancelled()
