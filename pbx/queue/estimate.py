"""How long a caller will wait: position- and patience-aware (QLm, Whitt), announced as a quantile and not as a mean.

With n agents, service rate mu = 1/AHT and patience rate theta, the caller at position p waits through p stages:
someone finishes
(n*mu) or someone in front gives up (i*theta). The wait is a sum of independent exponentials with rates n*mu + i*theta,
i = 0..p-1; divided by theta it is minus the logarithm of a Beta(n*mu/theta, p) variable, which gives every quantile
exactly.
"""

from __future__ import annotations

import math
from functools import lru_cache

from pbx.queue.durations import Durations

DEFAULT_AHT_S = 180.0
DEFAULT_PATIENCE_S = 300.0
QUANTILE = 0.8
PRIOR = 5  # the defaults count as so many calls
WEIGHT = 0.05  # of the newest call in the moving average, once there are enough
FORGET = 0.99  # per caller, of what is known about patience


def mean_wait_s(position: int, agents: int, aht_s: float, patience_s: float) -> float:
    """QLm: the mean wait of the caller at `position` (1 is the head) when all of `agents` (>= 1) are busy."""
    _check(position, agents, aht_s)
    service = agents / aht_s
    theta = 1 / patience_s if patience_s > 0 else 0.0
    return sum(1 / (service + index * theta) for index in range(position))


def quantile_wait_s(position: int, agents: int, aht_s: float, patience_s: float, share: float = QUANTILE) -> float:
    """The wait that `share` of the callers in this place will not exceed. `patience_s` 0: nobody gives up."""
    _check(position, agents, aht_s)
    service = agents / aht_s
    theta = 1 / patience_s if patience_s > 0 else 0.0
    high = mean_wait_s(position, agents, aht_s, patience_s)
    while _served_within(high, position, service, theta) < share:
        high *= 2
    low = 0.0
    while high - low > 0.1:  # s; far finer than what is spoken
        middle = (low + high) / 2
        if _served_within(middle, position, service, theta) < share:
            low = middle
        else:
            high = middle
    return high


def _check(position: int, agents: int, aht_s: float) -> None:
    if position < 1 or agents < 1 or aht_s <= 0:
        raise ValueError(f"position and agents start at 1, AHT is above 0: {position=}, {agents=}, {aht_s=}")


def _served_within(wait_s: float, position: int, service: float, theta: float) -> float:
    """P(the sum of exponentials <= wait_s)."""
    if theta * wait_s < 1e-9:
        return _erlang_within(wait_s * service, position)
    return 1.0 - beta_below(math.exp(-theta * wait_s), service / theta, position)


def _erlang_within(mean: float, stages: int) -> float:
    """P(a Poisson variable of this mean is at least `stages`), which is the Erlang distribution."""
    if mean <= 0:
        return 0.0
    log_mean = math.log(mean)
    return 1.0 - math.fsum(math.exp(count * log_mean - mean - math.lgamma(count + 1)) for count in range(stages))


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_below(1.0 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    fraction = d
    for step in range(1, 500):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        for factor in (even, odd):
            d = 1 + factor * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + factor / c
            c = c if abs(c) > tiny else tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return math.exp(log_front) * fraction / a


class Estimator:
    """What one queue has learned: handling time and patience, both starting from defaults."""

    __slots__ = ("_abandoned", "_handled", "_waited_s", "aht_s", "talks", "wrapups")

    def __init__(
        self, aht_s: float = DEFAULT_AHT_S, patience_s: float = DEFAULT_PATIENCE_S, wrapup_s: float = 0.0
    ) -> None:
        self.aht_s = aht_s
        self.talks = Durations(aht_s - min(wrapup_s, aht_s / 2))
        self.wrapups = Durations(wrapup_s)
        self._handled = 0
        self._abandoned = float(PRIOR)
        self._waited_s = PRIOR * patience_s

    def handled(self, seconds: float) -> None:
        """A call was talked, held and wrapped up in this time."""
        self._handled += 1
        self.aht_s += (max(seconds, 1.0) - self.aht_s) * max(WEIGHT, 1 / (self._handled + PRIOR))

    def waited(self, seconds: float, *, abandoned: bool) -> None:
        """A caller waited so long, and gave up or was answered: patience is censored by answers (exponential MLE)."""
        self._abandoned = self._abandoned * FORGET + abandoned
        self._waited_s = self._waited_s * FORGET + seconds

    @property
    def patience_s(self) -> float:
        """The mean patience: all waiting over all abandonments, old ones fading."""
        return self._waited_s / max(self._abandoned, 0.01)

    def wait_s(self, position: int, agents: int) -> float | None:
        """The wait to announce; None while nobody is there to answer."""
        if position < 1 or agents < 1:
            return None
        return _remembered_wait_s(position, agents, round(self.aht_s), round(self.patience_s / 5) * 5)


@lru_cache(maxsize=4096)
def _remembered_wait_s(position: int, agents: int, aht_s: int, patience_s: int) -> float:
    """The same places come again with every caller; an estimate costs up to a millisecond."""
    return quantile_wait_s(position, agents, max(aht_s, 1), max(patience_s, 5))
