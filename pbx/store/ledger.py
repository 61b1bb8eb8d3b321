"""Keeps advert costs, sales, what other systems were told, and reconciliations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, Update, bindparam, delete, select, tuple_, update

from pbx.ledger.costs import CostKey
from pbx.ledger.mark import Mark, State
from pbx.ledger.ports import Put, Run
from pbx.ledger.sales import Sale
from pbx.store import schema_ledger as schema
from pbx.store.bulk import BulkInsert, Row
from pbx.store.encode import clean, json_text, micros
from pbx.store.errors import StoreError

COSTS = BulkInsert(schema.ad_costs, replace=True)
SALES = BulkInsert(schema.sales, replace=True)
MARKS = BulkInsert(schema.ledger_marks, replace=True)
FIRST_MARKS = BulkInsert(schema.ledger_marks)  # what was told before stands
LEADS = BulkInsert(schema.ledger_leads, replace=True)
RUNS = BulkInsert(schema.reconcile_runs, replace=True)
ROWS = BulkInsert(schema.reconcile_rows, replace=True)
PART = 400  # keys in one statement
PRUNED_AT_ONCE = 20
Durable = Callable[[Callable[[Connection], Any]], Awaitable[Any]]
_cost, _sale, _run = schema.ad_costs.c, schema.sales.c, schema.reconcile_runs.c


class StoredLedger:
    """A pbx.ledger.ports.LedgerStore."""

    def __init__(self) -> None:
        self._durable: Durable | None = None

    def attach(self, durable: Durable) -> None:
        """From now on everything goes through `durable`, the store's."""
        self._durable = durable

    async def put_costs(self, entries: Mapping[CostKey, tuple[int, str]], batch: str) -> Put:
        columns = (_cost.source, _cost.medium, _cost.campaign, _cost.number, _cost.day)

        def intent(connection: Connection) -> Put:
            rows = _cost_rows(entries, batch)
            known: dict[Row, Row] = {}
            for part in _parts(rows):
                query = select(*columns, _cost.amount_micro, _cost.currency)
                found = connection.execute(query.where(tuple_(*columns).in_([row[:5] for row in part])))
                known.update((tuple(row[:5]), tuple(row[5:7])) for row in found)
            COSTS.write(connection, rows)
            return _compared(known, {row[:5]: row[5:7] for row in rows})

        put: Put = await self._run(intent)
        return put

    async def put_sales(self, sales: Sequence[Sale], batch: str) -> Put:
        def intent(connection: Connection) -> Put:
            rows = {clean(sale.order_id): sale_row(sale, batch) for sale in sales}
            known: dict[Row, Row] = {}
            for part in _parts(list(rows)):
                query = select(
                    _sale.order_id, _sale.at_us, _sale.number, _sale.told_id, _sale.amount_micro, _sale.currency
                )
                found = connection.execute(query.where(_sale.order_id.in_(part)))
                known.update(((row[0],), tuple(row[1:])) for row in found)
            given = {(order,): row[1:6] for order, row in rows.items()}
            SALES.write(connection, [row for order, row in rows.items() if known.get((order,)) != row[1:6]])
            return _compared(known, given)

        put: Put = await self._run(intent)
        return put

    async def set_matches(self, matches: Mapping[str, tuple[str, str]]) -> None:
        statement = (
            update(schema.sales)
            .where(_sale.order_id == bindparam("wanted"))
            .values(call_id=bindparam("found"), matched_by=bindparam("how"))
        )
        every = [{"wanted": order, "found": call, "how": by} for order, (call, by) in matches.items()]
        for part in _parts(every):
            await self._run(partial(_execute, statement=statement, rows=part))

    async def mark(self, *marks: Mark) -> None:
        first: dict[Row, Row] = {}
        later: dict[Row, Row] = {}
        for one in marks:
            row = mark_row(one)
            some = first if one.state in (State.QUEUED, State.SKIPPED) else later
            some[row[:3]] = row

        def intent(connection: Connection) -> None:
            FIRST_MARKS.write(connection, list(first.values()))
            MARKS.write(connection, list(later.values()))

        await self._run(intent)

    async def first_of(self, target: str, number: str, call_id: str, at: float, again_s: float) -> bool:
        lead = schema.ledger_leads.c
        query = select(lead.call_id, lead.at_us).where(lead.target == target, lead.number == clean(number))

        def intent(connection: Connection) -> bool:
            found = connection.execute(query).first()
            first = found is None or found.call_id == call_id or micros(at) - found.at_us > micros(again_s)
            maker = call_id if first else found.call_id  # type: ignore[union-attr]
            latest = max(micros(at), found.at_us if found is not None else 0)
            LEADS.write(connection, [(target, clean(number), maker, latest)])
            return first

        first: bool = await self._run(intent)
        return first

    async def put_run(self, run: Run, rows: Sequence[tuple[Any, ...]]) -> None:
        head = (run.id, run.start_us, run.end_us, run.label, run.made_us, run.made_by, json_text(run.summary))
        lines = [
            (run.id, at, clean(call), at_us, clean(number), clean(place), json_text(present), json_text(reasons))
            for at, (call, at_us, number, place, present, reasons) in enumerate(rows, 1)
        ]
        for part in _parts(lines, 5000):  # the head comes last: rows without one are of nothing
            await self._run(partial(ROWS.write, rows=part))
        await self._run(lambda connection: RUNS.write(connection, [head]))

    async def prune(self, before: float) -> int:
        old = select(_run.id).where(_run.made_us < micros(before)).limit(PRUNED_AT_ONCE)
        mark = schema.ledger_marks

        def intent(connection: Connection) -> int:
            gone = list(connection.execute(old).scalars())
            rows: Table = schema.reconcile_rows
            connection.execute(delete(rows).where(rows.c.run.in_(gone)))
            connection.execute(delete(schema.reconcile_runs).where(_run.id.in_(gone)))
            oldest = select(mark.c.call_id).where(mark.c.at_us < micros(before)).limit(PART)
            connection.execute(delete(mark).where(mark.c.call_id.in_(oldest)))
            return len(gone)

        count: int = await self._run(intent)
        return count

    async def _run(self, intent: Callable[[Connection], Any]) -> Any:
        if self._durable is None:
            raise StoreError("the store is not started")
        return await self._durable(intent)


def _cost_row(key: CostKey, micro: int, currency: str, batch: str) -> Row:
    """In the order of the table's columns."""
    named = map(clean, (key.source, key.medium, key.campaign, key.number))
    return (*named, key.day.isoformat(), micro, currency, batch)


def _cost_rows(entries: Mapping[CostKey, tuple[int, str]], batch: str) -> list[Row]:
    """In the writer's thread: an import has 100,000 of them."""
    return [
        (*map(clean, (key.source, key.medium, key.campaign, key.number)), key.day.isoformat(), micro, currency, batch)
        for key, (micro, currency) in sorted(entries.items())
    ]


def mark_row(mark: Mark) -> Row:
    """In the order of the table's columns; the first three are its key."""
    return (clean(mark.call_id), mark.target, mark.event, mark.state.value, clean(mark.reason), micros(mark.at))


def sale_row(sale: Sale, batch: str) -> Row:
    """In the order of the table's columns; not matched yet."""
    return (
        clean(sale.order_id),
        sale.at_us,
        clean(sale.number),
        clean(sale.told_id),
        sale.micro,
        sale.currency,
        batch,
        "",
        "",
    )


def _execute(connection: Connection, *, statement: Update, rows: list[dict[str, str]]) -> None:
    connection.execute(statement, rows)


def _compared(known: Mapping[Row, Row], given: Mapping[Row, Row]) -> Put:
    same = sum(known.get(key) == row for key, row in given.items())
    new = sum(key not in known for key in given)
    return Put(new, len(given) - new - same, same)


def _parts(rows: Iterable[Any], size: int = PART) -> Iterator[list[Any]]:
    every = list(rows)
    return (every[at : at + size] for at in range(0, len(every), size))
