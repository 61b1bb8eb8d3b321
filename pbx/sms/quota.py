"""How many messages a number, a source and a range of numbers may get: what a fraud, or a mistake, may cost at most.

The range guards against SMS pumping: messages that are asked for to numbers of one block, whose operator shares what
they cost.
"""

from __future__ import annotations

from pbx.call.keeping import Keeper
from pbx.clock import Clock
from pbx.config_sms import Sms
from pbx.contact.limits import Limit, RequestLimits, read_limit
from pbx.contact.messaging import SmsRefused

ROOM = "sms_limits"
BLOCK = 4  # last digits that numbers of one block differ in
HOUR_S = 3600.0


class Quota:
    """Sliding windows, kept over a restart."""

    def __init__(self, settings: Sms, clock: Clock, keeper: Keeper) -> None:
        self._limits = RequestLimits(clock, ROOM, keeper)
        self.configure(settings)

    def configure(self, settings: Sms) -> None:
        """From now on these limits; what was counted counts on."""
        self._number = [read_limit(text) for text in settings.limits_per_number]
        self._source = [read_limit(text) for text in settings.limits_per_source]
        self._block = [read_limit(text) for text in settings.pumping]

    def take(self, number: str, source: str, once: str, once_per_h: float) -> None:
        """Counts one more message, or raises SmsRefused 429 and counts nothing. `once` names what a number gets once
        in `once_per_h` hours.
        """
        wanted: list[tuple[str, str, list[Limit]]] = []
        if once_per_h > 0:
            wanted.append(("once", f"once:{once}:{number}", [Limit(1, once_per_h * HOUR_S)]))
        wanted.append(("limit_number", f"number:{number}", self._number))
        if source and self._source:
            wanted.append(("limit_source", f"source:{source}", self._source))
        wanted.append(("pumping", f"block:{number[:-BLOCK]}", self._block))
        for reason, key, limits in wanted:
            over = self._limits.over(key, limits)
            if over is not None:
                window = f"{over.limit.window_s / HOUR_S:g} h"
                text = f"{number}: {reason}, {over.limit.most} within {window}; try again in {over.wait_s:.0f} s"
                raise SmsRefused(429, reason, text, over.wait_s)
        for _reason, key, limits in wanted:
            if limits:
                self._limits.count(key, limits)

    def sweep(self) -> None:
        """Forgets who got nothing for longer than any window."""
        windows = [limit.window_s for limit in (*self._number, *self._source, *self._block)]
        self._limits.sweep(max([*windows, 7 * 86_400.0]))
