"""The user agent: tells new calls, retransmissions, requests inside dialogs and answers apart; starts our own calls.

It reads no clock and sends nothing: what it wants done is appended to `out`, and `wake` says so.
"""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import sanity
from pbx.sip.address import Destination, NextHop, Source
from pbx.sip.client_request import ClientRequest
from pbx.sip.extensions import Extensions
from pbx.sip.foreign import Recheck, let_in, refuse_foreign
from pbx.sip.message import Request, Response, SipParseError, trying
from pbx.sip.message import response as build_response
from pbx.sip.observer import SessionObserver, UserAgentHandler
from pbx.sip.outputs import Outputs, Send, ToUser
from pbx.sip.parser import parse
from pbx.sip.refusal import refuse_answer
from pbx.sip.requests import CONTACT_TRANSPORTS, MAGIC_COOKIE, SECURE, UDP_LIMIT
from pbx.sip.server_request import ServerRequest
from pbx.sip.session import InviteSession
from pbx.sip.session_incoming import IncomingSession
from pbx.sip.session_outgoing import OutgoingSession
from pbx.sip.subscription import Subscription, SubscriptionObserver
from pbx.sip.timers import DEFAULT_T1_S, TimerValues
from pbx.sip.transaction_client import ClientTransaction, ClientUser
from pbx.sip.transaction_layer import TransactionLayer, answer_address
from pbx.sip.transaction_server import ServerTransaction

if TYPE_CHECKING:
    from pbx.sip.client_auth import ClientCredentials
    from pbx.sip.dialog import Follow

log = logging.getLogger("centrala.sip")

ONLY_IN_DIALOG = frozenset(("BYE", "UPDATE", "PRACK"))
FAILOVER_S = 2.0

LocalAddress = Callable[[Destination], tuple[str, int]]
Admission = Callable[[Request, Source], "int | None"]
Screen = Callable[[Request, Source], "tuple[int, Sequence[str]] | None"]
CREDENTIALS = ("Authorization", "Proxy-Authorization")


def _admit_all(request: Request, source: Source) -> int | None:
    return None


def _screen_none(request: Request, source: Source) -> tuple[int, Sequence[str]] | None:
    return None


class UserAgent:
    """All sessions and transactions of one process.

    `local_address(destination)` gives the host and port that Via and Contact name towards it. `handler` may be set
    later, but before the first message. `admit(request, source)` is asked before a new call gets any state: None lets
    it in, a number refuses it with 503 and that Retry-After in seconds.
    """

    def __init__(
        self,
        handler: UserAgentHandler | None,
        local_address: LocalAddress,
        *,
        t1_s: float = DEFAULT_T1_S,
        host_name: str = "centrala.local",
        admit: Admission = _admit_all,
        refund: Callable[[], None] = lambda: None,
        extensions: Extensions | None = None,
    ) -> None:
        self.handler = handler
        self.local_address = local_address
        self.host_name = host_name
        self.timers = TimerValues(t1_s)
        self.extensions = extensions if extensions is not None else Extensions()
        self.out: Outputs = deque()
        self.wake: Callable[[], None] = lambda: None
        self.admit = admit
        # Asked about requests without credentials that open a dialog or have none: a status and headers refuse it
        # before it gets any state, which is what most of a flood and the first half of every honest call are made of.
        self.screen: Screen = _screen_none
        self.recheck: Recheck = refuse_foreign  # a request inside a dialog does not come from its peer
        self.refund = refund  # what was admitted turned out to be no call: it was challenged
        self.random = random.Random()
        self.layer = TransactionLayer(self.timers, self.out, self._on_stray_answer)
        self.failover_s = FAILOVER_S  # how long one of several ways may be silent before the next is tried
        self.on_target: Callable[[Destination, bool], None] = lambda *_: None  # one of several answered, or did not
        self.sessions: dict[str, InviteSession] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.shed = 0
        self.refused_stateless = 0
        self.foreign_requests = 0  # inside a dialog, but not from its peer
        self.sessions_expired = 0  # no refresh came (RFC 4028)
        self.errors = 0

    # What the call layer starts

    def invite(
        self,
        *,
        uri: str,
        destination: Destination,
        from_: str,
        to: str,
        body: bytes,
        headers: Sequence[str] = (),
        contact_user: str = "",
        observer: SessionObserver | None,
        credentials: ClientCredentials | None = None,
        route_set: Sequence[str] = (),
        content_type: str = "application/sdp",
        follow_contact: Follow | None = None,
        max_forwards: int = 70,
        alternatives: Sequence[NextHop] = (),
        extensions: Extensions | None = None,
    ) -> InviteSession:
        """Calls `uri` by way of `destination`. `from_` and `to` are header values without tags.

        An empty `body` asks for an offer. `follow_contact`: the far end is trusted to name another IP address in
        its Contact. `max_forwards` makes a call that keeps coming back to us die out (RFC 3261 16.6). `alternatives`
        are tried in their order when nobody answers at `destination` (RFC 3263 4.3). `extensions`: the policy for
        this far end, where it has one of its own.
        """
        session = OutgoingSession(
            self,
            uri,
            destination,
            from_,
            to,
            body,
            headers,
            contact_user,
            observer,
            credentials,
            route_set,
            content_type,
            max_forwards,
            alternatives,
            extensions,
        )
        session.follow_contact = follow_contact
        self.sessions[session.local_tag] = session
        session.start()
        self.wake()
        return session

    def request(
        self,
        method: str,
        *,
        uri: str,
        destination: Destination,
        from_: str,
        to: str,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "text/plain",
        credentials: ClientCredentials | None = None,
        on_response: Callable[[int, Response | None], None],
        alternatives: Sequence[NextHop] = (),
        call_id: str = "",
        cseq: int = 0,
    ) -> None:
        """Sends a request outside any dialog; `alternatives` as for `invite`. A refresh continues the `call_id` and
        `cseq` (the last one used) of what it refreshes (10.2.4).

        `on_response(status, response)` is called once: with the final response, with (408, None) when nobody answered
        in 64*T1, or with (503, None) when the transport failed.
        """
        ClientRequest(
            self,
            method,
            uri,
            destination,
            from_,
            to,
            headers,
            body,
            content_type,
            credentials,
            on_response,
            alternatives,
            call_id,
            cseq,
        ).start()
        self.wake()

    def accept_subscription(
        self, handle: ServerRequest, event: str, event_id: str, observer: SubscriptionObserver
    ) -> Subscription:
        """Opens the dialog of a SUBSCRIBE that is going to be answered with a 2xx (RFC 6665 section 4.2.1)."""
        return Subscription(self, handle, event, event_id, observer)

    def find_replaced(self, call_id: str, to_tag: str, from_tag: str) -> InviteSession | None:
        """The session that a Replaces header names (RFC 3891 section 3): `to_tag` is ours, `from_tag` the far end's."""
        session = self.sessions.get(to_tag)
        if session is None or session.call_id != call_id or not session.knows(from_tag):
            return None
        return session if session.state != "terminated" else None

    # What the driver hands in

    def receive(self, message: Request | Response, source: Source) -> None:
        """A parsed message that came from `source`."""
        if isinstance(message, Response):
            if message.via_count == 1:
                self.layer.on_response(message)
            else:  # it was meant for somebody who forwards (RFC 3261 8.1.3.3)
                self.layer.stray_responses += 1
            return
        message.set_source(source.host, source.port)
        method = message.method
        key = message.transaction_key("INVITE" if method == "ACK" else method)
        if self.layer.absorb(message, key):
            return
        if method == "ACK":
            self._on_ack(message, source)
        elif method == "CANCEL":
            self._on_cancel(message, key, source)
        else:
            self._on_new_request(message, key, source)

    def refuse(
        self, request: Request, source: Source, status: int, reason: str | None = None, headers: Sequence[str] = ()
    ) -> None:
        """Answers without keeping anything: the same request gets the same answer again."""
        if request.method == "ACK":
            return
        self.refused_stateless += 1
        request.set_source(source.host, source.port)
        tag = f"{hash((self.host_name, request.branch, request.call_id)) & 0xFFFF_FFFF_FFFF:012x}"
        data = build_response(request, status, reason, to_tag=tag, headers=headers)
        try:
            destination = answer_address(request, source)
        except SipParseError:  # a Via too broken to read: only the source is known
            destination = source
        self.out.append(Send(data, destination))

    # Requests

    def _on_new_request(self, request: Request, key: str, source: Source) -> None:
        verdict = sanity.check(request, secure=source.transport in SECURE) or self.extensions.check(request)
        if verdict is not None:
            self.refuse(request, source, *verdict)
        elif request.to_tag:
            self._on_dialog_request(request, key, source)
        elif not request.has_any(CREDENTIALS) and (refusal := self.screen(request, source)) is not None:
            self.refuse(request, source, refusal[0], None, refusal[1])
        elif request.method == "INVITE":
            self._on_invite(request, key, source)
        elif request.method in ONLY_IN_DIALOG:
            self.refuse(request, source, 481)
        else:
            transaction = self.layer.open(request, key, source)
            if self.layer.is_merged(request, transaction):
                self._respond(transaction, request, 482)
            else:
                self._hand_over(request, transaction, source)

    def _on_invite(self, request: Request, key: str, source: Source) -> None:
        retry_after_s = self.admit(request, source)
        if retry_after_s is not None:
            self.shed += 1
            self.refuse(request, source, 503, None, (f"Retry-After: {retry_after_s}",))
            return
        transaction = self.layer.open(request, key, source)
        if self.layer.is_merged(request, transaction):
            self._respond(transaction, request, 482)
            return
        session = IncomingSession(self, request, source, token(16), transaction)
        self.sessions[session.local_tag] = session
        try:
            assert self.handler is not None
            self.handler.on_invite(session, request, source)
        except Exception:  # a bug above must not leave the caller without an answer
            self.errors += 1
            log.exception("the call handler failed on an INVITE; the caller gets 500")
            session.reject(500)
        if not transaction.data:  # nothing better was said in this turn
            transaction.respond(100, trying(request))

    def _hand_over(self, request: Request, transaction: ServerTransaction, source: Source) -> None:
        handle = ServerRequest(self, transaction, request, source)
        try:
            assert self.handler is not None
            self.handler.on_request(handle, request, source)
        except Exception:
            self.errors += 1
            log.exception("the handler failed on %s; 500 is answered", request.method)
            handle.respond(500)

    def _on_dialog_request(self, request: Request, key: str, source: Source) -> None:
        session = self._find(request)
        if session is None:
            self._on_subscription_request(request, key, source)
        elif not self._is_from_peer(session, source) and not let_in(self, session, request, source):
            self.foreign_requests += 1
        else:
            session.on_request(self.layer.open(request, key, source), request)

    def _on_subscription_request(self, request: Request, key: str, source: Source) -> None:
        subscription = self.subscriptions.get(request.to_tag)
        if subscription is None or not subscription.knows(request):
            self.refuse(request, source, 481)
        else:
            subscription.on_request(self.layer.open(request, key, source), request, source)

    def _on_ack(self, request: Request, source: Source) -> None:
        session = self._find(request)
        if session is None:
            self.layer.stray_acks += 1
        elif self._is_from_peer(session, source):
            session.on_ack(request)
        else:
            self.foreign_requests += 1

    def _on_cancel(self, request: Request, key: str, source: Source) -> None:
        """CANCEL is answered by itself and ends the INVITE only if that has no final response yet (9.2)."""
        invite = self.layer.find_cancelled(request, source)
        if invite is None:
            self.refuse(request, source, 481)
            return
        session = invite.user
        transaction = self.layer.open(request, key, source)
        if isinstance(session, InviteSession):
            self._respond(transaction, request, 200, session.local_tag)
            session.on_cancel(invite, request)
        else:  # too late, it changes nothing; the tag is the one of the final response (9.2)
            final = parse(invite.data) if invite.data else None
            self._respond(transaction, request, 200, final.to_tag if isinstance(final, Response) else "")

    def _find(self, request: Request) -> InviteSession | None:
        session = self.sessions.get(request.to_tag)
        if session is None or session.call_id != request.call_id or not session.knows(request.from_tag):
            return None
        return session

    def _is_from_peer(self, session: InviteSession, source: Source) -> bool:
        if session.source.host == source.host and session.source.transport == source.transport:
            return True
        return session.allows(source)

    def _respond(self, transaction: ServerTransaction, request: Request, status: int, to_tag: str = "") -> None:
        transaction.respond(status, build_response(request, status, to_tag=to_tag or token(16)))

    # Our own

    def start_client(
        self,
        data: bytes,
        destination: Destination,
        branch: str,
        method: str,
        user: ClientUser | None,
        patience_s: float = 0.0,
    ) -> ClientTransaction:
        """Sends a request; one too large for UDP goes over TCP first, unless the peer is behind a flow (18.1.1).

        `patience_s`: how long the first response is waited for, when there is another way to try; 0.0: 64*T1.
        """
        if len(data) <= UDP_LIMIT or destination.transport != "udp" or destination.flow is not None:
            return self.layer.send(data, destination, branch, method, user, None, patience_s)
        over_tcp = data.replace(b"Via: SIP/2.0/UDP ", b"Via: SIP/2.0/TCP ", 1)
        tcp = Destination("tcp", destination.host, destination.port)
        return self.layer.send(over_tcp, tcp, branch, method, user, (data, destination), patience_s)

    def contact_line(self, user: str, transport: str, address: tuple[str, int]) -> str:
        """Our Contact, with its CRLF."""
        host, port = address
        at = f"{user}@" if user else ""
        return f"Contact: <sip:{at}{host}:{port}{CONTACT_TRANSPORTS[transport]}>\r\n"

    def _on_stray_answer(self, response: Response, transaction: ClientTransaction) -> None:
        """Another 2xx to an INVITE that one far end already answered (13.2.2.4): its dialog is ended at once."""
        branches = [f"{MAGIC_COOKIE}{token(16)}" for _ in range(2)]
        destination = transaction.destination
        ack, bye, peer = refuse_answer(response, destination, self.local_address(destination), branches)
        transaction.keep_stray(response.to_tag, ack, peer)
        self.out.append(Send(ack, peer))
        self.layer.send(bye, peer, branches[1], "BYE", None)

    def listener_failed(self, _output: ToUser) -> None:
        """Within the handling of what a ToUser raised: it is logged and counted, and costs no other call anything."""
        self.errors += 1
        log.exception("a session's listener failed")
