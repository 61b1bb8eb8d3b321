"""The timers of RFC 3261 (section 17 and table 4) as values, and the queue of armed ones. Time is an argument."""

from __future__ import annotations

from core.timers import TimerQueue

__all__ = ["DEFAULT_T1_S", "TimerQueue", "TimerValues"]

DEFAULT_T1_S = 0.5


class TimerValues:
    """Durations in seconds, all derived from T1 (the round-trip estimate)."""

    __slots__ = ("c", "retry_glare_other", "retry_glare_owner", "t1", "t2", "t4", "timeout")

    def __init__(self, t1_s: float = DEFAULT_T1_S) -> None:
        if t1_s <= 0:
            raise ValueError(f"T1 must be positive, got {t1_s} s")
        self.t1 = t1_s
        self.t2 = 8 * t1_s  # the longest interval between retransmissions of a non-INVITE request or an INVITE response
        self.t4 = 10 * t1_s  # how long a message can stay in the network: timers I and K
        self.timeout = 64 * t1_s  # timers B, D, F, H, J, L and M
        self.c = 185.0  # an INVITE may ring this long after its last provisional response (16.6: more than 3 minutes)
        self.retry_glare_owner = (2.1, 4.0)  # after 491, for who made the Call-ID (14.1)
        self.retry_glare_other = (0.0, 2.0)
