"""Reliable provisional responses of the callee (RFC 3262 section 3): one at a time, repeated until its PRACK comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pbx.sip.outputs import ClearTimer, SetTimer

if TYPE_CHECKING:
    from pbx.sip.message import Request
    from pbx.sip.session_incoming import IncomingSession

MAX_QUEUED: Final = 8  # provisional responses that wait for their turn
MAX_RSEQ: Final = 2**31 - 1


class _Provisional(NamedTuple):
    status: int
    reason: str | None
    body: bytes
    headers: Sequence[str]


class ReliableProvisionals:
    """Owner of the retransmission timer of one INVITE's provisional responses.

    `exchanged`: offer and answer of the INVITE are done, so that other offers may follow before the final response.
    `offer_open`: a provisional response carried our offer, and its answer has not come yet.
    """

    __slots__ = (
        "_cseq",
        "_data",
        "_elapsed",
        "_interval",
        "_queue",
        "_rseq",
        "_sdp",
        "_session",
        "exchanged",
        "offer_open",
        "timer_id",
    )

    def __init__(self, session: IncomingSession, cseq: int) -> None:
        self._session: IncomingSession | None = session
        self._cseq = cseq
        self._queue: list[_Provisional] = []
        self._rseq = session.ua.random.randint(1, MAX_RSEQ // 2)
        self._data = b""  # what waits for its PRACK
        self._sdp = False  # and whether it has a session description
        self._interval = self._elapsed = 0.0
        self.exchanged = False
        self.offer_open = False
        self.timer_id = 0

    @property
    def delays_final(self) -> bool:
        """A 2xx must wait: a session description is on its way, or still waits for its turn (section 3)."""
        return self._sdp or any(waiting.body for waiting in self._queue)

    @property
    def settled(self) -> bool:
        """Offer and answer are done, and the caller has shown that it knows."""
        return self.exchanged and not self._sdp

    def push(self, status: int, reason: str | None, body: bytes, headers: Sequence[str]) -> None:
        """Sends a provisional response when those before it are acknowledged."""
        if len(self._queue) >= MAX_QUEUED:  # the far end acknowledges nothing: the latest word without SDP is dropped
            return
        self._queue.append(_Provisional(status, reason, body, headers))
        self.go_on()

    def go_on(self) -> None:
        """Sends the next one if nothing is unacknowledged."""
        session = self._session
        if session is None or self._data or not self._queue:
            return
        status, reason, body, headers = self._queue.pop(0)
        self._rseq += 1
        if self.exchanged:
            body = b""  # offer and answer are said once (section 5)
        elif body:
            self.offer_open = not session.offered
            self.exchanged = session.offered
        self._sdp = bool(body)
        self._data = session.respond_provisional(
            status, reason, body, ("Require: 100rel", f"RSeq: {self._rseq}", *headers)
        )
        self._elapsed = 0.0
        self._interval = session.ua.timers.t1
        session.ua.out.append(SetTimer(self, self._interval))

    def acknowledge(self, prack: Request) -> bool:
        """Whether `prack` is for the response sent last (section 3); then it is repeated no more."""
        if _read_rack(prack.header("RAck")) != (self._rseq, self._cseq, "INVITE"):
            return False
        self._data = b""
        self._sdp = False
        if self._session is not None:
            self._session.ua.out.append(ClearTimer(self))
        return True

    def answered(self) -> None:
        """The answer to our offer came with the PRACK."""
        self.offer_open = False
        self.exchanged = True

    def on_timer(self) -> None:
        session = self._session
        if session is None or not self._data:
            return
        timers = session.ua.timers
        self._elapsed += self._interval
        left = timers.timeout - self._elapsed
        if left <= 1e-9:
            session.on_unacknowledged_provisional()
            return
        session.repeat_provisional(self._data)
        self._interval = min(2 * self._interval, left)
        session.ua.out.append(SetTimer(self, self._interval))

    def stop(self) -> None:
        """A final response goes out, or the session is over: nothing is repeated any more."""
        session = self._session
        self._queue.clear()
        self._data = b""
        self._sdp = False
        if session is not None:
            session.ua.out.append(ClearTimer(self))

    def forget(self) -> None:
        self.stop()
        self._session = None


def _read_rack(text: str | None) -> tuple[int, int, str] | None:
    """RAck as (response number, CSeq number, method), None when it is absent or malformed (section 7.2)."""
    fields = (text or "").split()
    if len(fields) != 3 or not all(field.isascii() and field.isdigit() and len(field) <= 10 for field in fields[:2]):
        return None
    return int(fields[0]), int(fields[1]), fields[2]


def read_rseq(text: str | None) -> int:
    """RSeq (section 7.1), 0 when it is absent or out of its range."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 10:
        return 0
    number = int(text)
    return number if 1 <= number <= 2**32 - 1 else 0
