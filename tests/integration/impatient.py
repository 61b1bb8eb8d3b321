"""Many callers who give up: one thread and one socket place calls of a trunk; each hangs up soon after the answer."""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import dataclass

from pbx.sip.message import Request, Response, SipParseError, response
from pbx.sip.parser import parse
from tests.integration.bare import sdp, unique

REPEAT_S = 0.5


@dataclass(slots=True)
class Caller:
    """One call; instants are monotonic seconds, 0 for not yet."""

    number: str
    call_id: str
    began: float
    answered: float = 0.0
    hung_up: float = 0.0
    over: float = 0.0
    to: str = ""


class Impatient:
    """`start`, `stop`; then `callers`. Numbers go up from `first`, so that every caller is another customer."""

    def __init__(self, host: str, pbx: str, callee: str, first: int, *, every_s: float, wait_s: float) -> None:
        self.callers: list[Caller] = []
        self._uri = f"sip:{callee}@{pbx}"
        self._pbx = (pbx, 5060)
        self._next = first
        self._every_s, self._wait_s = every_s, wait_s
        self._by_id: dict[str, Caller] = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 0))
        self._host, self._port = self._socket.getsockname()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Impatient:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            now = time.monotonic()
            if now >= due:
                due = now + self._every_s
                self._call(now)
            for caller in self.callers[-200:]:
                if caller.answered and not caller.hung_up and now - caller.answered >= self._wait_s:
                    caller.hung_up = now
                    self._send("BYE", caller, 2)
            if select.select([self._socket], [], [], 0.005)[0]:
                self._take()

    def _call(self, now: float) -> None:
        caller = Caller(f"+48{self._next}", unique("i"), now)
        self._next += 1
        self.callers.append(caller)
        self._by_id[caller.call_id] = caller
        self._send("INVITE", caller, 1, sdp(self._host, 30000))

    def _take(self) -> None:
        try:
            got = parse(self._socket.recv(65535))
        except (SipParseError, OSError):
            return
        if isinstance(got, Request):
            if got.method != "ACK":
                self._socket.sendto(response(got, 200), self._pbx)
            return
        caller = self._by_id.get(got.call_id)
        if caller is not None and isinstance(got, Response) and got.status >= 200:
            self._answer(caller, got)

    def _answer(self, caller: Caller, got: Response) -> None:
        now = time.monotonic()
        if got.cseq_method == "INVITE":
            caller.to = got.header("To") or ""
            self._send("ACK", caller, 1)
            if got.status < 300 and not caller.answered:
                caller.answered = now
        elif got.cseq_method == "BYE" and got.status == 200 and not caller.over:
            caller.over = now

    def _send(self, method: str, caller: Caller, cseq: int, body: bytes = b"") -> None:
        lines = [
            f"{method} {self._uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self._port};branch=z9hG4bK{unique()};rport",
            "Max-Forwards: 70",
            f"From: <sip:{caller.number}@{self._host}>;tag=t{caller.call_id}",
            f"To: {caller.to or f'<{self._uri}>'}",
            f"Call-ID: {caller.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{caller.number}@{self._host}:{self._port}>",
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        self._socket.sendto("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body, self._pbx)
