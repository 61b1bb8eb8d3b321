"""A request of ours inside a dialog, but INVITE (BYE, INFO): sent, authorised if challenged, its outcome reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.ids import token
from pbx.sip.client_auth import authorization
from pbx.sip.requests import MAGIC_COOKIE
from pbx.sip.transaction_client import ClientTransaction

if TYPE_CHECKING:
    from pbx.sip.dialog import Dialog
    from pbx.sip.message import Response
    from pbx.sip.session import InviteSession


class DialogRequest:
    """`done(status)` is called once: the final status, 408 without an answer, 503 if the transport failed.

    `response` is then the final response, None when there was none. `dialog` is an early one that is not (yet) the
    session's.
    """

    __slots__ = (
        "_body",
        "_challenges",
        "_content_type",
        "_dialog",
        "_done",
        "_headers",
        "_method",
        "_session",
        "response",
    )

    def __init__(
        self,
        session: InviteSession,
        method: str,
        done: Callable[[int], None],
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "",
        dialog: Dialog | None = None,
    ) -> None:
        self._session = session
        self._method = method
        self._done = done
        self._headers = headers
        self._body = body
        self._content_type = content_type
        self._challenges = 0
        self._dialog = dialog or session.ensure_dialog()
        self.response: Response | None = None

    def start(self, authorization_line: str = "") -> None:
        dialog = self._dialog
        assert dialog is not None
        headers = [*self._headers, authorization_line] if authorization_line else self._headers
        branch = f"{MAGIC_COOKIE}{token(16)}"
        data = dialog.build(self._method, branch, dialog.next_cseq(), headers, self._body, self._content_type)
        self._session.ua.layer.send(data, dialog.peer, branch, self._method, self)

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        if response.status < 200:
            return
        dialog = self._dialog
        if dialog is not None:
            line = authorization(
                response, self._method, dialog.start_line_uri, self._session.credentials, self._challenges
            )
            if line is not None:
                self._challenges += 1
                self.start(line)
                return
        self.response = response
        self._done(response.status)

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        self._done(status)

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """Only an INVITE rings."""
