"""The tables that follow from the journey, and the rows of calls for all of them."""

from __future__ import annotations

from sqlalchemy import Connection

from pbx.store import schema, schema_tracking
from pbx.store.batch import KEYED
from pbx.store.bulk import Row
from pbx.store.fold import CallFold
from pbx.store.intervals.marking import stale_bins
from pbx.store.intervals.settling import mark
from pbx.store.records import keyed, row

DERIVED = (
    schema.cdrs,
    schema.queue_visits,
    schema.queue_offers,
    schema.wait_promises,
    schema.trunk_calls,
    schema.callback_calls,
    schema_tracking.call_sources,
)


class DerivedRows:
    """Collects what folds yield and writes it in bulk."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {table.name: [] for table in DERIVED}
        self._stale: set[int] = set()  # numbers of the quarters of an hour in which they count

    def add(self, fold: CallFold) -> None:
        """The records of one call."""
        cdr, visits, seizures = fold.cdr(), fold.visit_records(), fold.trunk_records()
        waits = fold.wait_records()
        self._rows["cdrs"].append(row(cdr))
        self._rows["queue_visits"].extend(row(visit) for visit in visits)
        for part in (*waits, *fold.callback_records()):
            table, _key, values = keyed(part)
            self._rows[table].append(values)
        source = fold.source_record()
        if source is not None:
            self._rows["call_sources"].append(source)
        self._rows["trunk_calls"].extend(row(seizure) for seizure in seizures)
        self._stale |= stale_bins(cdr, (*visits, *waits, *seizures))

    def write(self, connection: Connection) -> None:
        """Sends them within the connection's transaction, and forgets them."""
        for name, rows in self._rows.items():
            KEYED[name].write(connection, rows)
            rows.clear()
        mark(connection, self._stale)
        self._stale.clear()
