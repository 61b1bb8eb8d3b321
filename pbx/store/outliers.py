"""Which handling is left out of averages: of talks that nobody ended and of wrap-ups that somebody forgot.

A handset that lies beside the phone all night is no long talk. Such calls are counted wherever calls are, and stand
beside the averages with their number.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, or_

LONGEST_S = 4 * 3600.0  # of a talk with its hold, and of a wrap-up


def is_outlier(talk_s: ColumnElement[Any], hold_s: ColumnElement[Any], wrapup_s: Any = 0.0) -> ColumnElement[bool]:
    """Of one call or visit; durations in seconds."""
    long = talk_s + hold_s > LONGEST_S
    return long if isinstance(wrapup_s, float) else or_(long, wrapup_s > LONGEST_S)


def inside(value: ColumnElement[Any], outlier: ColumnElement[bool]) -> ColumnElement[Any]:
    """The value, and nothing for an outlier."""
    return case((outlier, 0.0), else_=value)
