"""A request of ours outside any dialog (OPTIONS, REGISTER): sent, authorised if challenged, its outcome reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import requests
from pbx.sip.client_auth import authorization
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.transaction_client import ClientTransaction
from pbx.sip.ways import UNAVAILABLE, Ways

if TYPE_CHECKING:
    from pbx.sip.address import Destination, NextHop
    from pbx.sip.client_auth import ClientCredentials
    from pbx.sip.message import Response
    from pbx.sip.user_agent import UserAgent


class ClientRequest:
    """`on_response(status, response)` is called once."""

    __slots__ = (
        "_body",
        "_call_id",
        "_challenges",
        "_content_type",
        "_credentials",
        "_cseq",
        "_destination",
        "_from",
        "_headers",
        "_method",
        "_on_response",
        "_to",
        "_ua",
        "_uri",
        "_ways",
    )

    def __init__(
        self,
        ua: UserAgent,
        method: str,
        uri: str,
        destination: Destination,
        from_: str,
        to: str,
        headers: Sequence[str],
        body: bytes,
        content_type: str,
        credentials: ClientCredentials | None,
        on_response: Callable[[int, Response | None], None],
        alternatives: Sequence[NextHop] = (),
        call_id: str = "",
        cseq: int = 0,
    ) -> None:
        self._ua = ua
        self._method = method
        self._uri = uri
        self._destination = destination
        self._from = f"{from_};tag={token(16)}"
        self._to = to
        self._headers = headers
        self._body = body
        self._content_type = content_type
        self._credentials = credentials
        self._on_response = on_response
        self._call_id = call_id or f"{token(32)}@{ua.host_name}"
        self._cseq = cseq
        self._challenges = 0
        self._ways = Ways(ua, alternatives) if alternatives else None

    def start(self, authorization_line: str = "") -> None:
        ua = self._ua
        self._cseq += 1
        branch = f"{MAGIC_COOKIE}{token(16)}"
        lines = [*self._headers, authorization_line] if authorization_line else self._headers
        data = requests.build(
            self._method,
            self._uri,
            self._destination.transport,
            ua.local_address(self._destination),
            branch,
            self._from,
            self._to,
            self._call_id,
            self._cseq,
            requests.header_lines(lines),
            self._body,
            self._content_type,
        )
        patience_s = self._ways.patience_s if self._ways is not None else 0.0
        ua.start_client(data, self._destination, branch, self._method, self, patience_s)

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        if response.status < 200:
            return
        if response.status in UNAVAILABLE:
            if self._try_next():
                return
        elif self._ways is not None:
            self._ways.answered(self._destination)
        line = authorization(response, self._method, self._uri, self._credentials, self._challenges)
        if line is not None:
            self._challenges += 1
            self.start(line)
        else:
            self._on_response(response.status, response)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        if not self._try_next():
            self._on_response(status, None)

    def _try_next(self) -> bool:
        """The same request to the next of several ways, as a new transaction; False when none is left."""
        hop = self._ways.failed(self._destination) if self._ways is not None else None
        if hop is None:
            return False
        self._destination = hop.destination
        self._uri = hop.uri or self._uri
        self._challenges = 0
        self._cseq -= 1  # only the branch is new
        self.start()
        self._ua.wake()
        return True

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """Only an INVITE rings."""
