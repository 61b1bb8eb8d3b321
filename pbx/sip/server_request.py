"""The handle of a request outside any dialog (REGISTER, OPTIONS, MESSAGE): the call layer answers through it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip.message import response as build_response

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.transaction_server import ServerTransaction
    from pbx.sip.user_agent import UserAgent


class ServerRequest:
    """Answered once; further answers are ignored, as the transaction absorbs them."""

    __slots__ = ("_transaction", "_ua", "request", "source", "tag")

    def __init__(
        self, ua: UserAgent, transaction: ServerTransaction, request: Request, source: Source, tag: str = ""
    ) -> None:
        self._ua = ua
        self._transaction = transaction
        self.tag = tag or token(16)  # ours, in the To of each response
        self.request = request
        self.source = source

    def respond(
        self,
        status: int,
        reason: str | None = None,
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> None:
        """Sends a response; a 401 or 407 keeps no state, a retransmission is then handed over anew."""
        data = build_response(
            self.request, status, reason, to_tag=self.tag, headers=headers, body=body, content_type=content_type
        )
        self._transaction.respond(status, data)
        self._ua.wake()
