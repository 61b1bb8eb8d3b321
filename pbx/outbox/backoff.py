"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime

from pbx.web.client import Answer

MAX_DOUBLINGS = 30


def backoff(attempts: int, least_s: float, most_s: float, rng: random.Random) -> float:
    """Seconds after the `attempts`th failure: doubled each time up to `most_s`, and a random half of it taken off, so
    that what failed together does not come again together.
    """
    whole = min(most_s, least_s * 2.0 ** min(max(attempts - 1, 0), MAX_DOUBLINGS))
    return whole * rng.uniform(0.5, 1.0)


def retry_after(answer: Answer, now: float) -> float:
    """Seconds that the answer asks us to wait: a number of them, or a date (RFC 9110 section 10.2.3); 0 for none."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now) if text else 0.0
    except (ValueError, OverflowError):
        return 0.0
