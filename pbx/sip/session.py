"""An INVITE session (RFC 3261 13-15): what caller and callee share. The two halves are subclasses.

Commands return False, and do nothing, when the session is no longer in a state for them: the far end may have been
faster. Each queues its messages and moves on; nothing here waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.sip import session_state as states
from pbx.sip.acceptance import Acceptance
from pbx.sip.dialog import Dialog, Follow
from pbx.sip.dialog_request import DialogRequest
from pbx.sip.in_dialog import InDialogRequest, dispatch
from pbx.sip.message import STATUS_LINES
from pbx.sip.message import response as build_response
from pbx.sip.reason import said_reason
from pbx.sip.reinvite import Renegotiation
from pbx.sip.session_state import Progress
from pbx.sip.session_timer import SessionTimer

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.client_auth import ClientCredentials
    from pbx.sip.message import Request
    from pbx.sip.observer import SessionObserver
    from pbx.sip.transaction_server import ServerTransaction
    from pbx.sip.user_agent import UserAgent


class InviteSession(Progress):
    """One call towards one far end. `state` is "early", "confirmed" or "terminated"."""

    __slots__ = (
        *("_held_headers", "_waiting", "acceptance", "call_id", "credentials", "dialog", "end_reason", "extensions"),
        *("follow_contact", "local_sdp", "local_tag", "observer", "offer_open", "remote_sdp", "remote_tag"),
        *("renegotiation", "request", "source", "timer", "ua"),
    )

    outgoing = False

    def __init__(
        self, ua: UserAgent, phase: str, call_id: str, local_tag: str, remote_tag: str, source: Source
    ) -> None:
        self.ua = ua
        self.extensions = ua.extensions  # the policy for this far end
        self.phase = phase
        self.call_id = call_id
        self.local_tag = local_tag
        self.remote_tag = remote_tag
        self.source = source
        self.observer: SessionObserver | None = None
        self.request: Request | None = None
        self.remote_sdp = b""
        self.local_sdp = b""  # what we said last: a refresh says it again
        self.end_reason = ""  # the far end's Reason line for ending the call (RFC 3326), as it may be said on
        self.offer_open = False  # our 2xx carried an offer, and its answer has not come yet
        self.credentials: ClientCredentials | None = None
        self.dialog: Dialog | None = None
        self.acceptance: Acceptance | None = None
        self.renegotiation: Renegotiation | None = None
        self.timer: SessionTimer | None = None
        self.follow_contact: Follow | None = None  # of a trusted trunk: which other IP addresses are its own
        self._held_headers: Sequence[str] = ()
        self._waiting: tuple[InDialogRequest, ...] = ()  # requests that the observer has not answered yet

    @property
    def wants_early_offer(self) -> bool:
        """UAS: the first provisional response has to carry our offer (RFC 3262 section 5)."""
        return False

    @property
    def heard(self) -> bool:
        """Whether the far end has shown that it lives: always of a UAS; of a UAC since the first response."""
        return True

    # Commands of one half only

    def progress(
        self, status: int = 180, reason: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
    ) -> bool:
        """UAS: a provisional response 101-199."""
        return False

    def accept(self, body: bytes, headers: Sequence[str] = ()) -> bool:
        """UAS: answers with 200 and the session description."""
        return False

    def reject(self, status: int, reason: str | None = None, headers: Sequence[str] = ()) -> bool:
        """UAS: refuses with 300-699."""
        return False

    def cancel(self, headers: Sequence[str] = ()) -> bool:
        """UAC: gives up an unanswered call; `on_failure` follows with 487."""
        return False

    # Commands of both

    def bye(self, headers: Sequence[str] = ()) -> bool:
        """Hangs up an answered call. Nothing is reported any more."""
        if not self.move(states.BYE):
            return False
        self._detach()
        if self.phase is states.PARTING:
            self._held_headers = tuple(headers)
        else:
            self._send_bye(headers)
        self.ua.wake()
        return True

    def end(self, status: int = 480, headers: Sequence[str] = ()) -> bool:
        """Whatever ends it in the present state: reject with `status`, cancel, or BYE."""
        if self.phase is states.INCOMING:
            return self.reject(status, headers=headers)
        if self.phase is states.CALLING:
            return self.cancel(headers)
        return self.bye(headers)

    def reinvite(self, body: bytes) -> bool:
        """Offers another session description (b"": asks for an offer); `on_reinvite_answer` follows.

        Sent as soon as no other offer is under way; the latest call wins.
        """
        if self.phase is not states.CONFIRMED and self.phase is not states.ACCEPTED:
            return False
        self._negotiation().want(body)
        self.ua.wake()
        return True

    def update(self, body: bytes) -> bool:
        """Offers another session description by UPDATE, before the answer as well (RFC 3311); then as `reinvite`.

        False when there is nothing to change yet: the first offer and answer are not exchanged reliably.
        """
        if not body or self.state == "terminated" or self.offer_refusal("") or self.ensure_dialog() is None:
            return False
        self._negotiation().want(body, update=True)
        self.ua.wake()
        return True

    def refresh(self) -> None:
        """Repeats our session description in a re-INVITE, for the session timer."""
        if self.phase is states.CONFIRMED:
            self._negotiation().refresh(self.local_sdp)
            self.ua.wake()

    def _negotiation(self) -> Renegotiation:
        if self.renegotiation is None:
            self.renegotiation = Renegotiation(self)
        return self.renegotiation

    def accept_reinvite(self, body: bytes) -> bool:
        """Answers the far end's re-INVITE or UPDATE with 200."""
        done = self.renegotiation is not None and self.renegotiation.accept(body)
        self.ua.wake()
        return done

    def reject_reinvite(self, status: int = 488) -> bool:
        """Refuses the far end's re-INVITE or UPDATE; the session goes on as it was."""
        done = self.renegotiation is not None and self.renegotiation.reject(status)
        self.ua.wake()
        return done

    def info(self, body: bytes, content_type: str) -> bool:
        """Sends INFO (RFC 6086), such as a DTMF relay."""
        if self.phase is not states.CONFIRMED:
            return False
        DialogRequest(self, "INFO", self.on_dialog_status, (), body, content_type).start()
        self.ua.wake()
        return True

    def send(
        self,
        method: str,
        *,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "",
        done: Callable[[int], None] | None = None,
    ) -> bool:
        """Sends another request in the dialog (REFER, NOTIFY, MESSAGE), before the answer as well.

        `done(status)` is called once: the final status, 408 without an answer, 503 when the transport failed. Without
        it a dialog that the far end forgot ends the session (12.2.1.2). False when there is no dialog.
        """
        if self.state == "terminated" or self.ensure_dialog() is None:
            return False
        DialogRequest(self, method, done or self.on_dialog_status, headers, body, content_type).start()
        self.ua.wake()
        return True

    # From the user agent

    def on_request(self, transaction: ServerTransaction, request: Request) -> None:
        """A request inside the dialog, from its own peer."""
        dialog = self.dialog_of(request.from_tag)
        if dialog is None:
            self.respond(transaction, request, 481)
        elif request.cseq <= dialog.remote_cseq and request.method != "PRACK":  # its RAck says where it belongs
            self.respond(transaction, request, 500, ["Retry-After: 1"])  # out of order (12.2.2)
        else:
            if request.cseq > dialog.remote_cseq:
                dialog.remote_cseq = request.cseq
            dispatch(self, transaction, request)

    def knows(self, remote_tag: str) -> bool:
        """Whether a request with this From tag is of a dialog of this session."""
        return remote_tag == self.remote_tag

    def allows(self, source: Source) -> bool:
        """Whether the far end's requests may come from `source`, although the first message did not."""
        return self.dialog is not None and self.dialog.allows(source)

    def dialog_of(self, remote_tag: str) -> Dialog | None:
        """The dialog with the far end of this tag."""
        return self.ensure_dialog()

    def on_bye(self, transaction: ServerTransaction, request: Request) -> None:
        """The far end hangs up."""
        self.respond(transaction, request, 200)
        self.end_reason = said_reason(request)
        observer = self.observer
        self.move(states.REMOTE_BYE)
        if self.phase is states.ENDING:
            return  # both hung up: ours is still to be answered
        self.finish()
        if observer is not None:
            observer.on_ended(self, "bye")

    def on_reinvite(self, transaction: ServerTransaction, request: Request) -> None:
        """An INVITE inside the dialog (14.2)."""
        if self.phase is states.CONFIRMED or self.phase is states.ACCEPTED:
            self._negotiation().on_offer(transaction, request)
        elif self.phase is states.INCOMING:  # the first one has no final response yet
            self.respond(transaction, request, 500, [f"Retry-After: {self.ua.random.randint(0, 10)}"])
        else:
            self.respond(transaction, request, 491 if self.state == "early" else 481)

    def on_offer(self, transaction: ServerTransaction, request: Request) -> None:
        """An offer in an UPDATE or PRACK (RFC 3311 5.2)."""
        status = self.offer_refusal(request.from_tag)
        if status:
            lines = [f"Retry-After: {self.ua.random.randint(0, 10)}"] if status == 500 else []
            self.respond(transaction, request, status, lines)
        else:
            self._negotiation().on_offer(transaction, request)

    def offer_refusal(self, remote_tag: str) -> int:
        """0 when another offer may come; 491 when ours, 500 when the far end's first one is not answered yet."""
        return 491 if self.offer_open else 0

    def on_exchanged(self, remote_tag: str) -> None:
        """An offer, ours or that of the far end with this tag, was answered."""

    def on_prack(self, transaction: ServerTransaction, request: Request) -> None:
        """PRACK (RFC 3262 3): nothing that we sent waits for one."""
        self.respond(transaction, request, 481)

    def waits(self, handle: InDialogRequest) -> None:
        """The observer has a request to answer."""
        self._waiting = (*self._waiting, handle)

    def answered(self, handle: InDialogRequest) -> None:
        """The observer has answered it."""
        if self._waiting:
            self._waiting = tuple(other for other in self._waiting if other is not handle)

    def on_ack(self, request: Request) -> None:
        """An ACK of a 2xx, from the dialog's own peer."""
        acceptance = self.acceptance
        if acceptance is None or request.cseq != acceptance.cseq:
            return  # repeated
        acceptance.stop()
        self.acceptance = None
        sdp = request.sdp
        if sdp:
            self.remote_sdp = sdp
        self.offer_open = False
        if self.move(states.ACKED):
            if self.phase is states.ENDING:
                self._send_bye(self._held_headers)
                return
            if self.observer is not None:
                self.observer.on_established(self, sdp)
            if self.renegotiation is not None:
                self.renegotiation.go_on()
        elif self.renegotiation is not None:
            self.renegotiation.on_ack(sdp)

    def on_cancel(self, transaction: ServerTransaction, cancel: Request) -> None:
        """The far end takes back an INVITE that has no final response yet."""
        if self.renegotiation is not None:
            self.renegotiation.on_cancel(transaction)

    def on_send_failed(self, transaction: ServerTransaction) -> None:
        """A response to an INVITE could not be sent; inside a dialog its own timers decide."""

    def ensure_dialog(self) -> Dialog | None:
        """The dialog, if there is one yet."""
        return self.dialog

    # Shared by the halves

    def respond(
        self,
        transaction: ServerTransaction,
        request: Request,
        status: int,
        headers: Sequence[str] = (),
        body: bytes = b"",
        reason: str | None = None,
    ) -> bytes:
        """Sends a response with our tag; returns its bytes."""
        data: bytes
        start = STATUS_LINES.get(status) if reason is None else None
        if start is not None:  # as build_response, which most responses are spared
            data = request.reply(start, self.local_tag, headers, body, "application/sdp")
        else:
            data = build_response(request, status, reason, to_tag=self.local_tag, headers=headers, body=body)
        transaction.respond(status, data)
        return data

    def await_ack(self, data: bytes, transaction: ServerTransaction, cseq: int) -> None:
        """A 2xx with `data` was sent: repeat it until the ACK with `cseq` comes."""
        ua = self.ua
        self.acceptance = Acceptance(data, transaction.destination, cseq, ua.timers, ua.out, self._on_unacknowledged)

    def on_dialog_gone(self, reason: str, *, say_bye: bool) -> None:
        """The far end no longer knows the dialog, or no longer answers (12.2.1.2)."""
        if not self.move(states.LOST):
            return
        observer = self.observer
        self._detach()
        if say_bye:
            self._send_bye()
        else:
            self._on_bye_done(481)
        if observer is not None:
            observer.on_ended(self, reason)

    def finish(self) -> None:
        """The session is over: nothing refers to it any more, so that it is freed without the garbage collector."""
        self._detach()
        if self.acceptance is not None:
            self.acceptance.stop()
            self.acceptance = None
        self.ua.sessions.pop(self.local_tag, None)
        self.request = None

    def _detach(self) -> None:
        self.observer = None
        for handle in self._waiting:
            handle.respond(481)
        if self.renegotiation is not None:
            self.renegotiation.abandon()
            self.renegotiation = None
        if self.timer is not None:
            self.timer.stop()
            self.timer = None

    def _send_bye(self, headers: Sequence[str] = ()) -> None:
        if self.acceptance is not None:
            self.acceptance.stop()
            self.acceptance = None
        DialogRequest(self, "BYE", self._on_bye_done, headers).start()

    def _on_bye_done(self, status: int) -> None:
        self.move(states.BYE_DONE)
        self.finish()

    def on_dialog_status(self, status: int) -> None:
        """The outcome of a request inside the dialog that nobody waits for."""
        if status == 481:
            self.on_dialog_gone("lost", say_bye=False)
        elif status in (408, 503):
            self.on_dialog_gone("timeout", say_bye=True)

    def _on_unacknowledged(self) -> None:
        """64*T1 passed without the ACK: the dialog is confirmed, but the session is to be ended (13.3.1.4, 14.2)."""
        self.acceptance = None
        observer = self.observer
        if self.move(states.UNACKED):
            self._detach()
            self._send_bye(self._held_headers)
            if observer is not None:
                observer.on_ended(self, "no ack")
        else:
            self.on_dialog_gone("no ack", say_bye=True)
