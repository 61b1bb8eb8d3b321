"""The notifier's half of a subscription (RFC 6665 section 4.2): a dialog of its own, opened by SUBSCRIBE.

It sends one NOTIFY at a time. What changes in the meantime waits, and only the latest of it is sent: a lamp has to show
what is, not what was. How long a subscription lasts and what it tells is decided above.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pbx.ids import token
from pbx.sip.dialog import as_server
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.server_request import ServerRequest

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request, Response
    from pbx.sip.transaction_client import ClientTransaction
    from pbx.sip.transaction_server import ServerTransaction
    from pbx.sip.user_agent import UserAgent

Body = Callable[[], bytes]


class SubscriptionObserver(Protocol):
    """The layer above."""

    def on_refresh(self, subscription: Subscription, handle: ServerRequest) -> None:
        """A SUBSCRIBE inside the dialog: authenticated by nothing yet but the Call-ID and tags that it knows."""
        ...

    def on_gone(self, subscription: Subscription, status: int) -> None:
        """A NOTIFY failed with `status`: the subscriber no longer knows the subscription (section 4.2.2)."""
        ...


class Subscription:
    """One subscriber. `event` is the package, `event_id` its id parameter."""

    __slots__ = (
        "_headers",
        "_pending",
        "_sending",
        "_tag",
        "content_type",
        "dialog",
        "event",
        "event_id",
        "observer",
        "over",
        "source",
        "ua",
    )

    def __init__(
        self, ua: UserAgent, handle: ServerRequest, event: str, event_id: str, observer: SubscriptionObserver
    ) -> None:
        request, source = handle.request, handle.source
        self.ua = ua
        self.source = source
        self.event = event
        self.event_id = event_id
        self.observer: SubscriptionObserver | None = observer
        self.content_type = ""
        self.over = False  # the last NOTIFY was asked for
        self._tag = handle.tag
        self._sending = False
        self._pending: tuple[str, Body | None] | None = None
        name = f"{event};id={event_id}" if event_id else event
        self._headers = f"Event: {name}"
        local_address = ua.local_address(source)
        contact = ua.contact_line("", source.transport, local_address)
        self.dialog = as_server(request, source, self._tag, local_address, contact, follow_contact=None)
        ua.subscriptions[self._tag] = self

    @property
    def contact(self) -> str:
        """Our Contact line, for the 2xx."""
        return self.dialog.contact.rstrip()

    def knows(self, request: Request) -> bool:
        """Whether `request` is one of this dialog."""
        return self.dialog.call_id == request.call_id and self.dialog.remote_tag == request.from_tag

    def notify(self, expires_s: int, body: Body | None) -> None:
        """Tells the present state; `body` is asked for when the NOTIFY goes out."""
        if not self.over:
            self._queue(f"active;expires={expires_s}", body)

    def terminate(self, reason: str, body: Body | None = None, retry_after_s: int = 0) -> None:
        """The last NOTIFY: "timeout", "deactivated", "probation", "noresource", "rejected" (section 4.1.3)."""
        if self.over:
            return
        self.over = True
        later = f";retry-after={retry_after_s}" if retry_after_s else ""
        self._queue(f"terminated;reason={reason}{later}", body)

    def drop(self) -> None:
        """The subscriber has forgotten it: nothing is sent any more."""
        self.over = True
        self.observer = self._pending = None
        self.ua.subscriptions.pop(self._tag, None)

    # -- from the user agent ---------------------------------------------------------------------------------------

    def on_request(self, transaction: ServerTransaction, request: Request, source: Source) -> None:
        """A SUBSCRIBE inside the dialog; anything else belongs to no subscription."""
        handle = ServerRequest(self.ua, transaction, request, source, self._tag)
        observer = self.observer
        if request.method != "SUBSCRIBE" or observer is None or self.over:
            handle.respond(481)
        elif request.cseq <= self.dialog.remote_cseq:
            handle.respond(500, headers=("Retry-After: 1",))  # out of order (RFC 3261 section 12.2.2)
        else:
            observer.on_refresh(self, handle)

    def refreshed(self, request: Request) -> None:
        """An authenticated SUBSCRIBE was granted: its sequence number and Contact count from now on."""
        self.dialog.remote_cseq = request.cseq
        self.dialog.refresh(request)

    # -- from the transaction --------------------------------------------------------------------------------------

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        if response.status >= 200:
            self._done(response.status)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        self._done(status)

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """Only an INVITE rings."""

    def _queue(self, state: str, body: Body | None) -> None:
        self._pending = state, body
        if not self._sending:
            self._send()
            self.ua.wake()

    def _send(self) -> None:
        assert self._pending is not None
        (state, body), self._pending = self._pending, None
        self._sending = True
        content = body() if body is not None else b""
        branch = f"{MAGIC_COOKIE}{token(16)}"
        headers = (self._headers, f"Subscription-State: {state}")
        dialog = self.dialog
        data = dialog.build("NOTIFY", branch, dialog.next_cseq(), headers, content, self.content_type)
        if self.over:
            self.ua.subscriptions.pop(self._tag, None)
        self.ua.start_client(data, dialog.peer, branch, "NOTIFY", self)

    def _done(self, status: int) -> None:
        self._sending = False
        observer = self.observer
        if observer is None and self._pending is None:
            return
        if status >= 300:
            self._pending = None
            self.over = True
            self.ua.subscriptions.pop(self._tag, None)
            self.observer = None
            if observer is not None:
                observer.on_gone(self, status)
        elif self._pending is not None:
            self._send()
        elif self.over:
            self.observer = None
