"""What waits to be written: rows in memory until a transaction has taken them, bounded, with every loss counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from pbx.store import schema, schema_tracking
from pbx.store.bulk import BulkInsert, Row
from pbx.store.schema_intervals import interval_stale
from pbx.store.schema_outbox import outbox, outbox_targets

MAX_ROWS = 200_000  # journey rows kept while the database cannot be written: about 15,000 calls, 60 MB
MAX_RECORDS = 100_000  # the same for every other table
ROWS_PER_TRANSACTION = 5_000

JOURNEY = BulkInsert(schema.journey)
AGENT_LOG = BulkInsert(schema.agent_log)
KEYED: dict[str, BulkInsert] = {
    table.name: BulkInsert(table, replace=True)
    for table in (
        schema.cdrs,
        schema.queue_visits,
        schema.queue_offers,
        schema.wait_promises,
        schema.callback_calls,
        schema.trunk_calls,
        schema.agent_states,
        schema.registrations,
        schema.kept,
        schema.meta,
    )
} | {interval_stale.name: BulkInsert(interval_stale)}

# New entries of the outbox: one that its target has already is skipped.
OUTBOX_NEW = "outbox.new"
KEYED[OUTBOX_NEW] = BulkInsert(outbox)
KEYED[outbox_targets.name] = BulkInsert(outbox_targets, replace=True)

TRACKED = (
    schema_tracking.call_sources,
    schema_tracking.visits,
    schema_tracking.visit_pages,
    schema_tracking.number_leases,
    schema_tracking.web_events,
    schema_tracking.number_guard,
    schema_tracking.pool_hours,
)
KEYED |= {table.name: BulkInsert(table, replace=True) for table in TRACKED}

# What a row can be refused for, as against a database that takes nothing at present.
REFUSED = (IntegrityError, DataError, ValueError, OverflowError)


@dataclass(slots=True)
class Pending:
    """Rows by table. Journey and agent log are append-only lists; the others are keyed, the newest version wins."""

    journey: list[Row] = field(default_factory=list)
    agent_log: list[Row] = field(default_factory=list)
    keyed: dict[str, dict[Row, Row]] = field(default_factory=lambda: {name: {} for name in KEYED})
    dropped: int = 0  # rows refused because memory for them had run out
    refused: int = 0  # rows that the database would not take on their own either

    @property
    def rows(self) -> int:
        """Rows that wait."""
        return len(self.journey) + len(self.agent_log) + sum(map(len, self.keyed.values()))

    def add_journey(self, row: Row) -> None:
        """Keeps a row, or counts it as dropped."""
        if len(self.journey) < MAX_ROWS:
            self.journey.append(row)
        else:
            self.dropped += 1

    def add_agent_log(self, row: Row) -> None:
        """Keeps a row, or counts it as dropped."""
        if len(self.agent_log) < MAX_RECORDS:
            self.agent_log.append(row)
        else:
            self.dropped += 1

    def put(self, table: str, key: Row, row: Row) -> None:
        """Keeps the newest version of a keyed row, or counts it as dropped."""
        rows = self.keyed[table]
        if len(rows) < MAX_RECORDS or key in rows:
            rows[key] = row
        else:
            self.dropped += 1

    def write(self, connection: Connection) -> Callable[[], None]:
        """Sends the next rows; returns what forgets them, to be called after the commit.

        Derived records go with the last journey rows, so that no record is on disk without what it was derived from.
        """
        journey = self.journey[:ROWS_PER_TRANSACTION]
        agent_log = self.agent_log[:ROWS_PER_TRANSACTION]
        last = len(journey) == len(self.journey)
        keyed = {name: dict(rows) for name, rows in self.keyed.items() if rows} if last else {}
        self._send(connection, JOURNEY, journey)
        self._send(connection, AGENT_LOG, agent_log)
        for name, rows in keyed.items():
            self._send(connection, KEYED[name], list(rows.values()))

        def forget() -> None:
            del self.journey[: len(journey)]
            del self.agent_log[: len(agent_log)]
            for name, rows in keyed.items():
                kept = self.keyed[name]
                for key, row in rows.items():
                    if kept.get(key) is row:
                        del kept[key]

        return forget

    def _send(self, connection: Connection, insert: BulkInsert, rows: list[Row]) -> None:
        """One bad row must not keep the others out: they are tried one by one when together they are refused.

        Those of them that a part of the first try has written already are skipped or replaced by themselves.
        """
        if not rows:
            return
        try:
            with _undone_alone(connection):
                insert.write(connection, rows)
            return
        except REFUSED:
            pass
        for row in rows:
            try:
                with _undone_alone(connection):
                    insert.write(connection, [row])
            except REFUSED:
                self.refused += 1


def _undone_alone(connection: Connection) -> AbstractContextManager[object]:
    """What keeps a refused statement from undoing its transaction: a savepoint, which SQLite does not need."""
    return nullcontext() if connection.dialect.name == "sqlite" else connection.begin_nested()
