"""What a figure is made of: rows that the database selects, or facts that are told one by one.

Either way each row of the whole says whether it is counted, and what it adds to a mean or a sum. Keys narrow the whole
(queue, agent...); those of `within` narrow only what is counted of it (the tool among all tools of a device).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, true

from pbx.reporting.request import Request

Condition = Callable[[Request], ColumnElement[bool]]
Amount = Callable[[Request], ColumnElement[Any]]
Mark = tuple[bool, float | None]  # whether it is counted, and its value
NOTHING: frozenset[str] = frozenset()
ALL = "all"  # of a key: the facts of everything together, where they are not those of the parts
NONE = "-"  # a filter for what has no such key


def always(_: Request) -> ColumnElement[bool]:
    """All of it."""
    return true()


def holds(condition: ColumnElement[bool]) -> Condition:
    """What does not depend on what was asked."""
    return lambda _: condition


@dataclass(frozen=True, slots=True)
class Source:
    """A table or subquery whose rows are counted: `id` names the call or contact, `at` the instant by which a period
    has it. What has an `ends` lasts, and belongs to every period that it touches. `agent` is who has a team. `told` are
    filters that are no column, but an expression of one.
    """

    table: FromClause
    id: str
    at: str
    what: str = "call"  # "contact", "message", "state"
    keys: Mapping[str, str] = field(default_factory=dict)  # filter -> column
    base: ColumnElement[bool] = field(default_factory=true)
    ends: str = ""
    agent: str = ""
    told: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """`whole` is the denominator, `part` of it the numerator; `value` what is averaged or added up, `amount` the same
    where it depends on what was asked.
    """

    id: str
    source: Source
    whole: Condition
    part: Condition
    value: ColumnElement[Any] | None = None
    amount: Amount | None = None
    within: frozenset[str] = NOTHING

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.source.keys, *self.source.told, *(("team", "site") if self.source.agent else ()))

    @property
    def what(self) -> str:
        return self.source.what


class Fact(NamedTuple):
    """One row of several figures: `marks` by their ids. `note` says what the row's id alone does not."""

    at_us: int
    id: str
    keys: Mapping[str, str]
    marks: Mapping[str, Mark]
    note: str = ""


Tell = Callable[[Connection, Request], Iterable[Fact]]


@dataclass(frozen=True, slots=True)
class Told:
    """A figure whose rows are no selection of one table. With `total` all together have facts of their own, whose keys
    are ALL: a customer of two queues is one customer. With `parts` a part of a period has the facts that the whole has
    there, so that the newest can be told alone.
    """

    id: str
    tell: Tell
    keys: tuple[str, ...]
    what: str = "call"
    within: frozenset[str] = NOTHING
    total: bool = False
    parts: bool = False


def told(
    tell: Tell, keys: tuple[str, ...], *ids: str, what: str = "call", total: bool = False, parts: bool = False
) -> tuple[Told, ...]:
    """Figures of the same facts."""
    return tuple(Told(one, tell, keys, what, total=total, parts=parts) for one in ids)
