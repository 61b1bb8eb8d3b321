"""What the PBX wrote down: CDR rows and journeys, read from its database without disturbing it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

from harness.model import Behaviour

SETTLE_S = 20.0  # the writer thread flushes at least every second


class Records:
    """The rows of calls that started after this object was made."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "centrala.db"
        self._since_us = int(time.time() * 1e6)

    def check(self, behaviour: Behaviour) -> list[str]:
        """What is wrong with the rows; waits up to SETTLE_S for them to come."""
        deadline = time.monotonic() + SETTLE_S
        while True:
            problems = self._problems(behaviour)
            if not problems or time.monotonic() > deadline:
                return problems
            time.sleep(0.1)

    def lacks(self, journey: list[Any]) -> str:
        """What of these steps is not on disk yet; "" when all are."""
        return "".join(in_order(journey, self._events())[:1])

    def _events(self) -> list[tuple[str, dict[str, Any]]]:
        rows = self._rows("SELECT kind, data FROM journey WHERE at_us >= ? ORDER BY seq")
        return [(row["kind"], json.loads(row["data"])) for row in rows]

    def recordings(self) -> list[str]:
        """Paths relative to the recordings folder, in order of the calls."""
        rows = self._rows("SELECT recording FROM cdrs WHERE started_us >= ? ORDER BY started_us, id")
        return [row["recording"] for row in rows]

    def _problems(self, behaviour: Behaviour) -> list[str]:
        problems = []
        if behaviour.cdr is not None:
            rows = self._rows("SELECT * FROM cdrs WHERE started_us >= ? ORDER BY started_us, id")
            problems += compare(behaviour.cdr, rows)
        events = self._events()
        problems += in_order(behaviour.journey, events)
        counts = Counter(kind for kind, _ in events)
        problems += [
            f"{kind} is in the journey and should not be" for kind in behaviour.journey_without if counts[kind]
        ]
        for kind, count in behaviour.journey_counts.items():
            if counts[kind] != count:
                problems.append(f"{kind} is {counts[kind]} times in the journey, {count} times were expected")
        if behaviour.agent_log:
            rows = self._rows("SELECT * FROM agent_log WHERE started_us >= ? ORDER BY seq")
            for wanted in behaviour.agent_log:
                if not any(all(matches(value, row.get(name)) for name, value in wanted.items()) for row in rows):
                    problems.append(f"no agent was {wanted}: {rows}")
        return problems

    def _rows(self, query: str) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=2)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(query, (self._since_us,))]
        finally:
            connection.close()


def compare(expected: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[str]:
    """Every expected row must match another row of the same position in the columns it names."""
    if len(expected) != len(rows):
        listed = "\n    ".join(json.dumps(row, default=str) for row in rows)
        return [f"{len(rows)} CDR rows, {len(expected)} were expected\n    {listed}"]
    problems = []
    for index, (want, row) in enumerate(zip(expected, rows, strict=True)):
        for column, value in want.items():
            if column not in row:
                problems.append(f"cdr[{index}]: there is no column {column!r}; columns: {', '.join(row)}")
            elif not matches(value, row[column]):
                problems.append(f"cdr[{index}].{column} is {row[column]!r}, expected {value!r}")
    return problems


def matches(want: Any, have: Any) -> bool:
    """Equality; `{min: a, max: b}` is a range, `{any: true}` a value that is there, `{not: x}` another one."""
    if not isinstance(want, dict):
        return bool(want == have) or str(want) == str(have)
    if "min" in want and (have is None or have < want["min"]):
        return False
    if "max" in want and (have is None or have > want["max"]):
        return False
    if "any" in want and (have in (None, "")) == bool(want["any"]):
        return False
    return not ("not" in want and matches(want["not"], have))


def in_order(wanted: list[Any], events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The wanted steps must appear in this order, with others between them.

    A step is a kind, or {kind: {name: value}} for one whose data match (as the columns of a CDR do).
    """
    at = 0
    for step in wanted:
        kind, data = next(iter(step.items())) if isinstance(step, dict) else (step, {})
        while at < len(events) and not _fits(events[at], kind, data):
            at += 1
        if at == len(events):
            listed = ", ".join(f"{found} {json.dumps(values)}" if data else found for found, values in events)
            return [f"the journey has no {step} (in this place): {listed}"]
        at += 1
    return []


def _fits(event: tuple[str, dict[str, Any]], kind: str, data: dict[str, Any]) -> bool:
    return event[0] == kind and all(matches(value, event[1].get(name)) for name, value in data.items())


def has(answer: Any, wanted: Any) -> bool:
    """Mappings: every named key; lists: some element for each wanted one, [] means empty; else `matches`."""
    if isinstance(wanted, dict) and isinstance(answer, dict):
        return all(key in answer and has(answer[key], item) for key, item in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(answer, list)
            and bool(wanted or not answer)
            and all(any(has(item, want) for item in answer) for want in wanted)
        )
    return matches(wanted, answer)
