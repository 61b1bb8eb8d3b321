"""Quarters of an hour by UTC, and the SQL of whole-numbered sums that SQLite and PostgreSQL have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, and_, case, cast, func, literal_column, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Text

BIN_US = 900_000_000
Span = tuple[int, int]  # from, up to (not included), microseconds
Moment = int | BindParameter[int]
Moments = tuple[Moment, Moment]  # a span, or the parameters of one


# Written into the statement: PostgreSQL takes two parameters for different expressions where rows are grouped.
_BIN: ColumnElement[int] = literal_column(str(BIN_US), BigInteger)


def begin(at_us: int) -> int:
    """Where the quarter of an instant begins."""
    return at_us // BIN_US * BIN_US


def begin_after(at_us: int) -> int:
    """Where the first quarter at or after an instant begins."""
    return -(-at_us // BIN_US) * BIN_US


def spans(bins: Iterable[int]) -> list[Span]:
    """The quarters in order, neighbours in one span."""
    found: list[Span] = []
    for one in sorted(bins):
        if found and found[-1][1] == one:
            found[-1] = found[-1][0], one + BIN_US
        else:
            found.append((one, one + BIN_US))
    return found


def at_most(found: Sequence[Span], most: int) -> list[Span]:
    """At most so many spans that cover those given: the narrowest gaps are closed."""
    left = sorted(found)
    while len(left) > most:
        at = min(range(1, len(left)), key=lambda n: left[n][0] - left[n - 1][1])
        left[at - 1 : at + 1] = [(left[at - 1][0], max(left[at][1], left[at - 1][1]))]
    return left


def bin_of(at_us: ColumnElement[int]) -> ColumnElement[int]:
    """`begin` in SQL."""
    return at_us // _BIN * _BIN


def within(at_us: ColumnElement[int], wanted: Sequence[Moments]) -> ColumnElement[bool]:
    """The instant lies in one of the spans."""
    return or_(*(and_(at_us >= start, at_us < end) for start, end in wanted))


def total(value: ColumnElement[Any] | int, condition: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """The sum of whole numbers, of those rows for which the condition holds."""
    summed = func.sum(value if condition is None else case((condition, value), else_=0))
    return cast(func.coalesce(summed, 0), BigInteger)


def count(condition: ColumnElement[bool] | None = None) -> ColumnElement[int]:
    """How many rows there are, or those for which the condition holds."""
    return cast(func.count(), BigInteger) if condition is None else total(1, condition)


def greatest(value: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.coalesce(func.max(value), 0), BigInteger)


def millionths(value: ColumnElement[Any]) -> ColumnElement[int]:
    """A figure as a whole number of millionths: seconds as microseconds."""
    return cast(func.round(value * 1_000_000), BigInteger)


class JsonKey(FunctionElement[str]):
    """A text of a JSON object that a text column holds; both arguments are written into the statement."""

    type = Text()
    inherit_cache = True
    name = "json_key"


def json_key(column: ColumnElement[str], key: str) -> JsonKey:
    """The text that stands under `key`, NULL where there is none."""
    return JsonKey(column, literal_column(f"'{key}'"))


@compiles(JsonKey)
def _json_sqlite(element: JsonKey, compiler: SQLCompiler, **options: Any) -> str:
    column, key = (compiler.process(one, **options) for one in element.clauses)
    return f"json_extract({column}, '$.' || {key})"


@compiles(JsonKey, "postgresql")
def _json_postgresql(element: JsonKey, compiler: SQLCompiler, **options: Any) -> str:
    column, key = (compiler.process(one, **options) for one in element.clauses)
    return f"(CAST({column} AS json) ->> {key})"
