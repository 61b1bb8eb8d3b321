"""The caller's half of an INVITE session (RFC 3261 13.2): challenges, provisional answers, CANCEL, the first 2xx."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import requests
from pbx.sip import session_state as states
from pbx.sip.client_auth import authorization
from pbx.sip.dialog import Dialog, as_client
from pbx.sip.dialog_request import DialogRequest
from pbx.sip.early_dialog import NO_EARLY_DIALOGS, EarlyDialog, keep, newest, nobody_minds
from pbx.sip.extensions import requires
from pbx.sip.reason import said_reason
from pbx.sip.reliable import read_rseq
from pbx.sip.requests import MAGIC_COOKIE, route_lines
from pbx.sip.session import InviteSession
from pbx.sip.session_timer import MAX_RAISES, asked_by_422, take_as_client
from pbx.sip.ways import UNAVAILABLE, Ways

if TYPE_CHECKING:
    from pbx.sip.address import Destination, NextHop, Source
    from pbx.sip.client_auth import ClientCredentials
    from pbx.sip.extensions import Extensions
    from pbx.sip.message import Request, Response
    from pbx.sip.observer import SessionObserver
    from pbx.sip.transaction_client import ClientTransaction
    from pbx.sip.transaction_server import ServerTransaction
    from pbx.sip.user_agent import UserAgent


class OutgoingSession(InviteSession):
    """A call that goes out. `source` is where it was sent."""

    __slots__ = (
        "_authorization",
        "_challenges",
        "_contact",
        "_contact_user",
        "_cseq",
        "_early",
        "_extra",
        "_from",
        "_heard",
        "_max_forwards",
        "_offer",
        "_offer_type",
        "_raised",
        "_routes",
        "_timer_lines",
        "_to",
        "_uri",
        "_ways",
        "transaction",
    )

    outgoing = True

    def __init__(
        self,
        ua: UserAgent,
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
        alternatives: Sequence[NextHop] = (),
        extensions: Extensions | None = None,
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
        self._ways = Ways(ua, alternatives) if alternatives else None
        self._contact_user = contact_user
        self._contact = ua.contact_line(contact_user, destination.transport, ua.local_address(destination))
        self._routes = routes = route_lines(route_set)
        self.extensions = extensions or ua.extensions
        self._timer_lines = self.extensions.invite_lines
        self._extra = (
            f"{routes}{self._contact}{requests.ALLOW_LINE}\r\n{self._timer_lines}{requests.header_lines(headers)}"
        )
        self._max_forwards = max_forwards
        self._cseq = 0
        self._challenges = 0
        self._authorization = ""  # what answered the last challenge, as a line: the ACK says it again (13.2.2.4)
        self._raised = 0  # how often a 422 made the session interval longer
        self._early: dict[str, EarlyDialog] = NO_EARLY_DIALOGS  # by To tag, until the call is answered
        self._heard = False  # a provisional response came: only then may CANCEL go out (9.1)

    def start(self, authorization_line: str = "") -> None:
        """Sends the INVITE, again with `authorization_line` after a challenge."""
        ua = self.ua
        self._authorization = authorization_line = authorization_line or self._authorization
        self._cseq += 1
        self._heard = False
        branch = f"{MAGIC_COOKIE}{token(16)}"
        data = requests.build(
            "INVITE",
            self._uri,
            self.source.transport,
            ua.local_address(self.source),
            branch,
            self._from,
            self._to,
            self.call_id,
            self._cseq,
            f"{self._extra}{authorization_line}\r\n" if authorization_line else self._extra,
            self._offer,
            self._offer_type,
            self._max_forwards,
        )
        patience_s = self._ways.patience_s if self._ways is not None else 0.0
        self.transaction = ua.start_client(data, self.source, branch, "INVITE", self, patience_s)

    @property
    def heard(self) -> bool:
        return self._heard or self.phase is not states.CALLING

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
        if self._ways is not None and not self._heard and status not in UNAVAILABLE:
            self._ways.answered(self.source)
        if status < 200:
            self._on_provisional(response)
        elif status < 300:
            self._on_answer(transaction, response)
        else:
            self._on_refusal(response)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        if transaction is self.transaction and (self._heard or not self._try_next()):
            self._fail(status, "Request Timeout" if status == 408 else "Service Unavailable", None)

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """Timer C: nobody answered for more than three minutes (16.8)."""
        if transaction is self.transaction:
            self.cancel()

    def finish(self) -> None:
        super().finish()
        self._early = NO_EARLY_DIALOGS
        if self.transaction is not None:
            self.transaction.user = None
            self.transaction = None

    def knows(self, remote_tag: str) -> bool:
        return remote_tag == self.remote_tag if self.remote_tag else remote_tag in self._early

    def allows(self, source: Source) -> bool:
        return super().allows(source) or any(
            early.dialog is not None and early.dialog.allows(source) for early in self._early.values()
        )

    def ensure_dialog(self) -> Dialog | None:
        """Before the answer the early dialog that got furthest, the latest of several."""
        if self.dialog is None and self.state == "early":
            early = newest(self._early)
            return self._dialog_of_early(early) if early is not None else None
        return self.dialog

    def dialog_of(self, remote_tag: str) -> Dialog | None:
        if self.dialog is not None:
            return self.dialog
        early = self._early.get(remote_tag)
        return self._dialog_of_early(early) if early is not None else None

    def offer_refusal(self, remote_tag: str) -> int:
        """Before the answer an offer may come in an early dialog whose own exchange is done reliably."""
        if self.phase is not states.CALLING:
            return super().offer_refusal(remote_tag)
        early = self._early.get(remote_tag) if remote_tag else newest(self._early)
        return 0 if early is not None and early.settled else 491

    def on_exchanged(self, remote_tag: str) -> None:
        early = self._early.get(remote_tag)
        if early is not None:
            early.sdp = b""  # what was answered first is no longer what counts

    def on_bye(self, transaction: ServerTransaction, request: Request) -> None:
        """The callee may not hang up what it has not answered (15)."""
        if self.state == "early":
            self.respond(transaction, request, 481)
        else:
            super().on_bye(transaction, request)

    def _dialog_of_early(self, early: EarlyDialog) -> Dialog:
        if early.dialog is None:
            assert early.response is not None
            early.dialog = self._dialog_from(early.response)
            early.response = None
        return early.dialog

    def _dialog_from(self, response: Response) -> Dialog:
        return as_client(
            response,
            self._uri,
            self._from,
            self._cseq,
            self.source,
            self.ua.local_address(self.source),
            self._contact,
            follow_contact=self.follow_contact,
        )

    def _on_provisional(self, response: Response) -> None:
        first, self._heard = not self._heard, True
        if self.phase is states.CANCELLING:
            if first:
                self._send_cancel()
            return
        if response.status == 100:
            return
        self._early, early = keep(self._early, response)
        rseq = read_rseq(response.header("RSeq"))
        if rseq and early is not None and requires(response, "100rel"):
            if early.is_next(rseq):
                self._on_reliable(early, rseq, response)
        elif self.observer is not None:
            sdp = b"" if early is not None and early.settled else response.sdp
            if sdp:
                self.remote_sdp = sdp
            self.observer.on_progress(self, response.status, response.reason, sdp, response)

    def _on_reliable(self, early: EarlyDialog, rseq: int, response: Response) -> None:
        """RFC 3262 4 and 5: acknowledged with PRACK, which carries the answer if this is the offer."""
        sdp = b"" if early.settled else response.sdp  # offer and answer are done once
        if sdp:
            early.settled = True
            self.remote_sdp = sdp
            if self._offer:
                early.sdp = sdp
        answer: bytes | None = None
        try:
            if self.observer is not None:
                answer = self.observer.on_progress(self, response.status, response.reason, sdp, response)
        finally:  # whatever the listener does, the far end must not repeat it for 32 s
            body = (answer or b"") if sdp and not self._offer else b""
            self.local_sdp = body or self.local_sdp
            line = f"RAck: {rseq} {response.cseq} INVITE"
            dialog = self._dialog_of_early(early)
            DialogRequest(self, "PRACK", nobody_minds, [line], body, "application/sdp", dialog).start()
        if sdp and not self._offer and not answer:
            self.cancel()  # an offer that nobody answers leads nowhere

    def _keep_numbers(self, tag: str) -> EarlyDialog | None:
        """The dialog of the 2xx goes on with the sequence numbers of its early dialog (13.2.2.4)."""
        early = self._early.get(tag)
        if early is not None and early.dialog is not None and self.dialog is not None:
            self.dialog.local_cseq = max(self.dialog.local_cseq, early.dialog.local_cseq)
            self.dialog.remote_cseq = early.dialog.remote_cseq
        self._early = NO_EARLY_DIALOGS
        return early

    def _on_answer(self, transaction: ClientTransaction, response: Response) -> None:
        """The first 2xx makes the dialog; others are forks, which the transaction sees to."""
        wanted = self.phase is states.CALLING
        if not self.move(states.ANSWERED):
            return
        self.remote_tag = response.to_tag
        self.dialog = self._dialog_from(response)
        early = self._keep_numbers(response.to_tag) if self._early else None
        self.transaction = None
        sdp = response.sdp
        settled = early is not None and early.settled
        if settled and early is not None:
            sdp = early.sdp  # RFC 3262 5: what a 2xx says after a reliable answer does not count
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
        take_as_client(self, response)
        if self._offer or settled:
            self.local_sdp = self.local_sdp or self._offer
            self._acknowledge(transaction, response, b"")
            if self.observer is not None:
                self.observer.on_answer(self, sdp, response)
            return
        answer: bytes | None = None
        try:
            if self.observer is not None:
                answer = self.observer.on_answer(self, sdp, response)
        finally:  # whatever the listener does, the far end must not repeat its 2xx for 32 s
            self.local_sdp = answer or b""
            self._acknowledge(transaction, response, self.local_sdp)

    def _acknowledge(self, transaction: ClientTransaction, response: Response, body: bytes) -> None:
        dialog = self.dialog
        assert dialog is not None
        lines = (self._authorization,) if self._authorization else ()
        data = dialog.build("ACK", f"{MAGIC_COOKIE}{token(16)}", self._cseq, lines, body)
        transaction.acknowledge(data, dialog.peer, response.to_tag)

    def _on_refusal(self, response: Response) -> None:
        line = None
        if self.phase is states.CALLING:
            line = authorization(response, "INVITE", self._uri, self.credentials, self._challenges)
        if line is not None:
            self._challenges += 1
            self.start(line)
        elif response.status == 422 and self.phase is states.CALLING and self._raise_interval(response):
            self.start()
        elif response.status not in UNAVAILABLE or not self._try_next():
            self._fail(response.status, response.reason, response)

    def _try_next(self) -> bool:
        """The same request to the next of several ways, as a new transaction; False when none is left."""
        hop = self._ways.failed(self.source) if self._ways is not None else None
        if hop is None or self.phase is not states.CALLING:
            return False
        ua, before = self.ua, self._routes + self._contact
        other_family = (":" in hop.destination.host) != (":" in self.source.host)
        self.source = destination = hop.destination
        if other_family and self._offer and self.observer is not None:
            self._offer = self.observer.on_other_family(self, destination)
        self._uri = hop.uri or self._uri
        self._contact = ua.contact_line(self._contact_user, destination.transport, ua.local_address(destination))
        if hop.routes is not None:
            self._routes = route_lines(hop.routes)
        self._extra = self._routes + self._contact + self._extra.removeprefix(before)
        self._challenges = 0
        self._cseq -= 1  # the same request: only the branch is new
        self.start()
        ua.wake()
        return True

    def _raise_interval(self, response: Response) -> bool:
        """Whether the session interval that a 422 asks for can be had (RFC 4028 7.3)."""
        least = asked_by_422(response)
        self._raised += 1
        if not least or self._raised > MAX_RAISES:
            return False
        lines = self.extensions.lines_of_invite(max(self.extensions.session_expires_s, least), least)
        self._extra = self._extra.replace(self._timer_lines, lines, 1)
        self._timer_lines = lines
        return True

    def _fail(self, status: int, reason: str, response: Response | None) -> None:
        if self.phase is states.CANCELLING:
            status, reason = 487, "Request Terminated"
        if not self.move(states.FAILED):
            return
        if response is not None:
            self.end_reason = said_reason(response)
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
