"""Several ways to one party (RFC 3263 section 4.3, RFC 5626 section 5.3): which is tried next, and who hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.sip.address import Destination, NextHop
    from pbx.sip.user_agent import UserAgent

UNAVAILABLE = (430, 503)  # this way is no good, another may be


class Ways:
    """Those that are left after the first. A request holds None instead while there was only one from the start."""

    __slots__ = ("_hops", "_ua", "_used")

    def __init__(self, ua: UserAgent, hops: Sequence[NextHop]) -> None:
        self._ua = ua
        self._hops = hops
        self._used = 0

    @property
    def patience_s(self) -> float:
        """How long the one that is tried now may be silent; 0.0 is for the last: as long as RFC 3261 says."""
        return self._ua.failover_s if self._used < len(self._hops) else 0.0

    def answered(self, destination: Destination) -> None:
        """The one that was tried is alive."""
        self._ua.on_target(destination, True)

    def failed(self, destination: Destination) -> NextHop | None:
        """The one that was tried is not; gives the next, None when there is none."""
        self._ua.on_target(destination, False)
        if self._used >= len(self._hops):
            return None
        self._used += 1
        return self._hops[self._used - 1]
