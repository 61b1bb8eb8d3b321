"""Whether a new call may come in: calls at once, calls a second, a loop that falls behind, and draining before a stop.

A refused INVITE gets a 503 with Retry-After before it has any state. Requests inside dialogs are never asked about.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.sip.address import Source
    from pbx.sip.message import Request

DRAIN_RETRY_S = 60
FULL_RETRY_S = 10
# For how long a datagram waits in the socket: from here on some, and from there on all new calls are refused. All
# stays below the 0.5 s after which phones repeat what they sent, which would only add to the load.
BACKLOG_RAMP_S = (0.1, 0.5)
# The same for loop lag that lasts. Datagrams are read in small batches, so that a flood of them shows in the backlog;
# what remains are streams, and a machine that gives us too little time: there refusing calls shortens no lag.
LAG_RAMP_S = (0.5, 2.0)
BURST_S = 1.0  # seconds of the permitted rate that may come at once


class Admission:
    """Callable by the user agent. Times are of one monotonic clock, `now`."""

    def __init__(
        self,
        max_calls: int,
        max_calls_per_s: float,
        *,
        now: Callable[[], float],
        active_calls: Callable[[], int],
        loop_lag_s: Callable[[], float],
        backlog_s: Callable[[], float],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._max_calls = max_calls
        self._rate = max_calls_per_s
        self._burst = max(1.0, max_calls_per_s * BURST_S)
        self._tokens = self._burst
        self._filled_at = now()
        self._now = now
        self.active_calls = active_calls
        self._loop_lag_s = loop_lag_s
        self._backlog_s = backlog_s
        self._chance = chance
        self.draining = False
        self.urgent: Callable[[Request], bool] = lambda _: False  # whether an INVITE is an emergency call
        self.shed_draining = 0
        self.shed_full = 0
        self.shed_rate = 0
        self.shed_late = 0

    def __call__(self, request: Request, source: Source) -> int | None:
        """None: let it in. Otherwise seconds for Retry-After. An emergency call is refused only while draining."""
        retry_after_s = self._judge()
        if retry_after_s is not None and not self.draining and self.urgent(request):
            return None
        return retry_after_s

    def _judge(self) -> int | None:
        if self.draining:
            self.shed_draining += 1
            return DRAIN_RETRY_S
        if self.active_calls() >= self._max_calls:
            self.shed_full += 1
            return FULL_RETRY_S
        lag_s, backlog_s = self._loop_lag_s(), self._backlog_s()
        if lag_s > LAG_RAMP_S[0] or backlog_s > BACKLOG_RAMP_S[0]:
            share = max(_ramp(lag_s, LAG_RAMP_S), _ramp(backlog_s, BACKLOG_RAMP_S))
            if self._chance() < share:
                self.shed_late += 1
                return 1 + int(4 * self._chance())
        now = self._now()
        tokens = self._tokens + (now - self._filled_at) * self._rate
        self._tokens = tokens if tokens < self._burst else self._burst
        self._filled_at = now
        if self._tokens < 1:
            self.shed_rate += 1
            return 1 + int(4 * self._chance())
        self._tokens -= 1
        return None

    def refund(self) -> None:
        """The INVITE was only challenged: a flood of such must not use up the rate of the real calls."""
        self._tokens = min(self._burst, self._tokens + 1)


def _ramp(value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return 0.0 if value <= low else min(1.0, (value - low) / (high - low))
