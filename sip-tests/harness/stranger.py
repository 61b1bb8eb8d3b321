"""Somebody outside a call who knows all about it (Call-ID, tags, RTP port) but sends from another address.

- stranger: {send: BYE, dialog_of: "101", final: 403}     # as if it were phone 101
- stranger: {rtp_of: "101", tone: 950, for_s: 1.0}        # into the port that phone 101 sends its audio to
"""

from __future__ import annotations

import re
import socket
import time

from harness.model import Audio
from harness.rtp import Endpoint

ANSWER_S = 20.0
REFER_TO = "103"  # whom a stranger would have called
CSEQ = 4711  # beyond anything that a scenario counts up to


class StrangerFailed(Exception):
    """The PBX did for a stranger what it should not."""


class Stranger:
    """Uses `address` as its own; `pbx` is the PBX's."""

    def __init__(self, address: str, pbx: str) -> None:
        self._address = address
        self._pbx = pbx

    def request(self, method: str, trace: list[tuple[bool, str]], final: int) -> None:
        """Sends `method` into the dialog of which `trace` tells; the answer must be `final`. Raises StrangerFailed."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
            plug.bind((self._address, 0))
            plug.settimeout(ANSWER_S)
            plug.sendto(self._forge(method, trace, plug.getsockname()[1]), (self._pbx, 5060))
            try:
                status = int(plug.recv(4096).split(b" ", 2)[1])
            except TimeoutError:
                raise StrangerFailed(f"a stranger's {method} got no answer") from None
        if status != final:
            raise StrangerFailed(f"a stranger's {method} got {status}, {final} was expected")

    def rtp(self, port: tuple[str, int], tone: float, for_s: float) -> None:
        """Sends `tone` (Hz) to an RTP port of the PBX for `for_s` seconds; nothing may come back."""
        endpoint = Endpoint(self._address, Audio(send=tone, packets=0))
        endpoint.start(port)
        time.sleep(for_s)
        endpoint.close()
        if endpoint.packets:
            raise StrangerFailed(f"a stranger's RTP was answered with {len(endpoint.packets)} packets")

    def _forge(self, method: str, trace: list[tuple[bool, str]], port: int) -> bytes:
        answered = _answer_of(trace)
        if answered is None:
            raise StrangerFailed("stranger: no call was answered yet: wait for it with `until`")
        sent, message = answered
        from_, to = _header(message, "From"), _header(message, "To")
        if sent:  # the victim answered the call: in its own requests it is the From
            from_, to = to, from_
        lines = [
            f"{method} sip:{self._pbx}:5060 SIP/2.0",
            f"Via: SIP/2.0/UDP {self._address}:{port};branch=z9hG4bK-stranger-{method}-{time.monotonic_ns()};rport",
            f"From: {from_}",
            f"To: {to}",
            f"Call-ID: {_header(message, 'Call-ID')}",
            f"CSeq: {CSEQ} {method}",
            f"Contact: <sip:stranger@{self._address}:{port}>",
            "Max-Forwards: 70",
        ]
        body = ""
        if method == "REFER":
            lines.append(f"Refer-To: <sip:{REFER_TO}@{self._pbx}>")
        if method == "INVITE":
            lines.append("Content-Type: application/sdp")
            body = (
                f"v=0\r\no=- 9 9 IN IP4 {self._address}\r\ns=-\r\nc=IN IP4 {self._address}\r\nt=0 0\r\n"
                "m=audio 30000 RTP/AVP 8\r\n"
            )
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


def replaces(trace: list[tuple[bool, str]]) -> str:
    """The dialog of which `trace` tells, as its own phone names it to the PBX in a Refer-To (RFC 3891 section 6.1)."""
    answered = _answer_of(trace)
    if answered is None:
        raise StrangerFailed("replaces_of: no call was answered yet: wait for it with `until`")
    sent, message = answered
    tags = [re.search(r";tag=([^;>\s]+)", _header(message, name)) for name in ("From", "To")]
    mine, theirs = (tags[1], tags[0]) if sent else (tags[0], tags[1])
    assert mine is not None
    assert theirs is not None
    call_id = _header(message, "Call-ID").replace("@", "%40")
    return f"?Replaces={call_id}%3Bto-tag%3D{theirs[1]}%3Bfrom-tag%3D{mine[1]}"


def _answer_of(trace: list[tuple[bool, str]]) -> tuple[bool, str] | None:
    """The last 200 to an INVITE in a SIPp message trace, and whether the phone sent it itself."""
    found = None
    for sent, message in trace:
        if message.startswith("SIP/2.0 200") and _header(message, "CSeq").endswith("INVITE"):
            found = sent, message
    return found


def _header(message: str, name: str) -> str:
    match = re.search(rf"^{name}: *(.*)$", message, re.MULTILINE | re.IGNORECASE)
    return match[1].strip() if match else ""
