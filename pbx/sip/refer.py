"""REFER (RFC 3515) and Replaces (RFC 3891): what their headers say, and the NOTIFY body that tells of progress."""

from __future__ import annotations

from typing import NamedTuple

from pbx.sip.headers import HeaderError, NameAddr, parse_params
from pbx.sip.message import REASONS

SIPFRAG = "message/sipfrag;version=2.0"


class Replaces(NamedTuple):
    """A dialog that is to be replaced: `to_tag` is the tag of who is asked, `from_tag` that of the other party."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """Reads a Replaces value. Raises HeaderError when a tag is missing (RFC 3891 section 6.1)."""
        call_id, semicolon, rest = text.strip().partition(";")
        call_id = call_id.strip()
        params = parse_params(semicolon + rest) if semicolon else {}
        to_tag, from_tag = params.get("to-tag", ""), params.get("from-tag", "")
        if not call_id or not to_tag or not from_tag:
            raise HeaderError(f"Replaces needs a Call-ID, to-tag and from-tag, not {text[:80]!r}")
        return cls(call_id, to_tag, from_tag, "early-only" in params)

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"


class ReferTo(NamedTuple):
    """Whom a REFER names: `user` is what would be dialled, `method` what is to be sent there."""

    user: str
    replaces: Replaces | None = None
    method: str = "INVITE"

    @classmethod
    def parse(cls, text: str) -> ReferTo:
        """Reads a Refer-To value. Raises HeaderError for a URI that is neither sip nor tel, or a bad Replaces in it."""
        uri = NameAddr.parse(text).uri
        if uri.scheme not in ("sip", "sips", "tel") or not uri.user:
            raise HeaderError(f"nobody can be called at {text[:80]!r}")
        replaces = uri.headers.get("replaces")
        return cls(
            uri.user,
            Replaces.parse(replaces) if replaces is not None else None,
            uri.params.get("method", "INVITE").upper(),
        )


def sipfrag(status: int, reason: str = "") -> bytes:
    """The status line that tells how a referred request fares (RFC 3515 section 2.4.5)."""
    return f"SIP/2.0 {status} {reason or REASONS.get(status, 'Unknown')}\r\n".encode()
