"""Handling time by hour of the day, as far as the calls prove that hours differ, and how sure the means are."""

from __future__ import annotations

import math

import numpy as np

from pbx.staffing.history import SLOTS, History

HOURS = 24
PER_HOUR = SLOTS // HOURS
NORMAL_95 = 1.96


def handling_by_slot(past: History) -> np.ndarray:
    """Seconds for each quarter hour: the hour's own mean drawn to that of all hours, the more the fewer calls it has
    (Bühlmann's credibility: the weight is what the means differ by more than chance would make them).
    """
    hour, took = past.handled[:, 0].astype(int) // PER_HOUR, past.handled[:, 1]
    mean = float(took.mean())
    count = np.bincount(hour, minlength=HOURS).astype(float)
    means = np.bincount(hour, took, HOURS) / np.maximum(count, 1)
    used = int((count > 0).sum())
    if len(took) <= used or used < 2:
        return np.full(SLOTS, mean)
    within = float(((took - means[hour]) ** 2).sum()) / (len(took) - used)
    # Bühlmann and Straub's estimator of the variance between the hours
    whole = len(took) - float((count**2).sum()) / len(took)
    between = (float((count * (means - mean) ** 2).sum()) - (used - 1) * within) / whole
    if between <= 0:
        return np.full(SLOTS, mean)
    weight = count / (count + within / between)
    return np.repeat(mean + weight * (means - mean) * (count > 0), PER_HOUR)


def handling_range_s(past: History) -> tuple[float, float]:
    """In which the mean lies with 95 %; its own value twice where one call or none tells."""
    mean = past.handling_s or 0.0
    if len(past.handled) < 2:
        return mean, mean
    error = float(past.handled[:, 1].std(ddof=1)) / math.sqrt(len(past.handled))
    return max(mean - NORMAL_95 * error, 1.0), mean + NORMAL_95 * error


def patience_range_s(past: History) -> tuple[float, float]:
    """The same of the mean patience: the count of those who gave up is Poisson (interval of its logarithm)."""
    mean = past.patience_s or 0.0
    if not past.abandoned:
        return mean, mean
    factor = math.exp(NORMAL_95 / math.sqrt(past.abandoned))
    return mean / factor, mean * factor
