"""Tells a world to the writers of the store, in any order in which its events may come."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sqlalchemy import Connection, insert

from pbx.events import AgentStateChanged, CallEvent
from pbx.store import schema
from pbx.store.batch import Pending
from pbx.store.contacts import row_of
from pbx.store.deriver import LINGER_S, Deriver
from pbx.store.fold import CallFold
from pbx.store.intervals.settling import Settler
from pbx.store.journey import read_fold
from pbx.store.recovery import recover
from tests.pbx.reporting.oracle.stories import World

FAR_US = 2**52


@dataclass
class Writers:
    """The writer's thread, without the thread."""

    connection: Connection

    def __post_init__(self) -> None:
        self.pending, self.clock = Pending(), 0.0
        self.settler = Settler()
        self.deriver = Deriver(self.pending, zone="UTC", next_seq=1, next_log_seq=1, reload=self._reload)

    def _reload(self, call_id: str) -> CallFold | None:
        return read_fold(self.connection, call_id, "UTC")

    def tell(self, world: World, rng: random.Random, *, settle: bool) -> None:
        """Calls mixed with one another and with agents; then the process dies, and the next one recovers."""
        left: list[list[CallEvent] | list[AgentStateChanged]] = [list(reversed(one)) for one in world.calls if one]
        left.append(list(reversed(world.states)))
        while left:
            one = rng.choice(left)
            for _ in range(min(rng.choice((1, 1, 3, 20)), len(one))):
                event = one.pop()
                if isinstance(event, CallEvent):
                    self.deriver.take(event, self.clock)
                else:
                    self.deriver.take_agent(event, self.clock)
            if not one:
                left.remove(one)
            if rng.random() < 0.3:
                self.flush(rng)
                if settle and rng.random() < 0.1:
                    self.settle()
        self.flush(rng)
        self._contacts(world)
        recover(self.connection, zone="UTC", now=0.0)
        if settle:
            self.settle()

    def flush(self, rng: random.Random) -> None:
        """Some calls are forgotten before the last is told of them."""
        self.clock += rng.choice((0.0, 2 * LINGER_S))
        self.deriver.derive(self.clock, lambda: None)
        while self.pending.rows:
            self.pending.write(self.connection)()

    def settle(self) -> None:
        for _ in range(50):
            self.clock += 100.0
            self.settler.run(self.connection, self.clock, FAR_US)

    def _contacts(self, world: World) -> None:
        names = [column.name for column in schema.contacts.columns]
        rows = [dict(zip(names, row_of(item), strict=True)) for item in world.contacts]
        if rows:
            self.connection.execute(insert(schema.contacts), rows)
