"""Requests as bytes, and the two that are made from another request's own lines (ACK, CANCEL)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import sipwrite

if TYPE_CHECKING:
    from pbx.sip.message import Response

MAGIC_COOKIE = "z9hG4bK"  # RFC 3261 8.1.1.7
UDP_LIMIT = 1300  # bytes; a larger request goes over a congestion-controlled transport (18.1.1)

# RFC 7118 section 5.2.1 knows one URI parameter for both kinds of WebSocket.
CONTACT_TRANSPORTS = {
    "udp": "",
    "tcp": ";transport=tcp",
    "tls": ";transport=tls",
    "ws": ";transport=ws",
    "wss": ";transport=ws",
}
SECURE = frozenset(("tls", "wss"))  # what keeps the promise of a sips URI

# What is understood, in one place: a method or option tag stands here when it works, and not before.
DIALOG_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "PRACK", "UPDATE", "REFER", "NOTIFY", "MESSAGE")
METHODS = (*DIALOG_METHODS, "REGISTER", "SUBSCRIBE", "PUBLISH")
ALLOW = ", ".join(DIALOG_METHODS)
ALLOW_LINE = f"Allow: {ALLOW}"  # of what a call's far end may send us
ALLOW_ALL_LINE = f"Allow: {', '.join(METHODS)}"
SUPPORTED = ("path", "100rel", "timer", "replaces", "norefersub")
SUPPORTED_LINE = f"Supported: {', '.join(SUPPORTED)}"
# Option tags that may be required of us; the last two mean something in a REGISTER only (RFC 5626, RFC 5627).
UNDERSTOOD = frozenset((*SUPPORTED, "outbound", "gruu"))

build = sipwrite.request  # one request as bytes


def route_lines(routes: Sequence[str]) -> str:
    """A route set as Route lines."""
    return "".join(f"Route: {route}\r\n" for route in routes)


def header_lines(headers: Sequence[str]) -> str:
    """`headers` ("Name: value") as lines; a line break inside one would inject a header and is refused."""
    if not headers:
        return ""
    for line in headers:
        if "\r" in line or "\n" in line:
            raise ValueError(f"a header must be one line: {line!r}")
    return "\r\n".join(headers) + "\r\n"


def acknowledge_failure(invite: bytes, response: Response) -> bytes:
    """The ACK of a final response of 300-699: the INVITE's lines and branch, To of the response (17.1.1.3)."""
    return _from_invite("ACK", invite, response.header("To") or "")


def cancel(invite: bytes, headers: Sequence[str] = ()) -> bytes:
    """The CANCEL of an INVITE: the same lines, the same branch (9.1); `headers` may carry a Reason (RFC 3326)."""
    return _from_invite("CANCEL", invite, "", header_lines(headers))


def _from_invite(method: str, invite: bytes, to: str, extra: str = "") -> bytes:
    """Reads only what `build` wrote: its order of lines is fixed and each of these names is spelt in one way."""
    lines = invite[: invite.index(b"\r\n\r\n")].decode().split("\r\n")
    start = lines[0].split(" ", 1)[1]
    kept = [line for line in lines[1:] if line.startswith(("Via:", "Max-Forwards:", "From:", "Call-ID:", "Route:"))]
    to_line = f"To: {to}" if to else next(line for line in lines if line.startswith("To:"))
    cseq = next(line for line in lines if line.startswith("CSeq:")).split()[1]
    head = "\r\n".join(kept)
    return (
        f"{method} {start}\r\n{head}\r\n{to_line}\r\nCSeq: {cseq} {method}\r\n{extra}Content-Length: 0\r\n\r\n".encode()
    )
