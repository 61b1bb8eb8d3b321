"""What all transactions of one user agent share: tables, counters and the durations of their timers."""

from collections import deque
from collections.abc import Callable
from typing import Any

from core.transaction_client import ClientTransaction
from core.transaction_server import ServerTransaction

class Layer:
    """`timers` has the durations `t1`, `t2`, `t4`, `timeout` (64*T1) and `c` in seconds, read once; `out` is what
    outputs are appended to. `on_stray_answer(response, transaction)`: a 2xx of a dialog that nobody wants (a fork).
    `acknowledge_failure(invite, response)` makes the ACK of a final response that is no 2xx.
    """

    created: int
    retransmitted: int
    """Messages that we sent again."""
    retransmits_received: int
    stray_responses: int
    stray_acks: int
    def __init__(
        self,
        timers: Any,
        out: deque[Any],
        on_stray_answer: Callable[[Any, ClientTransaction], None],
        acknowledge_failure: Callable[[bytes, Any], bytes],
    ) -> None: ...
    @property
    def timers(self) -> Any: ...
    @property
    def out(self) -> deque[Any]: ...
    @property
    def on_stray_answer(self) -> Callable[[Any, ClientTransaction], None]: ...
    @property
    def acknowledge_failure(self) -> Callable[[bytes, Any], bytes]: ...
    @property
    def clients(self) -> dict[str, ClientTransaction]:
        """By branch and method."""
    @property
    def servers(self) -> dict[str, ServerTransaction]:
        """By the key of RFC 3261 17.2.3."""
    @property
    def merged(self) -> dict[str, str]:
        """Call-ID, From tag, CSeq and method of requests outside of dialogs: their keys."""
