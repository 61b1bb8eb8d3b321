"""What a server checks in a well-formed request before it looks at state (RFC 3261 section 8.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pbx.sip.headers import HeaderError
from pbx.sip.message import Request, SipParseError
from pbx.sip.multipart import MultipartError, find_part
from pbx.sip.refer import ReferTo, Replaces
from pbx.sip.requests import ALLOW_ALL_LINE, METHODS, UNDERSTOOD

Verdict = tuple[int, str, Sequence[str]]

# Methods that are known, so that they are refused with 405 and not with 501 (RFC 3261 section 21.5.2).
KNOWN_METHODS: Final = frozenset((*METHODS, "UPDATE", "PRACK", "REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"))
INFO_TYPES: Final = ("application/dtmf-relay", "application/dtmf")

_ALLOWED: Final = frozenset(METHODS)
_NEEDS_TLS: Final = ('Warning: 399 pbx "a sips URI has to be called over TLS"',)
_ACCEPT_SDP: Final = ("Accept: application/sdp",)
_ACCEPT_INFO: Final = ("Accept: " + ", ".join(INFO_TYPES),)
_ONLY_ONCE: Final = ("Replaces", "Refer-To")
_DEMANDS: Final = ("Require", "Content-Encoding", "Accept")  # few requests have any of these
_SDP_RANGES: Final = frozenset(("application/sdp", "application/*", "*/*"))


def check(request: Request, *, secure: bool = False) -> Verdict | None:
    """None when the request may be processed, otherwise (status, reason, header lines) of its refusal.

    An ACK is never refused (it has no response), a CANCEL never for what it requires (RFC 3261 section 8.2.2.3).
    Max-Forwards 0 refuses only what would be sent on: an INVITE outside a dialog. Everything else ends here.
    `secure`: it came over TLS, so that a sips URI keeps its promise so far (RFC 3261 section 26.2.2).
    """
    method = request.method
    if method == "ACK":
        return None
    if method not in _ALLOWED:
        if method in KNOWN_METHODS:
            return 405, "Method Not Allowed", (ALLOW_ALL_LINE,)
        return 501, "Not Implemented", (ALLOW_ALL_LINE,)
    scheme = request.uri.partition(":")[0].lower()
    if scheme != "sip" and scheme != "tel" and not (secure and scheme == "sips"):
        return 416, "Unsupported URI Scheme", (_NEEDS_TLS if scheme == "sips" else ())
    if method == "CANCEL":
        return None
    refusal = _check_demands(request) if request.has_any(_DEMANDS) else None
    if refusal is not None:
        return refusal
    if method == "INVITE":
        return _check_invite(request)
    if method == "REGISTER":
        return _check_register(request)
    if method == "REFER":
        return _check_refer(request)
    if method == "INFO" and request.body and request.content_type not in INFO_TYPES and not _optional(request):
        return 415, "Unsupported Media Type", _ACCEPT_INFO
    return None


def _check_demands(request: Request) -> Verdict | None:
    """What the request requires of us."""
    unknown = [tag for tag in request.values("Require") if tag.lower() not in UNDERSTOOD]
    if unknown:
        return 420, "Bad Extension", ("Unsupported: " + ", ".join(unknown),)
    encoding = request.header("Content-Encoding")
    if encoding and encoding.lower() != "identity":
        return 415, "Unsupported Media Type", ("Accept-Encoding: identity",)
    if request.method == "INVITE" and not _takes_sdp(request):
        return 406, "Not Acceptable", ("Accept: application/sdp",)
    return None


def _takes_sdp(request: Request) -> bool:
    """Whether an answer may be a session description; without Accept it may (RFC 3261 section 20.1)."""
    lines = request.headers("Accept")
    if not any(lines):
        return True
    ranges = (value.partition(";")[0].replace(" ", "").lower() for value in request.values("Accept"))
    return any(kind in _SDP_RANGES or kind.startswith("multipart/") for kind in ranges)


def _check_invite(request: Request) -> Verdict | None:
    if request.max_forwards == 0 and not request.to_tag:
        return 483, "Too Many Hops", ()
    refusal = _check_references(request) if request.has_any(_ONLY_ONCE) else None
    if refusal is not None:
        return refusal
    try:
        if len(request.contacts) > 1:
            return 400, "More Than One Contact", ()
    except SipParseError as error:
        return error.status, error.reason, ()
    if not request.body:
        return None
    media_type = request.content_type
    if media_type == "application/sdp":
        return None
    if not media_type:
        return 400, "Missing Content-Type", ()
    if media_type.startswith("multipart/"):
        try:
            if find_part(request.header("Content-Type") or "", request.body, "application/sdp") is not None:
                return None
        except MultipartError as error:
            return 400, str(error), ()
    return None if _optional(request) else (415, "Unsupported Media Type", _ACCEPT_SDP)


def _check_references(request: Request) -> Verdict | None:
    """Headers that name another dialog or party."""
    for name in _ONLY_ONCE:
        if len(request.headers(name)) > 1:
            return 400, f"Repeated {name}", ()
    return _parsed("Replaces", Replaces.parse, request.header("Replaces"))


def _check_refer(request: Request) -> Verdict | None:
    """One Refer-To that can be read (RFC 3515 section 2.4.2), and only INVITE is sent there for others."""
    if len(request.headers("Refer-To")) != 1:
        return 400, "One Refer-To Is Needed", ()
    refusal = _parsed("Refer-To", ReferTo.parse, request.header("Refer-To"))
    if refusal is None and ReferTo.parse(request.header("Refer-To") or "").method != "INVITE":
        return 501, "Only INVITE Is Referred", ()
    return refusal


def _parsed(name: str, parse: Callable[[str], object], value: str | None) -> Verdict | None:
    if value is not None:
        try:
            parse(value)
        except HeaderError:
            return 400, f"Bad {name}", ()
    return None


def _check_register(request: Request) -> Verdict | None:
    try:
        contacts = request.contacts
    except SipParseError as error:
        return error.status, error.reason, ()
    if request.to.uri.scheme not in ("sip", "sips"):
        return 400, "Address Of Record Is Not SIP", ()
    if request.contact_is_star and request.expires != 0:
        return 400, "Contact * Needs Expires 0", ()
    for contact in contacts:
        q = contact.params.get("q", "")
        if q and not (q[0] in "01" and len(q) <= 5 and q.replace(".", "", 1).isdigit() and float(q) <= 1):
            return 400, "Bad q Value", ()
    return None


def _optional(request: Request) -> bool:
    """Whether the sender allows the body to be ignored (RFC 3261 section 20.11)."""
    disposition = request.header("Content-Disposition") or ""
    return "handling=optional" in disposition.lower().replace(" ", "")
