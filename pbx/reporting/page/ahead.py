"""What a page of a long period shows is read by two processes: half of it by a child, while the other half is made.

The child begins with what needs no configuration, while the parent may still be checking it. It reads the same state
of the database: both begin, and begin again until they see the same last event. Where it cannot (one processor, threads
that a fork would break, events that come faster), everything is read by the one process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from pbx.reporting.agents import agent_figures
from pbx.reporting.arrivals import arrivals
from pbx.reporting.delays import delays
from pbx.reporting.intervals import Interval
from pbx.reporting.page.asked import MOST_DAYS, Asked, days_of
from pbx.reporting.patience import observed_counts
from pbx.reporting.registry import sheets
from pbx.store import schema

# By the name with which the page asks, in its order. Together they take about as long as the rest of the page.
EARLY: Mapping[str, Callable[[Connection, Early], Any]] = {
    "agents": lambda at, early: agent_figures(at, early.interval, early.now_us),
    "waits": lambda at, early: observed_counts(at, early.interval),
}
LATER: Mapping[str, Callable[[Connection, Asked], Any]] = {
    "arrivals": lambda at, asked: arrivals(at, asked.interval, asked.zone, asked.hours, asked.now_us),
    "delays": lambda at, asked: delays(at, asked.request()),
    "lost": lambda at, asked: sheets(at, "lost", asked.request()),
    "campaigns": lambda at, asked: sheets(at, "campaigns", asked.request()),
}
TRIES = 5  # to see the same events
_AGAIN, _GO, _NEVER = "again", "go", "never"


class Ahead:
    """What is read, by whomever. Without a child each is read when it is asked for."""

    def __init__(self, connection: Connection, asked: Asked, child: Pipe | None = None) -> None:
        self._connection, self._asked, self._child = connection, asked, child
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        while self._child is not None and name not in self._read:
            told = _received(self._child)
            if told is None:
                self._child = None
            elif isinstance(told, Exception):
                raise told
            else:
                self._read |= told
        if name not in self._read:
            self._read[name] = self._alone(name)
        return self._read[name]

    def _alone(self, name: str) -> Any:
        asked = self._asked
        if name in EARLY:
            return EARLY[name](self._connection, Early(asked.interval, asked.zone, asked.now_us))
        return LATER[name](self._connection, asked)


@dataclass(frozen=True, slots=True)
class Early:
    """What is known before the configuration is checked."""

    interval: Interval
    zone: ZoneInfo
    now_us: int


@dataclass(frozen=True, slots=True)
class Begun:
    """One state of the database, and a child that reads it; none where everything is read by the one process."""

    connection: Connection
    early: Early
    child: Pipe | None = None

    def fits(self, engine: Engine, interval: Interval, zone: ZoneInfo) -> bool:
        """Whether that is what the checked configuration says."""
        here = (self.connection.engine.url, self.early.interval, self.early.zone.key)
        return here == (engine.url, interval, zone.key)

    def ahead(self, asked: Asked) -> Ahead:
        """To be called once; `asked` of the same interval, zone and moment."""
        if self.child is not None:
            _send(self.child, asked)
        return Ahead(self.connection, asked, self.child)


@contextmanager
def begun(engine: Engine, early: Early) -> Iterator[Begun]:
    """Reads what needs no configuration. No connection of `engine` may be open: a child must not inherit one."""
    long = days_of(early.interval, early.zone) > MOST_DAYS
    if not long or len(os.sched_getaffinity(0)) < 2 or threading.active_count() > 1:
        with engine.begin() as connection:
            yield Begun(connection, early)
        return
    here, there = multiprocessing.Pipe()
    engine.dispose()
    child = multiprocessing.get_context("fork").Process(target=_serve, args=(engine, early, here, there), daemon=True)
    child.start()
    there.close()
    try:
        with _agreed(engine, here) as (connection, same):
            yield Begun(connection, early, here if same else None)
    finally:
        child.kill()
        child.join()
        here.close()


@contextmanager
def reading(engine: Engine, asked: Asked) -> Iterator[tuple[Connection, Ahead]]:
    """A connection, and what is read beside it, where the configuration is known."""
    with begun(engine, Early(asked.interval, asked.zone, asked.now_us)) as found:
        yield found.connection, found.ahead(asked)


@contextmanager
def _agreed(engine: Engine, child: Pipe) -> Iterator[tuple[Connection, bool]]:
    """A connection, and whether the child sees the same state."""
    for tries in range(1, TRIES + 1):
        with engine.begin() as connection:
            same = _last(connection) == _received(child)
            if same or tries == TRIES:
                _send(child, _GO if same else _NEVER)
                yield connection, same
                return
        _send(child, _AGAIN)


def _serve(engine: Engine, early: Early, other: Pipe, parent: Pipe) -> None:
    """The child; `other` is the parent's end, whose close is to be noticed."""
    other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    said = _AGAIN
    while said == _AGAIN:
        with engine.begin() as connection:
            parent.send(_last(connection))
            said = parent.recv()
            if said == _GO:
                try:
                    _read(connection, early, parent)
                except EOFError:  # the parent has given up
                    return
                except Exception as error:  # the parent tells it: there is nobody else
                    parent.send(error)


def _read(connection: Connection, early: Early, parent: Pipe) -> None:
    """What is early is sent when it is asked for: a pipe that is full would hold up the rest."""
    found = {name: read(connection, early) for name, read in EARLY.items()}
    asked: Asked = parent.recv()
    parent.send(found)
    for name, later in LATER.items():
        parent.send({name: later(connection, asked)})


def _received(child: Pipe) -> Any:
    """None of a child that is no more: the system may have ended it for its memory."""
    try:
        return child.recv()
    except (EOFError, OSError):
        return None


def _send(child: Pipe, word: object) -> None:
    with suppress(OSError):
        child.send(word)


def _last(connection: Connection) -> int:
    """The last event that is seen."""
    last: int = connection.execute(select(func.coalesce(func.max(schema.journey.c.seq), 0))).scalar_one()
    return last
