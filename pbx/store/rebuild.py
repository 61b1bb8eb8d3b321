"""Derives the records of all calls again from the journey, for a database whose derived tables are damaged or were
derived by rules that have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, Connection, Table, func, select

from pbx.config import Config
from pbx.store import schema
from pbx.store.database import database_url, prepare, writer_engine
from pbx.store.derived import DERIVED, DerivedRows
from pbx.store.intervals.settling import settle_all
from pbx.store.journey import calls_since, read_fold
from pbx.store.lock import WriterLock

BATCH = 500  # calls whose records are replaced together
Progress = Callable[[int, int], None]  # calls done, of how many


@dataclass(slots=True)
class Rebuilt:
    """What `rebuild` did."""

    calls: int = 0  # whose records are derived anew
    running: int = 0  # without an end in the journey: they get their records when it comes
    kept: int = 0  # records of calls that the journey does not know: nothing else is known of them


def rebuild(connection: Connection, *, zone: str, progress: Progress = lambda _done, _total: None) -> Rebuilt:
    """Replaces every record that can be derived; `zone` is that of calls without a record, others keep theirs.

    Runs within the caller's transaction: readers see the old records until it commits, and all of them if it does not.
    """
    found = Rebuilt()
    calls = list(calls_since(connection, 0))
    for start in range(0, len(calls), BATCH):
        progress(start, len(calls))
        _replace(connection, calls[start : start + BATCH], zone, found)
    progress(len(calls), len(calls))
    settle_all(connection)
    found.kept = connection.execute(select(func.count()).select_from(schema.cdrs)).scalar_one() - found.calls
    return found


def _replace(connection: Connection, batch: list[str], zone: str, found: Rebuilt) -> None:
    cdr = schema.cdrs.c
    known = connection.execute(select(cdr.id, cdr.zone).where(cdr.id.in_(batch)))
    zones = {call_id: kept for call_id, kept in known}  # noqa: C416 - rows are no pairs to the type checker
    records, ended = DerivedRows(), []
    for call_id in batch:
        fold = read_fold(connection, call_id, zones.get(call_id, zone))
        if fold is None or not fold.ended:
            found.running += 1
            continue
        ended.append(call_id)
        records.add(fold)
    for table in DERIVED:
        connection.execute(table.delete().where(_call_of(table).in_(ended)))
    records.write(connection)
    found.calls += len(ended)


def _call_of(table: Table) -> Column[str]:
    return table.c.id if table is schema.cdrs else table.c.call_id


def rebuild_database(config: Config, progress: Progress) -> Rebuilt:
    """Rebuilds the database of `config`, which no running process may have open. Raises StoreError."""
    url = database_url(config)
    prepare(url)
    lock = WriterLock(url)
    lock.acquire()
    try:
        engine = writer_engine(url)
        try:
            with engine.connect() as connection:
                lock.take(connection)
                with connection.begin():
                    return rebuild(connection, zone=config.server.timezone, progress=progress)
        finally:
            engine.dispose()
    finally:
        lock.release()
