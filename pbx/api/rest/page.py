"""Lists in pages: `{"items": [...], "next": "cursor"}`, asked for by `limit` and `cursor`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field

from pbx.api.control import Refused

T = TypeVar("T")
MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_CURSOR = 512  # characters


class Page(BaseModel, Generic[T]):
    """A part of a list, in a steady order."""

    items: list[T]
    next: str | None = Field(default=None, description="`cursor` of the next page; null at the end")


@dataclass(frozen=True, slots=True)
class PageRequest:
    limit: int
    cursor: str | None

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The values that the cursor holds, of these types; None at the beginning. Refused 422."""
        return read_cursor(self.cursor, *kinds) if self.cursor else None


async def _page_request(  # async: a plain function would be called in a thread
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items of a page")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=MAX_CURSOR, description="`next` of the page before")] = None,
) -> PageRequest:
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(_page_request)]  # a parameter of list routes: `page: Paging`


def make_cursor(*values: str | int | float) -> str:
    """Names a place in a list by the sort values of its last row. Whoever gets it need not understand it."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).rstrip(b"=").decode()


def read_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The values of `make_cursor`, one of each of `kinds`. Raises Refused 422 for a cursor that we did not make."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        values = None
    right = isinstance(values, list) and len(values) == len(kinds)
    if not right or not all(_fits(value, kind) for value, kind in zip(values, kinds, strict=True)):
        raise Refused(422, "cursor is not one of ours; begin without it")
    return tuple(values)


def _fits(value: object, kind: type) -> bool:
    """Whether a database can be asked with it: 64 bits, no NUL in a text."""
    if type(value) is not kind:
        return False
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return not isinstance(value, str) or "\0" not in value


def page_of(rows: Iterable[T], request: PageRequest, key: Callable[[T], str]) -> dict[str, Any]:
    """A page of what is in memory, in the order of `key`, which no two rows share."""
    ordered = sorted(rows, key=key)
    after = request.after(str)
    if after is not None:
        ordered = [row for row in ordered if key(row) > after[0]]
    items = ordered[: request.limit]
    return {"items": items, "next": make_cursor(key(items[-1])) if len(ordered) > len(items) else None}


def page_from(rows: list[T], request: PageRequest, cursor: Callable[[T], str]) -> dict[str, Any]:
    """A page of rows that a query found, which was asked for `request.limit + 1` of them."""
    items = rows[: request.limit]
    return {"items": items, "next": cursor(items[-1]) if len(rows) > len(items) else None}
