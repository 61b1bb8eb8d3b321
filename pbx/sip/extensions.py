"""Which extensions calls use, and how: reliable provisional responses (RFC 3262), session timers (RFC 4028).

The composition root makes one policy; what it says to every far end is put into words once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from pbx.sip.message import parse_seconds

if TYPE_CHECKING:
    from pbx.sip.message import Message, Request

LEAST_MIN_SE_S: Final = 90  # RFC 4028 section 5: nobody may ask for less
MAX_EXPIRES_S: Final = 86_400

Verdict = tuple[int, str, Sequence[str]]


class Extensions:
    """The policy of a user agent.

    `prack`: "never" sends provisional responses reliably only to who requires it, "supported" to who can do it as well
    and offers it to those we call, "required" refuses who cannot (421). `session_timers`: "never" only for who requires
    them, "supported" with far ends that can do them, "always" refreshes the session for those that cannot, too.
    `by_account`: some accounts have a policy of their own, so a caller is asked for 100rel when it is known who calls.
    """

    __slots__ = ("by_account", "invite_lines", "min_se_s", "prack", "session_expires_s", "session_timers")

    def __init__(
        self,
        prack: str = "never",
        session_timers: str = "supported",
        session_expires_s: int = 1800,
        min_se_s: int = LEAST_MIN_SE_S,
        *,
        by_account: bool = False,
    ) -> None:
        if not LEAST_MIN_SE_S <= min_se_s <= session_expires_s <= MAX_EXPIRES_S:
            raise ValueError(
                f"session timers need {LEAST_MIN_SE_S} <= Min-SE <= Session-Expires <= {MAX_EXPIRES_S} s, "
                f"got {min_se_s} and {session_expires_s}"
            )
        self.prack = prack
        self.by_account = by_account
        self.session_timers = session_timers
        self.session_expires_s = session_expires_s
        self.min_se_s = min_se_s
        self.invite_lines = self.lines_of_invite(session_expires_s, min_se_s)  # whole lines with CRLF

    def lines_of_invite(self, expires_s: int, min_se_s: int) -> str:
        """What our INVITE says of them, as whole lines with CRLF; the intervals rise after a 422."""
        tags = []
        lines = ""
        if self.prack == "required":
            lines += "Require: 100rel\r\n"
        elif self.prack == "supported":
            tags.append("100rel")
        if self.session_timers != "never":
            tags.append("timer")
            lines += f"Session-Expires: {expires_s}\r\n"
            if min_se_s > LEAST_MIN_SE_S:
                lines += f"Min-SE: {min_se_s}\r\n"
        return f"Supported: {', '.join(tags)}\r\n{lines}" if tags else lines

    def check(self, request: Request) -> Verdict | None:
        """None when an INVITE or UPDATE may go on, else (status, reason, header lines): 400, 421, 422."""
        method = request.method
        if method != "INVITE" and method != "UPDATE":
            return None
        text = request.header("Session-Expires")
        if text is not None:
            expires_s = parse_seconds(text.partition(";")[0].strip())
            if expires_s is None:
                return 400, "Bad Session-Expires", ()
            # Below it a proxy may have put it in for a client that knows no timers: then it is raised, not refused.
            if expires_s < self.min_se_s and supports(request, "timer"):
                return 422, "Session Interval Too Small", (f"Min-SE: {self.min_se_s}",)
        return None if self.by_account or method != "INVITE" else self.check_caller(request)

    def check_caller(self, invite: Request) -> Verdict | None:
        """The same for what this policy alone demands of who calls: 421."""
        if self.prack == "required" and not invite.to_tag and not supports(invite, "100rel"):
            return 421, "Extension Required", ("Require: 100rel",)
        return None

    def provisionals_are_reliable(self, invite: Request) -> bool:
        """Whether the caller of `invite` gets its provisional responses reliably (RFC 3262 section 3)."""
        if not invite.has_any(_OPTIONS):
            return False
        return requires(invite, "100rel") or (self.prack != "never" and supports(invite, "100rel"))


_OPTIONS: Final = ("Supported", "Require")


def supports(message: Message, tag: str) -> bool:
    """Whether the sender says that it can do the extension `tag`, or demands it."""
    return _lists(message, "Supported", tag) or _lists(message, "Require", tag)


def requires(message: Message, tag: str) -> bool:
    """Whether the sender demands the extension `tag`."""
    return _lists(message, "Require", tag)


def _lists(message: Message, name: str, tag: str) -> bool:
    return any(value.lower() == tag for value in message.values(name))
