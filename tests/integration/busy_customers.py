"""Customers who are called and are busy: counts, for each number, the calls that reached it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import defaultdict, deque

from pbx.sip.message import Request, SipParseError, response
from pbx.sip.parser import parse


class BusyCustomers:
    """A carrier at `host`:5060. It rings for `ring_s` and answers 486; `calls` has the Call-IDs of each number."""

    def __init__(self, host: str, *, ring_s: float) -> None:
        self.calls: dict[str, set[str]] = defaultdict(set)
        self._ring_s = ring_s
        self._ringing: deque[tuple[float, Request, tuple[str, int]]] = deque()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, 5060))
        self._socket.settimeout(0.01)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> BusyCustomers:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError, SipParseError):
                data, sender = self._socket.recvfrom(65535)
                got = parse(data)
                if isinstance(got, Request):
                    self._take(got, sender)
            while self._ringing and self._ringing[0][0] <= time.monotonic():
                _, request, sender = self._ringing.popleft()
                self._reply(request, 486, sender)

    def _take(self, request: Request, sender: tuple[str, int]) -> None:
        if request.method == "INVITE":
            known = self.calls[request.uri.split(":")[1].split("@")[0]]
            if request.call_id not in known:
                known.add(request.call_id)
                self._ringing.append((time.monotonic() + self._ring_s, request, sender))
            self._reply(request, 180, sender)
        elif request.method == "CANCEL":
            self._reply(request, 200, sender)

    def _reply(self, request: Request, status: int, sender: tuple[str, int]) -> None:
        self._socket.sendto(response(request, status, to_tag="busy"), sender)
