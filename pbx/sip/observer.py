"""Who listens to a session, and who receives new requests: the two protocols that the call layer implements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from pbx.sip.address import Destination, Source

if TYPE_CHECKING:
    from pbx.sip.in_dialog import InDialogRequest
    from pbx.sip.message import Request, Response
    from pbx.sip.session import InviteSession


class SessionObserver(Protocol):
    """Each method is called from the event loop, after the session's own state moved and its messages were queued."""

    def on_progress(
        self, session: InviteSession, status: int, reason: str, body: bytes, response: Response
    ) -> bytes | None:
        """UAC: a provisional response 101-199. If the INVITE had no offer, `body` is one if the response is reliable
        (RFC 3262): return the SDP answer.
        """
        ...

    def on_answer(self, session: InviteSession, body: bytes, response: Response) -> bytes | None:
        """UAC: a 2xx; its ACK goes out by itself. If the INVITE had no offer, `body` is one: return the SDP answer.

        `body` is b"" when offer and answer were exchanged reliably before, and changed since.
        """
        ...

    def on_other_family(self, session: InviteSession, destination: Destination) -> bytes:
        """UAC: the next of several ways goes by IPv6 instead of IPv4, or the reverse: return the offer for it."""
        ...

    def on_failure(self, session: InviteSession, status: int, reason: str, response: Response | None) -> None:
        """UAC: the end of an unanswered call: 300-699, 408 timeout, 503 transport failure, 487 after `cancel`."""
        ...

    def on_cancelled(self, session: InviteSession) -> None:
        """UAS: the caller gave up before the answer; 487 is already sent."""
        ...

    def on_established(self, session: InviteSession, body: bytes) -> None:
        """UAS: the ACK of our 2xx came; `body` is the answer if our 2xx carried the offer."""
        ...

    def on_reinvite(self, session: InviteSession, body: bytes) -> None:
        """The far end wants another session description (re-INVITE, UPDATE, PRACK).

        Call `accept_reinvite` or `reject_reinvite`, at once unless it is a re-INVITE.
        """
        ...

    def on_reinvite_answer(self, session: InviteSession, status: int, body: bytes) -> bytes | None:
        """The outcome of our `reinvite`. If it had no offer, `body` is one: return the SDP answer.

        Also called with the answer to an offer that our 2xx to a re-INVITE carried (in the ACK), or a reliable
        provisional response of ours (in the PRACK).
        """
        ...

    def on_info(self, session: InviteSession, content_type: str, body: bytes) -> None:
        """An INFO came; 200 is already sent."""
        ...

    def on_refer(self, session: InviteSession, request: Request, handle: InDialogRequest) -> None:
        """A REFER inside the dialog (RFC 3515): answer with `handle.respond`, now or later (within 32 s)."""
        ...

    def on_notify(self, session: InviteSession, request: Request, handle: InDialogRequest) -> None:
        """A NOTIFY inside the dialog (RFC 6665): answer as `on_refer`."""
        ...

    def on_message(self, session: InviteSession, request: Request, handle: InDialogRequest) -> None:
        """A MESSAGE inside the dialog (RFC 3428): answer as `on_refer`."""
        ...

    def on_ended(self, session: InviteSession, reason: str) -> None:
        """The established call is over: "bye" from the far end, "no ack", "timeout", "lost", "expired" (RFC 4028).

        "no prack", "no answer in PRACK": an incoming call that we had to refuse.
        """
        ...


class ServerTransactionHandle(Protocol):
    """A request outside any dialog that waits for its answer."""

    request: Request
    source: Source

    def respond(
        self,
        status: int,
        reason: str | None = None,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> None: ...


class UserAgentHandler(Protocol):
    def on_invite(self, session: InviteSession, request: Request, source: Source) -> None:
        """A new call. 100 follows at once unless this answers before it returns. Set `session.observer` here."""
        ...

    def on_request(self, transaction: ServerTransactionHandle, request: Request, source: Source) -> None:
        """REGISTER, OPTIONS, MESSAGE, ...: answer with `transaction.respond`, now or later (within 32 s)."""
        ...
