"""A request of ours outside any dialog (OPTIONS, REGISTER): sent, authorised if challenged, its outcome reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip import requests
from pbx.sip.client_auth import authorization
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.transaction_client import ClientTransaction

if TYPE_CHECKING:
    from pbx.sip.address import Destination
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
        self._call_id = f"{token(32)}@{ua.host_name}"
        self._cseq = 0
        self._challenges = 0

    def start(self, authorization_line: str = "") -> None:
        ua = self._ua
        self._cseq += 1
        branch = f"{MAGIC_COOKIE}{token(16)}"
        lines = [*self._headers, authorization_line] if authorization_line else self._headers
        data = requests.build(
            self._method,
            self._uri,
            via=requests.via(self._destination.transport, *ua.local_address(self._destination), branch),
            from_=self._from,
            to=self._to,
            call_id=self._call_id,
            cseq=self._cseq,
            extra=requests.header_lines(lines),
            body=self._body,
            content_type=self._content_type,
        )
        ua.start_client(data, self._destination, branch, self._method, self)

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        if response.status < 200:
            return
        line = authorization(response, self._method, self._uri, self._credentials, self._challenges)
        if line is not None:
            self._challenges += 1
            self.start(line)
        else:
            self._on_response(response.status, response)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        self._on_response(status, None)

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """Only an INVITE rings."""
