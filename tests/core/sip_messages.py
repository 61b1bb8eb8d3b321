"""A SIP request whose parts a test changes, in octets."""

from __future__ import annotations

START = b"INVITE sip:600@example.com SIP/2.0\r\n"
HEADERS: dict[str, bytes] = {
    "Via": b"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKabc;rport",
    "From": b'"A \\"B\\" C" <sip:a@example.com>;tag=f1',
    "To": b"<sip:600@example.com>",
    "Call-ID": b"id-1@192.0.2.1",
    "CSeq": b"17 INVITE",
    "Max-Forwards": b"70",
    "Content-Length": b"4",
}


def build(start: bytes = START, body: bytes = b"body", extra: bytes = b"", **changes: bytes | None) -> bytes:
    """A request; `changes` by header name with '_' for '-', None leaves the header out."""
    fields: dict[str, bytes | None] = dict(HEADERS)
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    head = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in fields.items() if value is not None)
    return start + head + extra + b"\r\n" + body
