"""Server transactions as two tables: INVITE (RFC 3261 17.2.1, RFC 6026 7.1) and the rest (RFC 3261 17.2.2).

Two rules: only this file moves a server transaction's state, and it appends outputs: no clock, no sending.

A 401 or 407 is sent once and forgotten: nothing is kept for who has not proved to be anybody, and a challenge is not
retransmitted. Other failures repeat (timer G) only within `REFLECTION_LIMIT` times the bytes that came in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pbx.sip.address import Destination
from pbx.sip.outputs import ClearTimer, Outputs, Send, SetTimer, Terminated, ToUser

if TYPE_CHECKING:
    from pbx.sip.message import Request
    from pbx.sip.transaction_layer import TransactionLayer

TRYING = "trying"
PROCEEDING = "proceeding"
COMPLETED = "completed"
CONFIRMED = "confirmed"
ACCEPTED = "accepted"
TERMINATED = "terminated"

REQUEST = "request"  # a retransmission
ACK = "ack"
PROVISIONAL = "provisional"
SUCCESS = "success"
FAILURE = "failure"
CHALLENGE = "challenge"
RETRANSMIT = "retransmit"  # timer G
TIMEOUT = "timeout"  # timer H
LINGERED = "lingered"  # timers I, J, L
SEND_FAILED = "send failed"

REFLECTION_LIMIT = 3  # bytes out for each byte in, while the sender may be forged (security.md R5)


class ServerUser(Protocol):
    """Who answers the request."""

    def on_send_failed(self, transaction: ServerTransaction) -> None:
        """The final response could not be sent."""
        ...


class ServerTransaction:
    """One request from outside until its last retransmission is absorbed."""

    __slots__ = (
        "budget",
        "data",
        "destination",
        "elapsed",
        "interval",
        "key",
        "layer",
        "merge_key",
        "reliable",
        "request",
        "source",
        "state",
        "table",
        "timer_id",
        "user",
    )

    def __init__(
        self, layer: TransactionLayer, key: str, request: Request, source: Destination, destination: Destination
    ) -> None:
        invite = request.method == "INVITE"
        self.layer = layer
        self.key = key
        self.merge_key = ""
        self.request: Request | None = request
        self.source = source
        self.destination = destination
        self.reliable = source.transport != "udp"
        self.user: ServerUser | None = None
        self.table = INVITE if invite else NON_INVITE
        self.state = PROCEEDING if invite else TRYING
        self.data = b""  # the last response
        self.interval = 0.0
        self.elapsed = 0.0
        self.timer_id = 0
        self.budget = REFLECTION_LIMIT * len(request.data)

    @property
    def answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state is not TRYING and self.state is not PROCEEDING

    def on_request(self, size: int) -> None:
        """The request came again, with `size` bytes."""
        self.budget += REFLECTION_LIMIT * size
        _step(self, REQUEST)

    def on_ack(self) -> None:
        _step(self, ACK)

    def respond(self, status: int, data: bytes) -> None:
        """Sends a response; after a final one only a repeated 2xx to INVITE is still sent."""
        if status < 200:
            event = PROVISIONAL
        elif status < 300:
            event = SUCCESS
        elif status == 401 or status == 407:
            event = CHALLENGE
        else:
            event = FAILURE
        _step(self, event, data)

    def on_timer(self) -> None:
        if self.state is not COMPLETED or self.table is NON_INVITE:
            _step(self, LINGERED)
            return
        self.elapsed += self.interval
        _step(self, TIMEOUT if self.elapsed >= self.layer.timers.timeout - 1e-9 else RETRANSMIT)

    def on_send_failed(self) -> None:
        _step(self, SEND_FAILED)

    def forget(self) -> None:
        self.layer.forget_server(self)


Action = Callable[[ServerTransaction, bytes, Outputs], None]
Table = dict[str, dict[str, tuple[str, tuple[Action, ...]]]]


def _step(transaction: ServerTransaction, event: str, data: bytes = b"") -> None:
    row = transaction.table[transaction.state].get(event)
    if row is None:
        return  # this state ignores the event
    transaction.state = row[0]
    out = transaction.layer.out
    for action in row[1]:
        action(transaction, data, out)


def _send(transaction: ServerTransaction, data: bytes, out: Outputs) -> None:
    transaction.data = data
    transaction.budget -= len(data)
    out.append(Send(data, transaction.destination, transaction))


def _resend(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    if transaction.data:
        transaction.layer.retransmitted += 1
        transaction.budget -= len(transaction.data)
        out.append(Send(transaction.data, transaction.destination, transaction))


def _resend_in_budget(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    if transaction.budget >= len(transaction.data):
        _resend(transaction, b"", out)


def _finish(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    """The final response is out: what is kept from here on is bytes and an address."""
    transaction.request = None
    transaction.user = None


def _arm_first(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    """Timer G starts at T1; over a reliable transport only timer H remains."""
    timers = transaction.layer.timers
    transaction.interval = timers.timeout if transaction.reliable else timers.t1
    out.append(SetTimer(transaction, transaction.interval))


def _arm_doubled_to_t2(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    """Timer G doubles up to T2; the last wait ends with timer H."""
    timers = transaction.layer.timers
    transaction.interval = min(2 * transaction.interval, timers.t2, timers.timeout - transaction.elapsed)
    out.append(SetTimer(transaction, transaction.interval))


def _linger(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    """Timers L and J: 64*T1; J is 0 over a reliable transport (17.2.2)."""
    if transaction.reliable and transaction.table is NON_INVITE:
        _end(transaction, b"", out)
    else:
        out.append(SetTimer(transaction, transaction.layer.timers.timeout))


def _linger_t4(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    """Timer I: T4, or 0 over a reliable transport (17.2.1)."""
    if transaction.reliable:
        _end(transaction, b"", out)
    else:
        out.append(SetTimer(transaction, transaction.layer.timers.t4))


def _end(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    transaction.state = TERMINATED
    transaction.request = None
    transaction.user = None
    out.append(ClearTimer(transaction))
    out.append(Terminated(transaction))


def _expire(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    """Its own timer ends it, so none is armed any more."""
    out.append(Terminated(transaction))


def _unsent(transaction: ServerTransaction, _: bytes, out: Outputs) -> None:
    if transaction.user is not None:
        out.append(ToUser(transaction.user.on_send_failed, transaction))


INVITE: Table = {
    PROCEEDING: {
        REQUEST: (PROCEEDING, (_resend,)),
        PROVISIONAL: (PROCEEDING, (_send,)),
        SUCCESS: (ACCEPTED, (_send, _finish, _linger)),
        FAILURE: (COMPLETED, (_send, _finish, _arm_first)),
        CHALLENGE: (TERMINATED, (_send, _end)),
        SEND_FAILED: (TERMINATED, (_unsent, _end)),
    },
    ACCEPTED: {
        LINGERED: (TERMINATED, (_expire,)),
    },
    COMPLETED: {
        REQUEST: (COMPLETED, (_resend,)),
        RETRANSMIT: (COMPLETED, (_resend_in_budget, _arm_doubled_to_t2)),
        ACK: (CONFIRMED, (_linger_t4,)),
        TIMEOUT: (TERMINATED, (_end,)),
        SEND_FAILED: (TERMINATED, (_end,)),
    },
    CONFIRMED: {
        LINGERED: (TERMINATED, (_expire,)),
    },
    TERMINATED: {},
}

NON_INVITE: Table = {
    TRYING: {
        PROVISIONAL: (PROCEEDING, (_send,)),
        SUCCESS: (COMPLETED, (_send, _finish, _linger)),
        FAILURE: (COMPLETED, (_send, _finish, _linger)),
        CHALLENGE: (TERMINATED, (_send, _end)),
    },
    PROCEEDING: {
        REQUEST: (PROCEEDING, (_resend,)),
        PROVISIONAL: (PROCEEDING, (_send,)),
        SUCCESS: (COMPLETED, (_send, _finish, _linger)),
        FAILURE: (COMPLETED, (_send, _finish, _linger)),
        CHALLENGE: (TERMINATED, (_send, _end)),
        SEND_FAILED: (TERMINATED, (_unsent, _end)),
    },
    COMPLETED: {
        REQUEST: (COMPLETED, (_resend,)),
        LINGERED: (TERMINATED, (_expire,)),
        SEND_FAILED: (TERMINATED, (_end,)),
    },
    TERMINATED: {},
}
