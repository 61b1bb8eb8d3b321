"""A phone, or somebody who pretends to be one, that writes its SIP itself on a blocking UDP socket: whatever a test
wants to be wrong can be wrong. Nothing here sleeps; everything waits for an answer and repeats as RFC 3261 17.1 does.
"""

from __future__ import annotations

import itertools
import os
import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pbx.sip import digest
from pbx.sip.message import Request, Response, SipParseError, response
from pbx.sip.parser import parse

REPEAT_S = 0.5
PATIENCE_S = 30.0
DOMAIN = "centrala.local"
_numbers = itertools.count(1)


def unique(prefix: str = "c") -> str:
    return f"{prefix}{os.getpid()}x{next(_numbers)}"


def sdp(host: str, port: int, payload_types: str = "8", lines: str = "") -> bytes:
    text = (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP {payload_types}\r\n"
    )
    return (text + lines).encode()


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer to a broken request: it carries the broken headers back, and only its status can be read. 0: no SIP."""

    status: int
    data: bytes


class Bare:
    """`user` and `secret` are an account of the PBX at `pbx`, or invented."""

    def __init__(self, host: str, pbx: str, user: str = "nobody", secret: str = "", port: int = 0) -> None:
        self.pbx = (pbx, 5060)
        self.user, self.secret = user, secret
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((host, port))
        self.host, self.port = self.socket.getsockname()
        self.waiting: list[Request | Response | Broken] = []  # came while something else was waited for

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    @property
    def me(self) -> str:
        return f"<sip:{self.user}@{DOMAIN}>"

    def send(self, data: bytes | str) -> None:
        self.socket.sendto(data.encode() if isinstance(data, str) else data, self.pbx)

    def drain(self) -> int:
        """Reads away what has come; returns how many datagrams."""
        count = len(self.waiting)
        self.waiting.clear()
        self.socket.setblocking(False)
        try:
            while self.socket.recv(65535):
                count += 1
        except BlockingIOError:
            return count
        return count

    def message(
        self,
        method: str,
        uri: str,
        *,
        call_id: str = "",
        cseq: int = 1,
        to: str = "",
        from_: str = "",
        branch: str = "",
        headers: Sequence[str] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> bytes:
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch={branch or 'z9hG4bK' + unique()};rport",
            "Max-Forwards: 70",
            f"From: {from_ or self.me + ';tag=t' + call_id}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id or unique()}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{self.user}@{self.host}:{self.port}>",
            *headers,
        ]
        if body:
            lines.append(f"Content-Type: {content_type}")
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

    def receive(self, timeout_s: float) -> Request | Response | Broken | None:
        self.socket.settimeout(max(timeout_s, 0.001))
        try:
            data = self.socket.recv(65535)
        except TimeoutError:
            return None
        try:
            return parse(data)
        except SipParseError:
            return Broken(int(data[8:11]) if data.startswith(b"SIP/2.0 ") else 0, data)

    def final(self, data: bytes, timeout_s: float = PATIENCE_S) -> Response:
        """Sends a request until its final response comes; ACKs a failure of an INVITE."""
        request = parse(data)
        assert isinstance(request, Request)
        deadline = time.monotonic() + timeout_s
        self.send(data)
        repeat_at = time.monotonic() + REPEAT_S
        while (now := time.monotonic()) < deadline:
            answer = self.receive(min(repeat_at, deadline) - now)
            if isinstance(answer, Response) and (answer.call_id, answer.cseq, answer.cseq_method) == (
                request.call_id,
                request.cseq,
                request.method,
            ):
                repeat_at = deadline
                if answer.status >= 200:
                    if request.method == "INVITE" and answer.status >= 300:
                        self.ack(request, answer)
                    return answer
            elif answer is not None:
                self.waiting.append(answer)
            elif time.monotonic() >= repeat_at < deadline:
                self.send(data)
                repeat_at += REPEAT_S
        raise AssertionError(f"no answer within {timeout_s} s to\n{data.decode(errors='replace')[:300]}")

    def ack(self, request: Request, answer: Response) -> None:
        """For a failure in its INVITE's transaction, for a success in one of its own (RFC 3261 13.2.2.4, 17.1.1.3)."""
        branch = request.branch if answer.status >= 300 else ""
        to, from_ = answer.header("To") or "", request.header("From") or ""
        self.send(
            self.message(
                "ACK", request.uri, call_id=request.call_id, cseq=request.cseq, to=to, from_=from_, branch=branch
            )
        )

    def authorised(self, method: str, uri: str, **more: object) -> tuple[Response, bytes]:
        """The final response after answering a challenge, and the request that got it."""
        call_id = str(more.pop("call_id", "") or unique())
        headers = list(more.pop("headers", ()))  # type: ignore[call-overload]
        cseq = int(str(more.pop("cseq", 1)))
        first = self.message(method, uri, call_id=call_id, cseq=cseq, headers=headers, **more)  # type: ignore[arg-type]
        answer = self.final(first)
        if answer.status != 401:
            return answer, first
        value = digest.answer(answer.headers("WWW-Authenticate"), method, uri, self.user, self.secret)
        headers.append(f"Authorization: {value}")
        second = self.message(method, uri, call_id=call_id, cseq=cseq + 1, headers=headers, **more)  # type: ignore[arg-type]
        return self.final(second), second

    def register(self, expires: int = 600) -> Response:
        uri = f"sip:{self.pbx[0]}"
        return self.authorised("REGISTER", uri, to=self.me, headers=[f"Expires: {expires}"])[0]

    def options(self, timeout_s: float = PATIENCE_S) -> Response:
        return self.final(self.message("OPTIONS", f"sip:{self.pbx[0]}"), timeout_s)

    def call(self, number: str, rtp_port: int = 30000, body: bytes = b"", **more: object) -> Talk:
        """Dials and acknowledges; the answer's status tells whether it is a call."""
        uri = f"sip:{number}@{self.pbx[0]}"
        answer, sent = self.authorised("INVITE", uri, body=body or sdp(self.host, rtp_port), **more)
        request = parse(sent)
        assert isinstance(request, Request)
        if answer.status < 300:
            self.ack(request, answer)
        return Talk(self, request, answer)

    def expect(self, method: str, timeout_s: float = PATIENCE_S) -> Request:
        """The next request of `method`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            got = self.waiting.pop(0) if self.waiting else self.receive(deadline - time.monotonic())
            if isinstance(got, Request) and got.method == method:
                return got
        raise AssertionError(f"no {method} within {timeout_s} s")

    def reply(self, request: Request, status: int, body: bytes = b"") -> None:
        contact = [f"Contact: <sip:{self.user}@{self.host}:{self.port}>"]
        self.send(response(request, status, to_tag=f"b{self.port}", headers=contact, body=body))


class Talk:
    """A call that `Bare.call` made."""

    def __init__(self, phone: Bare, request: Request, answer: Response) -> None:
        self.phone, self.request, self.answer = phone, request, answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def rtp_port(self) -> int:
        found = re.search(rb"m=audio (\d+)", self.answer.body)
        assert found is not None, self.answer.data
        return int(found[1])

    def inside(self, method: str, cseq: int = 50, sender: Bare | None = None, **more: object) -> bytes:
        """A request of this dialog, as `sender` would write it."""
        return (sender or self.phone).message(
            method,
            self.request.uri,
            call_id=self.request.call_id,
            cseq=cseq,
            to=self.answer.header("To") or "",
            from_=self.request.header("From") or "",
            **more,  # type: ignore[arg-type]
        )

    def bye(self) -> int:
        return self.phone.final(self.inside("BYE")).status
