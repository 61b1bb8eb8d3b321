"""A 2xx to INVITE that waits for its ACK: repeated from T1 to T2, for 64*T1, over any transport (RFC 3261 13.3.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from pbx.sip.address import Destination
from pbx.sip.outputs import ClearTimer, Outputs, Send, SetTimer
from pbx.sip.timers import TimerValues


class Acceptance:
    """Owner of the timer; `on_unacknowledged` is called once, when 64*T1 passed without the ACK."""

    __slots__ = (
        "_data",
        "_destination",
        "_elapsed",
        "_interval",
        "_out",
        "_timers",
        "cseq",
        "on_unacknowledged",
        "timer_id",
    )

    def __init__(
        self,
        data: bytes,
        destination: Destination,
        cseq: int,
        timers: TimerValues,
        out: Outputs,
        on_unacknowledged: Callable[[], None],
    ) -> None:
        """`data` was just sent by the transaction; `cseq` is that of the INVITE and of the ACK to come."""
        self._data = data
        self._destination = destination
        self._out = out
        self._timers = timers
        self._elapsed = 0.0
        self._interval = timers.t1
        self.cseq = cseq
        self.on_unacknowledged: Callable[[], None] | None = on_unacknowledged
        self.timer_id = 0
        out.append(SetTimer(self, self._interval))

    def on_timer(self) -> None:
        self._elapsed += self._interval
        left = self._timers.timeout - self._elapsed
        if left <= 1e-9:
            report, self.on_unacknowledged = self.on_unacknowledged, None
            if report is not None:
                report()
            return
        self._out.append(Send(self._data, self._destination))
        self._interval = min(2 * self._interval, self._timers.t2, left)
        self._out.append(SetTimer(self, self._interval))

    def stop(self) -> None:
        """The ACK came, or the dialog ended."""
        self.on_unacknowledged = None
        self._out.append(ClearTimer(self))
