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

QUANTILE = 0.8
FEW = 50  # stages that are counted exactly
STEPS_PER_E = 50  # rates are taken to two percent, so that the same stages come again: an estimate costs up to a ms


def mean_wait_s(position: int, agents: int, aht_s: float, patience_s: float) -> float:
    """QLm: the mean wait of the caller at `position` (1 is the head) when all of `agents` (>= 1) are busy."""
    _check(position, agents, aht_s)
    return mean_of(position, agents / aht_s, 1 / patience_s if patience_s > 0 else 0.0)


def quantile_wait_s(position: int, agents: int, aht_s: float, patience_s: float, share: float = QUANTILE) -> float:
    """The wait that `share` of the callers in this place will not exceed. `patience_s` 0: nobody gives up."""
    _check(position, agents, aht_s)
    return _quantile(position, agents / aht_s, 1 / patience_s if patience_s > 0 else 0.0, share)


def mean_of(stages: int, service: float, theta: float) -> float:
    """The mean of the sum of stages with the rates service + i*theta, i from 0; `service` > 0, all per second."""
    if stages > FEW and theta * 1e6 > service:  # else the difference of the two would be lost in rounding
        return (_digamma(service / theta + stages) - _digamma(service / theta)) / theta
    return sum(1 / (service + index * theta) for index in range(stages))


def _digamma(x: float) -> float:
    """The logarithmic derivative of the gamma function for x > 0, to 1e-10: recurrence, then its asymptotic series."""
    below = 0.0
    while x < 10:
        below -= 1 / x
        x += 1
    square = 1 / (x * x)
    return below + math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square / 252))


def quantile_of(stages: int, service: float, theta: float, share: float) -> float:
    """The quantile `share` of that sum, in seconds; rates, and stages beyond some, are rounded to two percent, results
    remembered.
    """
    if not stages:
        return 0.0
    if stages > FEW:
        stages = round(math.exp(_step(stages) / STEPS_PER_E))
    return _remembered(stages, _step(service), _step(theta) if theta > 0 else None, share)


def _step(rate: float) -> int:
    return round(math.log(rate) * STEPS_PER_E)


@lru_cache(maxsize=8192)
def _remembered(stages: int, service: int, theta: int | None, share: float) -> float:
    return _quantile(
        stages, math.exp(service / STEPS_PER_E), 0.0 if theta is None else math.exp(theta / STEPS_PER_E), share
    )


def _quantile(stages: int, service: float, theta: float, share: float) -> float:
    high = mean_of(stages, service, theta)
    while _served_within(high, stages, service, theta) < share:
        high *= 2
    low = 0.0
    while high - low > 0.1:  # s; far finer than what is spoken
        middle = (low + high) / 2
        if _served_within(middle, stages, service, theta) < share:
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
