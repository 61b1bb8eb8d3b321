"""A database that holds nothing but journeys (and what agents and contacts left), with everything else derived."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, insert

from pbx.contact.item import ContactItem
from pbx.events import CallEvent
from pbx.reporting.figures import QueueFigures
from pbx.reporting.intervals import Interval
from pbx.reporting.queries import queue_figures
from pbx.store import schema
from pbx.store.contacts import row_of
from pbx.store.encode import json_text, micros
from pbx.store.intervals.settling import mark
from pbx.store.intervals.states import bins_of
from pbx.store.rebuild import rebuild
from tests.support.journeys import T0

ALL = Interval("all", 0, 2**62)
THRESHOLDS = {"sales": (20.0, 5.0)}


class Ledger:
    """Use with `with`; `connection` is open meanwhile."""

    def __init__(self) -> None:
        self._engine: Engine = create_engine("sqlite://")
        schema.metadata.create_all(self._engine)
        self.connection: Connection

    def __enter__(self) -> Ledger:
        self.connection = self._engine.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self._engine.dispose()

    def tell(self, *journeys: Sequence[CallEvent], shuffle: random.Random | None = None) -> Ledger:
        """Writes the rows, each call's in order and with `shuffle` those of different calls mixed, and derives."""
        rows = _mixed(journeys, shuffle) if shuffle is not None else [event for one in journeys for event in one]
        values = [
            (seq, event.call_id, micros(event.at), str(event.kind.value), event.leg, json_text(event.data))
            for seq, event in enumerate(rows, 1)
        ]
        names = [column.name for column in schema.journey.columns]
        self.connection.execute(insert(schema.journey), [dict(zip(names, row, strict=True)) for row in values])
        self.derive()
        return self

    def derive(self) -> int:
        return rebuild(self.connection, zone="UTC").calls

    def agent(self, agent: str, *states: tuple[str, float, float], call: int = 0) -> Ledger:
        """(state, from, to) in seconds after T0."""
        for state, start, end in states:
            found = self.connection.execute(schema.agent_log.select()).all()
            self.connection.execute(
                insert(schema.agent_log).values(
                    seq=len(found) + 1,
                    agent=agent,
                    state=state,
                    started_us=micros(T0 + start),
                    ended_us=micros(T0 + end),
                    duration_s=end - start,
                    reason="",
                    call_id=f"{call:032x}" if call else "",
                )
            )
            mark(self.connection, bins_of(micros(T0 + start), micros(T0 + end)))
        return self

    def item(self, item: ContactItem) -> Ledger:
        names = [column.name for column in schema.contacts.columns]
        self.connection.execute(insert(schema.contacts).values(dict(zip(names, row_of(item), strict=True))))
        return self

    def queue(self, name: str = "sales", interval: Interval = ALL) -> QueueFigures:
        found: Iterable[Any] = queue_figures(self.connection, interval, THRESHOLDS)
        return next(figures for figures in found if figures.queue == name)

    def dump(self) -> dict[str, list[Any]]:
        """All that is derived."""
        names = ("cdrs", "queue_visits", "queue_offers", "wait_promises", "trunk_calls")
        tables = [schema.metadata.tables[name] for name in names]
        return {table.name: sorted(map(tuple, self.connection.execute(table.select())), key=repr) for table in tables}


def _mixed(journeys: Sequence[Sequence[CallEvent]], rng: random.Random) -> list[CallEvent]:
    left = [list(reversed(one)) for one in journeys]
    rows = []
    while left:
        one = rng.choice(left)
        rows.append(one.pop())
        if not one:
            left.remove(one)
    return rows
