"""Client transactions as two tables: INVITE (RFC 3261 17.1.1, RFC 6026 7.2) and the rest (RFC 3261 17.1.2).

Two rules: only this file moves a client transaction's state, and it appends outputs: no clock, no sending.

Timers A and B, E and F share the one slot: the slot repeats the request until `elapsed` reaches 64*T1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pbx.sip.address import Destination
from pbx.sip.outputs import ClearTimer, Outputs, Send, SetTimer, Terminated, ToUser
from pbx.sip.requests import acknowledge_failure

if TYPE_CHECKING:
    from pbx.sip.message import Response
    from pbx.sip.transaction_layer import TransactionLayer

CALLING = "calling"
TRYING = "trying"
PROCEEDING = "proceeding"
CANCELLING = "cancelling"
COMPLETED = "completed"
ACCEPTED = "accepted"
TERMINATED = "terminated"

START = "start"
RETRANSMIT = "retransmit"  # timers A, E
TIMEOUT = "timeout"  # timers B, F, and the wait for a final response after CANCEL
RINGING_LIMIT = "ringing limit"  # timer C
LINGERED = "lingered"  # timers D, K, M
PROVISIONAL = "provisional"
SUCCESS = "success"
FAILURE = "failure"
SEND_FAILED = "send failed"
FALL_BACK = "fall back"  # sending failed, and the request still fits UDP (18.1.1)
CANCELLED = "cancelled"  # our CANCEL went out: a final response is due within 64*T1 (9.1)


MAX_STRAYS = 16  # answers of other forks that are acknowledged and hung up
_NONE: dict[str, tuple[bytes, Destination]] = {}  # shared by all without forks; never changed


class ClientUser(Protocol):
    """Who sent the request."""

    def on_response(self, transaction: ClientTransaction, response: Response) -> None:
        """A provisional or final response; a repeated 2xx comes only if it opens another dialog (a fork)."""
        ...

    def on_no_response(self, transaction: ClientTransaction, status: int) -> None:
        """The end without a final response: 408 nobody answered in time, 503 the transport failed (8.1.3.1)."""
        ...

    def on_ringing_limit(self, transaction: ClientTransaction) -> None:
        """An INVITE had provisional responses only for timer C: it is to be cancelled."""
        ...


class ClientTransaction:
    """One request of ours until its last retransmission is absorbed. `key` is the branch and the method."""

    __slots__ = (
        "ack",
        "answered_tag",
        "data",
        "destination",
        "elapsed",
        "fallback",
        "interval",
        "key",
        "layer",
        "limit",
        "reliable",
        "state",
        "strays",
        "table",
        "timer_id",
        "user",
    )

    def __init__(
        self,
        layer: TransactionLayer,
        key: str,
        data: bytes,
        destination: Destination,
        user: ClientUser | None,
        invite: bool,
        fallback: tuple[bytes, Destination] | None = None,
        patience_s: float = 0.0,
    ) -> None:
        self.layer = layer
        # How long a response is waited for (timers B, F): less when there is another way to try.
        self.limit = min(patience_s, layer.timers.timeout) if patience_s else layer.timers.timeout
        self.key = key
        self.data = data
        self.destination = destination
        self.reliable = destination.transport != "udp"
        self.user = user
        self.table = INVITE if invite else NON_INVITE
        self.state = CALLING if invite else TRYING
        self.interval = 0.0
        self.elapsed = 0.0
        self.timer_id = 0
        self.ack = b""  # of the accepted 2xx or of the failure: repeated whenever the response is
        self.answered_tag = ""  # To tag of the 2xx that `ack` acknowledges
        self.strays: dict[str, tuple[bytes, Destination]] = _NONE  # ACKs of the dialogs that other forks opened, by tag
        self.fallback = fallback  # the same request for UDP, if TCP was only tried for its size (18.1.1)

    def start(self) -> None:
        _step(self, START)

    def on_response(self, response: Response) -> None:
        status = response.status
        if status < 200:
            self.limit = self.layer.timers.timeout
        _step(self, PROVISIONAL if status < 200 else SUCCESS if status < 300 else FAILURE, response)

    def on_timer(self) -> None:
        state = self.state
        if state is COMPLETED or state is ACCEPTED:
            _step(self, LINGERED)
        elif self.interval:
            self.elapsed += self.interval
            _step(self, TIMEOUT if self.elapsed >= self.limit - 1e-9 else RETRANSMIT)
        else:
            _step(self, RINGING_LIMIT)

    def on_send_failed(self) -> None:
        _step(self, SEND_FAILED if self.fallback is None else FALL_BACK)

    def on_cancelled(self) -> None:
        """Our CANCEL for this INVITE was sent: wait no longer than 64*T1 for the final response."""
        _step(self, CANCELLED)

    def acknowledge(self, data: bytes, destination: Destination, to_tag: str) -> None:
        """Sends the ACK of a 2xx and keeps it: a repeated 2xx with this To tag is acknowledged without the user."""
        self.ack = data
        self.answered_tag = to_tag
        self.destination = destination
        self.user = None
        self.data = b""
        self.layer.out.append(Send(data, destination))

    def keep_stray(self, to_tag: str, ack: bytes, destination: Destination) -> None:
        """The answer of another fork was acknowledged and hung up: when it comes again only the ACK goes out again."""
        if self.strays is _NONE:
            self.strays = {}
        self.strays[to_tag] = (ack, destination)

    def forget(self) -> None:
        self.layer.forget_client(self)


Action = Callable[[ClientTransaction, "Response | None", Outputs], None]
Table = dict[str, dict[str, tuple[str, tuple[Action, ...]]]]


def _step(transaction: ClientTransaction, event: str, response: Response | None = None) -> None:
    row = transaction.table[transaction.state].get(event)
    if row is None:
        return  # this state ignores the event
    transaction.state = row[0]
    out = transaction.layer.out
    for action in row[1]:
        action(transaction, response, out)


def _send(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    out.append(Send(transaction.data, transaction.destination, transaction))


def _resend(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    transaction.layer.retransmitted += 1
    out.append(Send(transaction.data, transaction.destination, transaction))


def _arm_first(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    """Timers A and E start at T1; over a reliable transport only B and F remain."""
    t1, limit = transaction.layer.timers.t1, transaction.limit
    transaction.elapsed = 0.0
    transaction.interval = limit if transaction.reliable or limit < t1 else t1  # min() costs more than all the rest
    out.append(SetTimer(transaction, transaction.interval))


def _arm_doubled(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    """Timer A doubles; the last wait ends with timer B."""
    left = transaction.limit - transaction.elapsed
    transaction.interval = min(2 * transaction.interval, left)
    out.append(SetTimer(transaction, transaction.interval))


def _arm_doubled_to_t2(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    """Timer E doubles up to T2; the last wait ends with timer F."""
    timers = transaction.layer.timers
    transaction.interval = min(2 * transaction.interval, timers.t2, transaction.limit - transaction.elapsed)
    out.append(SetTimer(transaction, transaction.interval))


def _arm_t2(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    """After a provisional response timer E fires every T2 (17.1.2.2)."""
    timers = transaction.layer.timers
    transaction.interval = min(timers.t2, transaction.limit - transaction.elapsed)
    out.append(SetTimer(transaction, transaction.interval))


def _arm_ringing_limit(transaction: ClientTransaction, response: Response | None, out: Outputs) -> None:
    """Timer C starts at the first provisional response and again at each but 100 (16.7 step 2)."""
    if transaction.interval or (response is not None and response.status > 100):
        transaction.interval = 0.0
        out.append(SetTimer(transaction, transaction.layer.timers.c))


def _arm_final_wait(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    transaction.elapsed = 0.0
    transaction.interval = transaction.limit = transaction.layer.timers.timeout
    out.append(SetTimer(transaction, transaction.interval))


def _linger(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    """Timers D and M: 64*T1; D is 0 over a reliable transport (17.1.1.2)."""
    if transaction.reliable and transaction.state is COMPLETED:
        _end(transaction, None, out)
    else:
        out.append(SetTimer(transaction, transaction.layer.timers.timeout))


def _linger_t4(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    """Timer K: T4, or 0 over a reliable transport (17.1.2.2)."""
    if transaction.reliable:
        _end(transaction, None, out)
    else:
        out.append(SetTimer(transaction, transaction.layer.timers.t4))


def _end(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    transaction.state = TERMINATED
    transaction.user = None
    out.append(ClearTimer(transaction))
    out.append(Terminated(transaction))


def _to_user(transaction: ClientTransaction, response: Response | None, out: Outputs) -> None:
    if transaction.user is not None:
        out.append(ToUser(transaction.user.on_response, transaction, response))


def _final_to_user(transaction: ClientTransaction, response: Response | None, out: Outputs) -> None:
    """The last word: request and user are let go, so that a finished transaction is only bytes and an address."""
    if transaction.user is not None:
        out.append(ToUser(transaction.user.on_response, transaction, response))
        transaction.user = None
    transaction.data = b""
    transaction.fallback = None


def _ack_failure(transaction: ClientTransaction, response: Response | None, out: Outputs) -> None:
    """The ACK of a non-2xx belongs to the transaction and has its branch (17.1.1.3)."""
    assert response is not None
    transaction.ack = acknowledge_failure(transaction.data, response)
    out.append(Send(transaction.ack, transaction.destination))


def _ack_again(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    out.append(Send(transaction.ack, transaction.destination))


def _repeated_success(transaction: ClientTransaction, response: Response | None, out: Outputs) -> None:
    """A 2xx in Accepted: the known one is acknowledged again, another dialog's goes to who refuses forks (13.2.2.4)."""
    assert response is not None
    tag = response.to_tag
    if not transaction.ack or tag == transaction.answered_tag:
        if transaction.ack:
            out.append(Send(transaction.ack, transaction.destination))
    elif tag in transaction.strays:
        out.append(Send(*transaction.strays[tag]))
    elif len(transaction.strays) < MAX_STRAYS:
        out.append(ToUser(transaction.layer.on_stray_answer, response, transaction))


def _no_answer(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    if transaction.user is not None:
        out.append(ToUser(transaction.user.on_no_response, transaction, 408))


def _unsent(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    if transaction.user is not None:
        out.append(ToUser(transaction.user.on_no_response, transaction, 503))


def _take_fallback(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    assert transaction.fallback is not None
    transaction.data, transaction.destination = transaction.fallback
    transaction.fallback = None
    transaction.reliable = False


def _ringing_too_long(transaction: ClientTransaction, _: Response | None, out: Outputs) -> None:
    if transaction.user is not None:
        out.append(ToUser(transaction.user.on_ringing_limit, transaction))


_INVITE_FINALS: dict[str, tuple[str, tuple[Action, ...]]] = {
    SUCCESS: (ACCEPTED, (_to_user, _linger)),
    FAILURE: (COMPLETED, (_ack_failure, _final_to_user, _linger)),
}

INVITE: Table = {
    CALLING: {
        START: (CALLING, (_send, _arm_first)),
        RETRANSMIT: (CALLING, (_resend, _arm_doubled)),
        TIMEOUT: (TERMINATED, (_no_answer, _end)),
        SEND_FAILED: (TERMINATED, (_unsent, _end)),
        FALL_BACK: (CALLING, (_take_fallback, _send, _arm_first)),
        PROVISIONAL: (PROCEEDING, (_arm_ringing_limit, _to_user)),
        **_INVITE_FINALS,
    },
    PROCEEDING: {
        PROVISIONAL: (PROCEEDING, (_arm_ringing_limit, _to_user)),
        RINGING_LIMIT: (PROCEEDING, (_ringing_too_long,)),
        CANCELLED: (CANCELLING, (_arm_final_wait,)),
        **_INVITE_FINALS,
    },
    CANCELLING: {
        TIMEOUT: (TERMINATED, (_no_answer, _end)),
        **_INVITE_FINALS,
    },
    COMPLETED: {
        FAILURE: (COMPLETED, (_ack_again,)),
        LINGERED: (TERMINATED, (_end,)),
    },
    ACCEPTED: {
        SUCCESS: (ACCEPTED, (_repeated_success,)),
        LINGERED: (TERMINATED, (_end,)),
    },
    TERMINATED: {},
}

_OTHER_FINALS: dict[str, tuple[str, tuple[Action, ...]]] = {
    SUCCESS: (COMPLETED, (_final_to_user, _linger_t4)),
    FAILURE: (COMPLETED, (_final_to_user, _linger_t4)),
    TIMEOUT: (TERMINATED, (_no_answer, _end)),
    SEND_FAILED: (TERMINATED, (_unsent, _end)),
    FALL_BACK: (TRYING, (_take_fallback, _send, _arm_first)),
}

NON_INVITE: Table = {
    TRYING: {
        START: (TRYING, (_send, _arm_first)),
        RETRANSMIT: (TRYING, (_resend, _arm_doubled_to_t2)),
        PROVISIONAL: (PROCEEDING, (_to_user,)),
        **_OTHER_FINALS,
    },
    PROCEEDING: {
        RETRANSMIT: (PROCEEDING, (_resend, _arm_t2)),
        PROVISIONAL: (PROCEEDING, (_to_user,)),
        **_OTHER_FINALS,
    },
    COMPLETED: {LINGERED: (TERMINATED, (_end,))},
    TERMINATED: {},
}
