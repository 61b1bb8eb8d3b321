"""Calls by source, medium and campaign. A call counts where it most likely comes from; its weight is shared.

Weighted: the sum of the probabilities with which calls come from the source. What is missing in a call to 1 is in the
line without a source, so that the column adds up to the calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from pbx.reporting.intervals import Interval
from pbx.reporting.opened.figure import Fact, Mark
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit, Value
from pbx.store.encode import from_json
from pbx.store.schema import cdrs
from pbx.store.schema_tracking import call_sources

Key = tuple[str, str, str]
UNKNOWN: Key = ("", "", "")
NOTES = (
    "Unique: first call of the caller within the window. Answered: a person talked with him. Weighted: sum of the\n"
    "probabilities; the line without a source has what is not known. Test calls are left out."
)
COLUMNS = (
    Column("source", "source", Unit.TEXT),
    Column("medium", "medium", Unit.TEXT),
    Column("campaign", "campaign", Unit.TEXT),
    Column("calls", "calls", formula="SOURCE.CALLS"),
    Column("unique_callers", "uni-\nque", formula="SOURCE.UNIQUE"),
    Column("answered", "answ.", formula="SOURCE.ANSWERED"),
    Column("missed", "missed", formula="SOURCE.MISSED"),
    Column("missed_share", "missed\nshare", Unit.SHARE, "SOURCE.MISSED"),
    Column("weighted", "weighted", Unit.MONEY, "SOURCE.WEIGHTED"),
    Column("wait_s", "mean\nwait", Unit.SECONDS, "SOURCE.CALLS"),
    Column("talk_s", "talk", Unit.SECONDS, "SOURCE.ANSWERED", Measure.SUM),
)


@dataclass(slots=True)
class _Line:
    calls: int = 0
    unique: int = 0
    answered: int = 0
    weighted: float = 0.0
    wait_s: float = 0.0
    talk_s: float = 0.0


def sources(connection: Connection, request: Request) -> Sequence[Sheet]:
    """Calls by where they come from."""
    return [sources_sheet(connection, request.period)]


def sources_sheet(connection: Connection, period: Interval) -> Sheet:
    """The most calls first; the line of unknown sources is the last."""
    lines: dict[Key, _Line] = {}
    for row in _calls(connection, period):
        line = lines.setdefault(_key(row), _Line())
        line.calls += 1
        line.unique += bool(row["is_unique"])
        line.answered += row["bridged_us"] is not None
        line.wait_s += row["wait_s"]
        line.talk_s += row["talk_s"]
        for key, weight in _weights(row):
            lines.setdefault(key, _Line()).weighted += weight
    ranked = sorted(lines.items(), key=lambda pair: (pair[0] == UNKNOWN, -pair[1].calls, -pair[1].weighted, pair[0]))
    return Sheet(f"Sources of calls, {period.label}", COLUMNS, [_row(key, line) for key, line in ranked], NOTES)


KEYS = ("source", "medium", "campaign")


def source_facts(connection: Connection, request: Request) -> Iterator[Fact]:
    """Each call where it counts, with its wait or talk; and each source that it may come from, with its weight."""
    for row in _calls(connection, request.period):
        talked = row["bridged_us"] is not None
        marks: dict[str, Mark] = {
            "SOURCE.CALLS": (True, row["wait_s"]),
            "SOURCE.UNIQUE": (bool(row["is_unique"]), row["wait_s"]),
            "SOURCE.ANSWERED": (talked, row["talk_s"]),
            "SOURCE.MISSED": (not talked, row["wait_s"]),
        }
        note = f"{row['method']} {row['probability']:.2f}"
        yield Fact(row["started_us"], row["call_id"], dict(zip(KEYS, _key(row), strict=True)), marks, note)
        for key, weight in _weights(row):
            keys = dict(zip(KEYS, key, strict=True))
            yield Fact(row["started_us"], row["call_id"], keys, {"SOURCE.WEIGHTED": (True, weight)}, row["method"])


def _calls(connection: Connection, period: Interval) -> Iterator[Any]:
    table, cdr = call_sources.c, cdrs.c
    query = (
        select(
            table.call_id, table.source, table.medium, table.campaign, table.probability, table.candidates,
            table.is_unique, table.method, cdr.started_us, cdr.bridged_us, cdr.wait_s, cdr.talk_s,
        )
        .select_from(call_sources.join(cdrs, cdr.id == table.call_id))
        .where(cdr.started_us >= period.start_us, cdr.started_us < period.end_us, cdr.direction == "inbound")
        .where(cdr.test == "")
    )  # fmt: skip
    yield from connection.execute(query).mappings()


def _key(row: Any) -> Key:
    return row["source"], row["medium"], row["campaign"]


def _weights(row: Any) -> Iterator[tuple[Key, float]]:
    """How the call's weight of one is shared."""
    left = 1.0
    candidates = from_json(row["candidates"]) if row["candidates"] else None
    certain = row["probability"] >= 1.0
    if candidates and not certain:
        for entry in candidates:
            weight = min(float(entry["probability"]), left)
            left -= weight
            yield (entry["source"], entry["medium"], entry["campaign"]), weight
    else:
        left -= row["probability"]
        yield _key(row), row["probability"]
    if left > 1e-9:
        yield UNKNOWN, left


def _row(key: Key, line: _Line) -> Sequence[Value]:
    missed = line.calls - line.answered
    mean_s = line.wait_s / line.calls if line.calls else None
    return (
        *key, line.calls, line.unique, line.answered, missed, share(missed, line.calls), line.weighted, mean_s,
        line.talk_s,
    )  # fmt: skip
