"""Offers inside an established session (RFC 3261 14): ours, the far end's, and what happens when they meet (491)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import session_state as states
from pbx.sip.client_auth import authorization
from pbx.sip.outputs import ClearTimer, SetTimer
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.transaction_client import ClientTransaction

if TYPE_CHECKING:
    from pbx.sip.message import Request, Response
    from pbx.sip.session import InviteSession
    from pbx.sip.transaction_server import ServerTransaction

MAX_GLARES = 8  # two ends that keep colliding give up instead of going on for ever


class Renegotiation:
    """At most one offer is under way: `_sent` is ours, `_received` the far end's. `_wanted` waits for its turn."""

    __slots__ = (
        "_challenges",
        "_glares",
        "_offerless",
        "_received",
        "_sent",
        "_sent_body",
        "_session",
        "_wanted",
        "timer_id",
    )

    def __init__(self, session: InviteSession) -> None:
        self._session: InviteSession | None = session
        self._wanted: bytes | None = None
        self._sent: ClientTransaction | None = None
        self._sent_body = b""
        self._received: tuple[ServerTransaction, Request] | None = None
        self._offerless = False  # the far end's re-INVITE had no offer: our 2xx carries it, the ACK brings the answer
        self._glares = 0
        self._challenges = 0
        self.timer_id = 0

    def want(self, body: bytes) -> None:
        """Our next offer."""
        self._wanted = body
        self._glares = 0
        self._challenges = 0
        self.go_on()

    def go_on(self) -> None:
        """Sends what is wanted, if nothing else is under way."""
        session = self._session
        if session is None or self._wanted is None or self._sent or self._received or self.timer_id:
            return
        if session.phase is states.CONFIRMED and session.acceptance is None:
            self._send()

    def abandon(self) -> None:
        """The session ends: a pending re-INVITE of the far end gets its 487, ours is left to itself."""
        session = self._session
        if session is not None and self._received is not None:
            transaction, request = self._received
            session.respond(transaction, request, 487)
        if session is not None and self.timer_id:
            session.ua.out.append(ClearTimer(self))
        if self._sent is not None and self._sent.user is self:
            self._sent.user = None
        self._session = self._sent = self._received = self._wanted = None

    # Ours

    def on_timer(self) -> None:
        self.go_on()

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        session = self._session
        if response.status < 200 or session is None:
            return
        if response.status < 300:
            self._on_answer(session, transaction, response)
            return
        self._sent = None
        dialog = session.dialog
        assert dialog is not None
        line = authorization(response, "INVITE", dialog.start_line_uri, session.credentials, self._challenges)
        if line is not None:
            self._challenges += 1
            self._wanted = self._sent_body if self._wanted is None else self._wanted
            self._send(line)
        elif response.status == 491 and self._glares < MAX_GLARES:
            self._retry_later(session)
        else:
            self._on_refusal(session, response.status, response.sdp)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        self._sent = None
        if self._session is not None:
            self._on_refusal(self._session, status, b"")

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """A re-INVITE that is never answered: the far end does not answer any more."""
        self.on_no_response(transaction, 408)

    def _send(self, authorization_line: str = "") -> None:
        session = self._session
        assert session is not None
        assert session.dialog is not None
        assert self._wanted is not None
        dialog = session.dialog
        self._sent_body, self._wanted = self._wanted, None
        branch = f"{MAGIC_COOKIE}{token(16)}"
        headers = [authorization_line] if authorization_line else []
        data = dialog.build("INVITE", branch, dialog.next_cseq(), headers, self._sent_body)
        self._sent = session.ua.layer.send(data, dialog.peer, branch, "INVITE", self)

    def _retry_later(self, session: InviteSession) -> None:
        """Glare: who made the Call-ID waits 2.1-4 s, the other 0-2 s, in steps of 10 ms (14.1)."""
        self._glares += 1
        if self._wanted is None:
            self._wanted = self._sent_body
        timers = session.ua.timers
        low, high = timers.retry_glare_owner if session.outgoing else timers.retry_glare_other
        session.ua.out.append(SetTimer(self, round(session.ua.random.uniform(low, high), 2)))

    def _on_answer(self, session: InviteSession, transaction: ClientTransaction, response: Response) -> None:
        dialog = session.dialog
        assert dialog is not None
        self._sent = None
        dialog.refresh(response)
        if response.sdp:
            session.remote_sdp = response.sdp
        answer: bytes | None = None
        try:
            if session.observer is not None:
                answer = session.observer.on_reinvite_answer(session, response.status, response.sdp)
        finally:  # whatever the listener does, the far end must not repeat its 2xx for 32 s
            body = (answer or b"") if not self._sent_body else b""
            data = dialog.build("ACK", f"{MAGIC_COOKIE}{token(16)}", response.cseq, (), body)
            transaction.acknowledge(data, dialog.peer, response.to_tag)
        self.go_on()

    def _on_refusal(self, session: InviteSession, status: int, body: bytes) -> None:
        if status == 481:
            session.on_dialog_gone("lost", say_bye=False)
        elif status == 408:
            session.on_dialog_gone("timeout", say_bye=True)
        elif session.observer is not None:
            session.observer.on_reinvite_answer(session, status, body)
        self.go_on()

    # The far end's

    def on_offer(self, transaction: ServerTransaction, request: Request) -> None:
        """A re-INVITE came (14.2)."""
        session = self._session
        assert session is not None
        if self._sent is not None or session.acceptance is not None:
            session.respond(transaction, request, 491)
        elif self._received is not None:
            delay_s = session.ua.random.randint(0, 10)
            session.respond(transaction, request, 500, [f"Retry-After: {delay_s}"])
        elif session.observer is None:
            session.respond(transaction, request, 488)
        else:
            self._received = (transaction, request)
            transaction.user = session
            self._offerless = not request.sdp
            session.observer.on_reinvite(session, request.sdp)
            if not transaction.data and not transaction.answered:
                session.respond(transaction, request, 100)

    def accept(self, body: bytes) -> bool:
        session = self._session
        if session is None or self._received is None:
            return False
        (transaction, request), self._received = self._received, None
        dialog = session.dialog
        assert dialog is not None
        dialog.refresh(request)
        if request.sdp:
            session.remote_sdp = request.sdp
        data = session.respond(transaction, request, 200, [dialog.contact.rstrip()], body)
        session.await_ack(data, transaction, request.cseq)
        return True

    def reject(self, status: int) -> bool:
        session = self._session
        if session is None or self._received is None:
            return False
        (transaction, request), self._received = self._received, None
        session.respond(transaction, request, status)
        self.go_on()
        return True

    def on_cancel(self, transaction: ServerTransaction) -> None:
        """The far end took its re-INVITE back: 487, the session goes on as it was."""
        if self._received is not None and self._received[0] is transaction:
            self.reject(487)

    def on_ack(self, body: bytes) -> None:
        """The ACK of our 2xx to their re-INVITE."""
        session = self._session
        if session is not None and self._offerless and session.observer is not None:
            self._offerless = False
            session.observer.on_reinvite_answer(session, 200, body)
        self.go_on()
