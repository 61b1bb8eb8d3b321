"""The seconds that a page may promise: within them the visitor's phone rings. Nothing is promised that is not kept.

What is shown is the larger of two: what the queue's estimate says for somebody who comes now (its quantile, which knows
who waits and who works), and what the last requests of this hour of the day prove (`pbx.widget.guarantee`). What a
visitor was shown goes back with his request, signed: promises are counted as they were seen.

Where agents serve and nothing is known yet, visitors are called all the same, as soon as somebody is free, and no
seconds are said. Where it would take longer than a page may promise, hours come first, and whoever wants to be called
now may say so.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from math import ceil
from typing import NamedTuple

from pbx.clock import Clock
from pbx.widget.guarantee import Times

OFFER_S = 3600.0  # a page may have stood open for so long
STEPS = ((30, 1), (60, 5), (600, 10), (3600, 60))  # up to so many seconds: rounded up to


class Outlook(NamedTuple):
    """What a page may say of a queue at this moment."""

    seconds: int = 0  # within which we ring; 0: nothing can be promised
    now: bool = False  # agents serve, so that whoever asks is called as soon as somebody is free
    hours_first: bool = True  # it may take long: hours are offered before that


class Promises:
    """Of all sites. `estimate(queue)`: seconds for a newcomer, None when nobody can say; `silence(queue)`: why nobody
    can ("data", "no_agents", ...).
    """

    def __init__(
        self,
        clock: Clock,
        secret: bytes,
        estimate: Callable[[str], float | None],
        silence: Callable[[str], str],
    ) -> None:
        self._clock = clock
        self._secret = secret
        self._estimate = estimate
        self._silence = silence
        self._measured: dict[str, Times] = {}
        self.kept: dict[tuple[str, bool], int] = {}  # (site, whether in time): promises that have their end

    def seconds(self, queue: str, quantile: float, most: int, hour: int) -> int:
        """What may be promised now, in this hour of the day; 0: nothing, or more than `most`."""
        estimate = self._estimate(queue)
        if estimate is None:
            return 0
        times = self._measured.get(queue)
        proven = times.guarantee(hour, quantile).seconds if times is not None else None
        found = max(estimate, proven or 0.0)
        return rounded(found) if found <= most and rounded(found) <= most else 0

    def outlook(self, queue: str, quantile: float, most: int, hour: int) -> Outlook:
        """During opening hours."""
        seconds = self.seconds(queue, quantile, most, hour)
        if seconds:
            return Outlook(seconds, now=True, hours_first=False)
        silence = self._silence(queue)
        return Outlook(0, now=silence != "no_agents", hours_first=silence != "data")

    def measured(self, queue: str, hour: int, took_s: float) -> None:
        """The phone of a visitor who asked in this hour of the day rang so long after that; math.inf: never."""
        self._measured.setdefault(queue, Times()).add(hour, took_s)

    def ended(self, site: str, in_time: bool) -> None:
        """A promise was kept, or not."""
        self.kept[site, in_time] = self.kept.get((site, in_time), 0) + 1

    def offer(self, site: str, queue: str, seconds: int) -> str:
        """What was shown, for the request that follows; "" for nothing."""
        if not seconds:
            return ""
        head = f"{seconds}.{round(self._clock.unix())}"
        return f"{head}.{self._sign(site, queue, head)}"

    def shown(self, site: str, queue: str, offer: str) -> float:
        """The seconds of an offer of ours that is not too old; 0.0 for anything else."""
        head, _, signature = offer.rpartition(".")
        if not head or not hmac.compare_digest(self._sign(site, queue, head).encode(), signature.encode()):
            return 0.0
        seconds, at = (int(part) for part in head.split("."))
        return float(seconds) if self._clock.unix() - at <= OFFER_S else 0.0

    def _sign(self, site: str, queue: str, head: str) -> str:
        return hmac.new(self._secret, f"offer:{site}:{queue}:{head}".encode(), "sha256").hexdigest()[:16]


def rounded(seconds: float) -> int:
    """As it is shown: exact where it is short."""
    step = next((step for most, step in STEPS if seconds <= most), STEPS[-1][1])
    return max(ceil(seconds / step) * step, 5)
