"""SIP messages as the rest of the program sees them: lazy views on scanned bytes, and the builder of responses."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from core.sipscan import Scan
from pbx.sip.headers import HeaderError, NameAddr, Via, parse_contact, split_values
from pbx.sip.multipart import MultipartError, find_part

REASONS = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    182: "Queued",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    300: "Multiple Choices",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    305: "Use Proxy",
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    413: "Request Entity Too Large",
    414: "Request-URI Too Long",
    415: "Unsupported Media Type",
    416: "Unsupported URI Scheme",
    420: "Bad Extension",
    421: "Extension Required",
    422: "Session Interval Too Small",
    423: "Interval Too Brief",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    484: "Address Incomplete",
    485: "Ambiguous",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    493: "Undecipherable",
    500: "Server Internal Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    505: "Version Not Supported",
    513: "Message Too Large",
    600: "Busy Everywhere",
    603: "Decline",
    604: "Does Not Exist Anywhere",
    606: "Not Acceptable",
}
STATUS_LINES = {status: f"SIP/2.0 {status} {reason}\r\n".encode() for status, reason in REASONS.items()}


class SipParseError(Exception):
    """A message that is refused. `status` and `reason` are the answer; `request` is None when none may be sent.

    `request` is as far as it could be read: `response()` works on it, its other fields may be empty.
    """

    def __init__(self, status: int, reason: str, request: Request | None = None) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.request = request
        self.framing_lost = False  # on a stream: where the next message starts is unknown


class Message(Scan):
    """What requests and responses share. Everything is read from the bytes when asked for, then kept.

    Text is UTF-8; what is not becomes U+FFFD. `via`, `from_`, `to` and `contacts` raise SipParseError on bad syntax,
    which can only happen to messages that `pbx.sip.parser.parse` or `pbx.sip.sanity.check` refuse.
    """

    __slots__ = ()

    @property
    def via(self) -> Via:
        """The top Via value."""
        if self.parsed_via is None:
            try:
                self.parsed_via = Via.parse(next(iter(split_values(self.header("Via") or "")), ""))
            except HeaderError:
                raise SipParseError(400, "Bad Via", self._answerable()) from None
        via: Via = self.parsed_via
        return via

    @property
    def from_(self) -> NameAddr:
        address: NameAddr | None = self.parsed_from
        if address is None:
            address = self.parsed_from = self._address("From")
        return address

    @property
    def to(self) -> NameAddr:
        address: NameAddr | None = self.parsed_to
        if address is None:
            address = self.parsed_to = self._address("To")
        return address

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contact values; empty for "Contact: *", which `contact_is_star` tells."""
        contacts: list[NameAddr] | None = self.parsed_contacts
        if contacts is None:
            lines = self.headers("Contact")
            try:
                if len(lines) == 1 and "," not in lines[0] and lines[0] != "*":
                    contacts = self.parsed_contacts = [parse_contact(lines[0])]
                    return contacts
                values = [] if not lines or lines[0] == "*" else split_lines(lines)
                contacts = self.parsed_contacts = [parse_contact(value) for value in values]
            except HeaderError:
                raise SipParseError(400, "Bad Contact", self._answerable()) from None
        return contacts

    @property
    def contact_is_star(self) -> bool:
        """Whether the Contact is "*": all bindings, in a REGISTER that removes them (RFC 3261 section 10.2.2)."""
        return self.header("Contact") == "*"

    @property
    def sdp(self) -> bytes:
        """The session description: the body, or its part in a multipart body; b"" when there is none.

        A body without Content-Type is taken for one, as old gateways send it in responses.
        """
        body = self.body
        if not body:
            return b""
        media_type = self.content_type
        if media_type == "application/sdp" or not media_type:
            return body
        if media_type.startswith("multipart/"):
            with contextlib.suppress(MultipartError):
                return find_part(self.header("Content-Type") or "", body, "application/sdp") or b""
        return b""

    @property
    def expires(self) -> int | None:
        """The Expires header in seconds, at most 2^32-1; None when absent or malformed (RFC 3261 section 20.19)."""
        return parse_seconds(self.header("Expires"))

    def values(self, name: str) -> list[str]:
        """All comma-separated values of all lines called `name`, in order."""
        lines = self.headers(name)
        return split_lines(lines) if lines else lines

    def raw_lines(self, name: str) -> list[str]:
        """Every line called `name` as "Name: value", in order, to be copied into another message."""
        return [f"{name}: {value}" for value in self.headers(name)]

    def _answerable(self) -> Request | None:
        return self if isinstance(self, Request) else None

    def _address(self, name: str) -> NameAddr:
        try:
            return NameAddr.parse(self.header(name) or "")
        except HeaderError:
            raise SipParseError(400, f"Bad {name}", self._answerable()) from None


class Request(Message):
    """A request: `method` and `uri` are those of its start line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.uri} Call-ID={self.call_id} CSeq={self.cseq}>"


class Response(Message):
    """A response: `status` and `reason` are those of its start line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Response {self.status} Call-ID={self.call_id} CSeq={self.cseq} {self.cseq_method}>"


def split_lines(lines: list[str]) -> list[str]:
    """The comma-separated values of `lines`, in order."""
    if len(lines) == 1:
        return split_values(lines[0])
    return [value for line in lines for value in split_values(line)]


def parse_seconds(text: str | None) -> int | None:
    """1*DIGIT as seconds, at most 2^32-1 (RFC 3261 section 20.19); None for None and for anything else."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return min(int(text), 0xFFFF_FFFF) if len(text) <= 32 else 0xFFFF_FFFF


def trying(request: Request) -> bytes:
    """The 100 to an INVITE, with its Timestamp (RFC 3261 section 8.2.6.1)."""
    stamp = request.header("Timestamp")
    return response(request, 100, headers=() if stamp is None else (f"Timestamp: {stamp}",))


def response(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str = "",
    headers: Sequence[str] = (),
    body: bytes = b"",
    content_type: str = "application/sdp",
) -> bytes:
    """The response to `request` as it goes on the wire (RFC 3261 section 8.2.6).

    Via, From, To, Call-ID and CSeq are copied byte for byte; the top Via gets received and rport when the request knows
    its source. `to_tag` is added to a To that has none. `headers` are whole lines without CRLF.
    """
    start = STATUS_LINES.get(status) if reason is None else None
    if start is None:
        start = f"SIP/2.0 {status} {reason or ''}\r\n".encode()
    return request.reply(start, to_tag, headers, body, content_type)
