"""The callee's half of an INVITE session (RFC 3261 13.3): ring, answer, refuse, and the caller who gives up first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.sip import session_state as states
from pbx.sip.dialog import Dialog, as_server
from pbx.sip.extensions import requires
from pbx.sip.outputs import Send
from pbx.sip.reason import said_reason
from pbx.sip.reliable import ReliableProvisionals
from pbx.sip.requests import ALLOW_LINE
from pbx.sip.session import InviteSession
from pbx.sip.session_timer import answer_as_server

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.transaction_server import ServerTransaction
    from pbx.sip.user_agent import UserAgent


class IncomingSession(InviteSession):
    """A call that came in. `request` is its INVITE for as long as the session lives."""

    __slots__ = ("_held_answer", "_reliable", "_undecided", "offered", "transaction")

    def __init__(
        self, ua: UserAgent, request: Request, source: Source, local_tag: str, transaction: ServerTransaction
    ) -> None:
        super().__init__(ua, states.INCOMING, request.call_id, local_tag, request.from_tag, source)
        self.request = request
        self.remote_sdp = request.sdp
        self.offered = bool(self.remote_sdp)  # else the offer is ours
        self._undecided = True  # whether provisional responses are reliable
        self._reliable: ReliableProvisionals | None = None
        self._held_answer: tuple[bytes, Sequence[str]] | None = None  # of a 2xx that waits for a PRACK
        self.transaction: ServerTransaction | None = transaction
        transaction.user = self

    def progress(
        self, status: int = 180, reason: str | None = None, body: bytes = b"", headers: Sequence[str] = ()
    ) -> bool:
        if not 101 <= status <= 199:
            raise ValueError(f"a provisional response is 101-199, not {status}")
        if self.phase is not states.INCOMING or self._held_answer is not None:
            return False
        if self._undecided:
            self._decide()
        reliable = self._reliable
        if reliable is None or (not self.offered and not body and not reliable.exchanged and not reliable.offer_open):
            self._answer(status, reason, body, headers)
        else:
            reliable.push(status, reason, body, headers)
        self.ua.wake()
        return True

    @property
    def wants_early_offer(self) -> bool:
        """The caller left the offer to us, requires reliable provisional responses, and has not got it yet."""
        if self.offered or self.request is None or not self.request.has_any(("Require",)):
            return False
        return requires(self.request, "100rel") and (self._reliable is None or not self._reliable.exchanged)

    def _decide(self) -> None:
        self._undecided = False
        request = self.request
        assert request is not None
        if self.extensions.provisionals_are_reliable(request):
            self._reliable = ReliableProvisionals(self, request.cseq)

    def accept(self, body: bytes, headers: Sequence[str] = ()) -> bool:
        reliable = self._reliable
        if reliable is not None:
            if self._held_answer is not None or self.phase is not states.INCOMING:
                return False
            if reliable.delays_final:
                self._held_answer = (body, tuple(headers))
                return True
            if reliable.exchanged:  # said already, and perhaps changed since by UPDATE
                body = b""
        return self._accept(body, headers)

    def _accept(self, body: bytes, headers: Sequence[str]) -> bool:
        transaction, request = self.transaction, self.request
        if not self.move(states.ACCEPT):
            return False
        assert transaction is not None
        assert request is not None
        if body:
            self.local_sdp = body
            self.offer_open = not self.offered
        if self._reliable is not None:
            self._reliable.stop()
        data = self._answer(200, None, body, (ALLOW_LINE, *answer_as_server(self, request), *headers))
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
            uri = self.request.uri
            contact = self.ua.contact_line(_user_of(uri), self.source.transport, local_address)
            if uri[:5].lower() == "sips:":  # so is our Contact (12.1.1)
                contact = contact.replace("<sip:", "<sips:", 1)
            self.dialog = as_server(
                self.request, self.source, self.local_tag, local_address, contact, follow_contact=self.follow_contact
            )
        return self.dialog

    def on_cancel(self, transaction: ServerTransaction, cancel: Request) -> None:
        """The caller gave up. After our 2xx it is too late: a BYE will follow (9.2)."""
        if transaction is not self.transaction:
            super().on_cancel(transaction, cancel)
        elif self.move(states.REMOTE_CANCEL):
            self.end_reason = said_reason(cancel)
            self._end_unanswered()

    def on_dialog_gone(self, reason: str, *, say_bye: bool) -> None:
        """A caller whom our provisional response has not reached may not know the early dialog: the call goes on."""
        if self.phase is not states.INCOMING:
            super().on_dialog_gone(reason, say_bye=say_bye)

    def on_send_failed(self, transaction: ServerTransaction) -> None:
        """A response could not be sent before the answer: the caller is gone."""
        if transaction is self.transaction and self.move(states.LOST):
            self._end_unanswered()

    def finish(self) -> None:
        super().finish()
        self.transaction = None
        if self._reliable is not None:
            self._reliable.forget()
            self._reliable = None

    # Reliable provisional responses (RFC 3262)

    def on_prack(self, transaction: ServerTransaction, request: Request) -> None:
        reliable = self._reliable
        if reliable is None or not reliable.acknowledge(request):
            super().on_prack(transaction, request)
            return
        sdp = request.sdp
        if reliable.offer_open:
            if not sdp:  # it had to bring the answer (section 5)
                self.respond(transaction, request, 400, (), b"", "The answer is missing")
                self._give_up(488, "no answer in PRACK")
                return
            reliable.answered()
            self.remote_sdp = sdp
            self.respond(transaction, request, 200)
            if self.observer is not None:
                self.observer.on_reinvite_answer(self, 200, sdp)
        elif sdp:
            self.on_offer(transaction, request)
        else:
            self.respond(transaction, request, 200)
        self._go_on_after_prack()

    def _go_on_after_prack(self) -> None:
        reliable = self._reliable
        if reliable is None or self.phase is not states.INCOMING:
            return
        reliable.go_on()
        if self._held_answer is not None and not reliable.delays_final:
            (body, headers), self._held_answer = self._held_answer, None
            self._accept(b"" if reliable.exchanged else body, headers)

    def offer_refusal(self, remote_tag: str) -> int:
        """Before our final response an offer may come when the INVITE's own exchange is done reliably.

        Ours (no `remote_tag`) has to wait for the PRACK as well (RFC 3311 5.1).
        """
        if self.phase is not states.INCOMING:
            return super().offer_refusal(remote_tag)
        reliable = self._reliable
        if reliable is not None and reliable.exchanged and (remote_tag or reliable.settled):
            return 0
        return 491 if reliable is not None and reliable.offer_open else 500

    def respond_provisional(self, status: int, reason: str | None, body: bytes, headers: Sequence[str]) -> bytes:
        """Sends a reliable provisional response for the first time; returns its bytes."""
        self.local_sdp = body or self.local_sdp
        return self._answer(status, reason, body, headers)

    def repeat_provisional(self, data: bytes) -> None:
        transaction = self.transaction
        if transaction is not None:
            self.ua.layer.retransmitted += 1
            self.ua.out.append(Send(data, transaction.destination, transaction))

    def on_unacknowledged_provisional(self) -> None:
        """64*T1 passed without the PRACK (section 3): the INVITE is refused with a 5xx."""
        self._give_up(504, "no prack")

    def _give_up(self, status: int, why: str) -> None:
        if not self.move(states.REJECT):
            return
        observer = self.observer
        self._refuse(status, None, ())
        self.finish()
        if observer is not None:
            observer.on_ended(self, why)

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
