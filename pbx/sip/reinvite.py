"""Offers after the first one: ours and the far end's, by re-INVITE (RFC 3261 14), UPDATE (RFC 3311) and PRACK (RFC 3262
5), and what happens when they meet (491).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import session_state as states
from pbx.sip.client_auth import authorization
from pbx.sip.message import parse_seconds
from pbx.sip.outputs import ClearTimer, SetTimer
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.session_timer import answer_as_server, take_as_client
from pbx.sip.transaction_client import ClientTransaction

if TYPE_CHECKING:
    from pbx.sip.message import Request, Response
    from pbx.sip.session import InviteSession
    from pbx.sip.transaction_server import ServerTransaction

MAX_GLARES = 40  # an answer may be lost for 64*T1; two ends that collide for ever give up
MAX_RETRY_AFTER_S = 10  # of a 500 to an offer that met another one (14.2)


class Renegotiation:
    """At most one offer is under way: `_sent` is ours, `_received` the far end's. `_wanted` waits for its turn."""

    __slots__ = (
        "_authorization",
        "_challenges",
        "_glares",
        "_offerless",
        "_received",
        "_refreshing",
        "_sent",
        "_sent_body",
        "_session",
        "_update",
        "_wanted",
        "timer_id",
    )

    def __init__(self, session: InviteSession) -> None:
        self._session: InviteSession | None = session
        self._wanted: bytes | None = None
        self._sent: ClientTransaction | None = None
        self._sent_body = b""
        self._update = False  # what is wanted or sent goes by UPDATE
        self._refreshing = False  # what is wanted or sent only repeats what was agreed
        self._received: tuple[ServerTransaction, Request] | None = None
        self._offerless = False  # the far end's re-INVITE had no offer: our 2xx carries it, the ACK brings the answer
        self._glares = 0
        self._challenges = 0
        self._authorization: list[str] = []  # what answered the last challenge: the ACK says it again (13.2.2.4)
        self.timer_id = 0

    def want(self, body: bytes, *, update: bool = False) -> None:
        """Our next offer."""
        self._wanted = body
        self._update = update
        self._refreshing = False
        self._glares = 0
        self._challenges = 0
        self.go_on()

    def refresh(self, body: bytes) -> None:
        """Says again what was agreed; an offer that is under way or waits refreshes the session as well."""
        if self._sent is None and self._wanted is None:
            self.want(body)
            self._refreshing = True

    def go_on(self) -> None:
        """Sends what is wanted, if nothing else is under way."""
        session = self._session
        if session is None or self._wanted is None or self._sent or self._received or self.timer_id:
            return
        if session.acceptance is None and (session.phase is states.CONFIRMED or self._update):
            self._send()

    def abandon(self) -> None:
        """The session ends: a pending re-INVITE of the far end gets its 487, ours is left to itself."""
        session = self._session
        if session is not None and self._received is not None:
            transaction, request = self._received
            session.respond(transaction, request, 487 if request.method == "INVITE" else 481)
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
        if session.remote_tag and response.to_tag != session.remote_tag and response.to_tag:
            self._sent = None  # of an early dialog that another one's answer ended
            self.go_on()
            return
        if response.status < 300:
            self._on_answer(session, transaction, response)
            return
        self._sent = None
        dialog = session.ensure_dialog()
        assert dialog is not None
        status = response.status
        line = authorization(response, self._method, dialog.start_line_uri, session.credentials, self._challenges)
        if line is not None:
            self._challenges += 1
            self._again()
            self._send(line)
        elif (status == 491 or (status == 500 and _is_busy(response))) and self._glares < MAX_GLARES:
            self._retry_later(session)
        elif status in (405, 501) and self._update and session.phase is states.CONFIRMED:
            self._again()
            self._update = False
            self.go_on()
        elif status == 422 and session.timer is not None and session.timer.raised(response):
            self._again()
            self.go_on()
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
        assert self._wanted is not None
        dialog = session.ensure_dialog()
        if dialog is None:
            return
        self._sent_body, self._wanted = self._wanted, None
        branch = f"{MAGIC_COOKIE}{token(16)}"
        self._authorization = [authorization_line] if authorization_line else []
        headers = [*self._authorization]
        if session.timer is not None:
            headers += session.timer.lines()
        data = dialog.build(self._method, branch, dialog.next_cseq(), headers, self._sent_body)
        self._sent = session.ua.layer.send(data, dialog.peer, branch, self._method, self)

    @property
    def _method(self) -> str:
        return "UPDATE" if self._update else "INVITE"

    def _again(self) -> None:
        """What was refused for now is wanted again, unless something newer is."""
        if self._wanted is None:
            self._wanted = self._sent_body

    def _retry_later(self, session: InviteSession) -> None:
        """Glare: who made the Call-ID waits 2.1-4 s, the other 0-2 s, in steps of 10 ms (14.1)."""
        self._glares += 1
        self._again()
        timers = session.ua.timers
        low, high = timers.retry_glare_owner if session.outgoing else timers.retry_glare_other
        session.ua.out.append(SetTimer(self, round(session.ua.random.uniform(low, high), 2)))

    def _on_answer(self, session: InviteSession, transaction: ClientTransaction, response: Response) -> None:
        dialog = session.ensure_dialog()
        assert dialog is not None
        self._sent = None
        dialog.refresh(response)
        take_as_client(session, response)
        sdp = response.sdp
        session.local_sdp = self._sent_body or session.local_sdp
        session.on_exchanged(response.to_tag)
        unchanged = self._refreshing and sdp == session.remote_sdp
        if sdp:
            session.remote_sdp = sdp
        answer: bytes | None = None
        try:
            if session.observer is not None and not unchanged:
                answer = session.observer.on_reinvite_answer(session, response.status, sdp)
        finally:  # whatever the listener does, the far end must not repeat its 2xx for 32 s
            if response.cseq_method == "INVITE":
                body = (answer or b"") if not self._sent_body else b""
                session.local_sdp = body or session.local_sdp
                data = dialog.build("ACK", f"{MAGIC_COOKIE}{token(16)}", response.cseq, self._authorization, body)
                transaction.acknowledge(data, dialog.peer, response.to_tag)
        self.go_on()

    def _on_refusal(self, session: InviteSession, status: int, body: bytes) -> None:
        if status == 481:
            session.on_dialog_gone("lost", say_bye=False)
        elif status == 408:
            session.on_dialog_gone("timeout", say_bye=True)
        elif session.observer is not None and not self._refreshing:
            session.observer.on_reinvite_answer(session, status, body)
        self.go_on()

    # The far end's

    def on_offer(self, transaction: ServerTransaction, request: Request) -> None:
        """A re-INVITE came (14.2), or an offer in UPDATE or PRACK."""
        session = self._session
        assert session is not None
        invite = request.method == "INVITE"
        if self._sent is not None or (invite and session.acceptance is not None):
            session.respond(transaction, request, 491)
        elif self._received is not None:
            delay_s = session.ua.random.randint(0, MAX_RETRY_AFTER_S)
            session.respond(transaction, request, 500, [f"Retry-After: {delay_s}"])
        elif session.observer is None:
            session.respond(transaction, request, 488)
        else:
            self._received = (transaction, request)
            transaction.user = session
            self._offerless = invite and not request.sdp
            session.observer.on_reinvite(session, request.sdp)
            if invite and not transaction.data and not transaction.answered:
                session.respond(transaction, request, 100)

    def accept(self, body: bytes) -> bool:
        session = self._session
        if session is None or self._received is None:
            return False
        (transaction, request), self._received = self._received, None
        dialog = session.dialog_of(request.from_tag)
        assert dialog is not None
        dialog.refresh(request)
        if request.sdp:
            session.remote_sdp = request.sdp
        session.local_sdp = body
        lines = [dialog.contact.rstrip()]
        if session.state == "confirmed" and request.method != "PRACK":
            lines += answer_as_server(session, request)
        data = session.respond(transaction, request, 200, lines, body)
        if request.method == "INVITE":
            session.offer_open = self._offerless
            session.await_ack(data, transaction, request.cseq)
        else:
            session.on_exchanged(request.from_tag)
            self.go_on()
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


def _is_busy(response: Response) -> bool:
    """Whether a 500 only says that another offer was under way (14.2, RFC 3311 5.2)."""
    seconds = parse_seconds((response.header("Retry-After") or "").partition(";")[0].partition("(")[0].strip())
    return seconds is not None and seconds <= MAX_RETRY_AFTER_S
