"""The range that nine of ten counts fall into: Poisson noise, and how much more than that like days differ."""

from __future__ import annotations

import math

import numpy as np

TAIL = 0.05  # on each side
NORMAL = 1.6449
WHOLE = 5000.0  # from here on the normal distribution is as good


def range_of(mean: float, variance: float) -> tuple[float, float]:
    """(low, high) of a count: quantiles of the negative binomial, of Poisson where it varies no more than that."""
    if mean <= 0:
        return 0.0, 0.0
    spread = math.sqrt(max(variance, mean))
    if mean > WHOLE:
        return max(mean - NORMAL * spread, 0.0), mean + NORMAL * spread
    most = int(mean + 12 * spread) + 12
    k = np.arange(1, most + 1)
    extra = (max(variance, mean) - mean) / (mean * mean)
    if extra * mean < 1e-6:
        first, steps = -mean, np.log(mean / k)
    else:
        r = 1 / extra
        first, steps = -r * math.log1p(mean / r), np.log((r + k - 1) / k * (mean / (r + mean)))
    reached = np.cumsum(np.exp(first + np.concatenate((np.zeros(1), np.cumsum(steps)))))
    reached /= reached[-1]
    low, high = np.searchsorted(reached, (TAIL, 1 - TAIL))
    return float(low), float(high)


def beyond_poisson(counts: np.ndarray, means: np.ndarray, fitted: float = 0.0) -> float:
    """phi of variance = mean + phi * mean^2, by moments; `fitted` of the counts' freedom went into the means."""
    whole = float((means**2).sum())
    if not whole or len(counts) <= fitted + 1:
        return 0.0
    squares = float(((counts - means) ** 2).sum()) * len(counts) / (len(counts) - fitted)
    return max((squares - float(means.sum())) / whole, 0.0)
