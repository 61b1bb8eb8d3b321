"""A phone that moved in the middle of a call: its request comes from a new place, and must carry its password.

Whoever knows the tags of a dialog but not the password changes nothing (security.md R10 and decision 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.call.caller import CallerLeg
from pbx.call.leg import Leg

if TYPE_CHECKING:
    from pbx.call.authentication import Authenticator
    from pbx.sip.address import Source
    from pbx.sip.message import Request
    from pbx.sip.session import InviteSession


class Recheck:
    """Asked by the user agent for a request inside a dialog that does not come from its peer."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self.moved = 0  # phones that showed their password

    def __call__(self, session: InviteSession, request: Request, source: Source) -> tuple[int, Sequence[str]] | None:
        """What to answer, status and header lines; None when the request may be obeyed.

        Only phones can show who they are: for a trunk, and for a dialog that nobody uses any more, it is 403.
        """
        account = _account(session.observer)
        if not account:
            return 403, ()
        verdict = self._authenticator.check(request, source)
        if verdict.status:
            return verdict.status, verdict.headers
        if verdict.account != account:
            return 403, ()
        self.moved += 1
        return None


def _account(observer: object) -> str:
    """The extension at the far end of a leg; "" when it is none."""
    if not isinstance(observer, Leg) or observer.call is None or observer.trunk:
        return ""
    if isinstance(observer, CallerLeg):
        return observer.call.setup.extension
    return observer.target if observer.target in observer.call.services.dialplan.extensions else ""
