"""Where a page of a list ends: a list that is the newest first goes on behind the last row of the page before."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

Place = tuple[int, str]  # of the last row: microseconds, id


def behind(instant: ColumnElement[Any], key: ColumnElement[Any], place: Place) -> ColumnElement[bool]:
    """The condition for lists in the order of `instant` and `key`, both descending; an index on the instant does."""
    at_us, last = place
    return and_(instant <= at_us, or_(instant < at_us, key < last))
