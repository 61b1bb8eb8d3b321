"""Requests inside a dialog that do not come from its peer: who judges them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.session import InviteSession
    from pbx.sip.user_agent import UserAgent

# What to answer: status and header lines; None lets the request in, and its source is the peer from then on.
Recheck = Callable[["InviteSession", "Request", "Source"], "tuple[int, Sequence[str]] | None"]


def refuse_foreign(session: InviteSession, request: Request, source: Source) -> tuple[int, Sequence[str]] | None:
    """Nobody but the peer may speak in a dialog. What stands in its place may ask for a password (401)."""
    return 403, ()


def let_in(ua: UserAgent, session: InviteSession, request: Request, source: Source) -> bool:
    """Whether `request` may be obeyed; then the far end is at `source` from now on. Otherwise it was answered."""
    answer = ua.recheck(session, request, source)
    if answer is not None:
        ua.refuse(request, source, answer[0], headers=answer[1])
        return False
    session.source = source
    if session.dialog is not None:
        session.dialog.peer = source
    return True
