"""Keeps the results of test calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select

from pbx.selftest.result import Result, StepResult
from pbx.store import schema
from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import clean, from_json, json_text, micros, seconds
from pbx.store.errors import StoreError
from pbx.store.places import Place, behind

RESULTS = BulkInsert(schema.selftest_results, replace=True)
MAX_LIST = 1000
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class StoredResults:
    """A pbx.selftest.result.ResultStore."""

    def __init__(self) -> None:
        self._durable: Durable | None = None

    def attach(self, durable: Durable) -> None:
        """From now on everything goes through `durable`, the store's."""
        self._durable = durable

    async def write(self, result: Result) -> None:
        row = _row(result)
        await self._run(lambda connection: RESULTS.write(connection, [row]))

    async def results(self, name: str, limit: int, after: Place | None = None) -> Sequence[Result]:
        found: Sequence[Result] = await self._run(lambda connection: read_results(connection, name, limit, after))
        return found

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def read_results(connection: Connection, name: str, limit: int, after: Place | None = None) -> list[Result]:
    """The newest first; of every test with ""."""
    table = schema.selftest_results
    query = select(table).order_by(table.c.started_us.desc(), table.c.id.desc()).limit(min(limit, MAX_LIST))
    if after is not None:
        query = query.where(behind(table.c.started_us, table.c.id, after))
    if name:
        query = query.where(table.c.name == name)
    return [_result(row) for row in connection.execute(query).mappings()]


def _row(result: Result) -> Row:
    """In the order of the table's columns."""
    return (
        result.id,
        clean(result.name),
        micros(result.started),
        micros(result.ended),
        clean(result.trunk),
        clean(result.number),
        result.passed,
        clean(result.reason),
        result.pdd_s,
        result.answer_s,
        result.mos,
        result.rx_packets,
        result.tx_packets,
        result.lost_packets,
        json_text([asdict(step) for step in result.steps]),
    )


def _result(row: Mapping[Any, Any]) -> Result:
    return Result(
        id=row["id"],
        name=row["name"],
        trunk=row["trunk"],
        number=row["number"],
        started=seconds(row["started_us"]),
        ended=seconds(row["ended_us"]),
        passed=bool(row["passed"]),
        reason=row["reason"],
        pdd_s=row["pdd_s"],
        answer_s=row["answer_s"],
        mos=row["mos"],
        rx_packets=row["rx_packets"],
        tx_packets=row["tx_packets"],
        lost_packets=row["lost_packets"],
        steps=[StepResult(**step) for step in from_json(row["steps"])],
    )
