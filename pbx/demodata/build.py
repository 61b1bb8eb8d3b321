"""Writes the made-up year into a database of its own, in two processes where there are two processors.

The calls of a year hang together (who was missed today is called back tomorrow), but living them is quick: each process
lives the year from its beginning and writes down its own days, and the files are put together at the end. The database
says of itself that it is made up (`meta`, key "demo"), so that every report can. It is written beside its final place
and moved there when it is complete.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection

from pbx.demodata.bare import all_indexes, fast_engine, indexes, make_indexes
from pbx.demodata.configuration import teams
from pbx.demodata.merge import take_in
from pbx.demodata.part import DemoDataError, Made, Part, write_part
from pbx.demodata.year import Year
from pbx.store import schema
from pbx.store.errors import StoreError
from pbx.store.teams import note_teams

WORTH = 40  # days: fewer are written sooner than a second process has started
FIRST = 0.60  # of the days are the first part: the second one lives through them, and has the messages and visits
Progress = Callable[[int, int], None]

__all__ = ["DemoDataError", "Made", "Year", "build"]


def build(
    path: Path, year: Year, progress: Progress | None = None, *, processes: int = 1, cut: int | None = None
) -> Made:
    """Makes the database at `path`. Raises DemoDataError when there is one, StoreError or OSError when it cannot be.

    `cut` is the first day of the second part; by default there is one where it is worth it.
    """
    if path.exists():
        raise DemoDataError(f"{path} is there already: remove it, or name another folder by --dir")
    if cut is None and processes > 1 and year.days >= WORTH:
        cut = round(FIRST * year.days)
    parts = [Part(year, 0, cut), Part(year, cut, year.days)] if cut else [Part(year, 0, year.days)]
    drafts = [path.with_name(f"{path.name}.part{number or ''}") for number in range(len(parts))]
    told = _Told(progress, year.days)
    try:
        with _elsewhere(drafts[1:], parts[1:], processes, told) as others:
            made = write_part(drafts[0], parts[0], lambda days: told(0, days))
            made = sum(others(), made)
        _finish(drafts, parts, made)
    finally:
        for draft in drafts[1:]:
            _remove(draft)
    with drafts[0].open("rb+") as file:
        os.fsync(file.fileno())
    drafts[0].rename(path)
    return made


def _remove(draft: Path) -> None:
    for end in ("", "-wal", "-shm"):
        draft.with_name(draft.name + end).unlink(missing_ok=True)


class _Told:
    """Adds up the days of all parts."""

    def __init__(self, progress: Progress | None, days: int) -> None:
        self._progress = progress
        self._all = days
        self._done: dict[int, int] = {}
        self.look: Callable[[], None] = lambda: None  # what the other process has told meanwhile

    def __call__(self, part: int, days: int) -> None:
        self._done[part] = days
        if part == 0:
            self.look()
        if self._progress is not None:
            self._progress(sum(self._done.values()), self._all)


@contextmanager
def _elsewhere(
    drafts: Sequence[Path], parts: Sequence[Part], processes: int, told: _Told
) -> Iterator[Callable[[], list[Made]]]:
    """Writes the parts in a process of their own meanwhile, or here afterwards; yields what waits for them."""
    if processes < 2 or not parts:
        yield lambda: [
            write_part(draft, part, lambda days: told(1, days)) for draft, part in zip(drafts, parts, strict=True)
        ]
        return
    context = multiprocessing.get_context("spawn")  # not by fork: the parent may have threads
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(theirs, drafts[0], parts[0]))
    child.start()
    theirs.close()
    found: list[Made] = []

    def hear(*, wait: bool) -> None:
        while not found and (wait or ours.poll()):
            word = ours.recv()
            if isinstance(word, BaseException):
                raise word
            found.append(word) if isinstance(word, Made) else told(1, word)

    def finish() -> list[Made]:
        try:
            hear(wait=True)
        except EOFError:
            raise DemoDataError(f"the second process ended with status {child.exitcode}: try --processes 1") from None
        return found

    told.look = lambda: hear(wait=False)
    try:
        yield finish
    finally:
        if not found:
            child.terminate()
        child.join()
        ours.close()


def _child(parent: Pipe, draft: Path, part: Part) -> None:
    """Tells its parent days, and at last what was made or what was wrong."""
    try:
        parent.send(write_part(draft, part, parent.send))
    except (DemoDataError, StoreError, OSError) as error:
        parent.send(error)


def _finish(drafts: Sequence[Path], parts: Sequence[Part], made: Made) -> None:
    """One database with all indexes, marked as what it is."""
    with fast_engine(drafts[0]) as engine, engine.connect() as connection:
        for draft, part in zip(drafts[1:], parts[1:], strict=True):
            take_in(connection, draft, part)
        there = set(indexes(connection))
        connection.commit()
        make_indexes(connection, [one for one in all_indexes() if one not in there])
        _mark(connection, parts[0].year, made)
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _mark(connection: Connection, year: Year, made: Made) -> None:
    note = {"seed": year.seed, "first": year.first.isoformat(), "days": made.days}
    members = [(agent, name, site) for name, agents, site in teams(year.agency) for agent in agents]
    with connection.begin():
        note_teams(connection, members, 0)
        connection.execute(schema.meta.insert().values(key=schema.META_DEMO, value=orjson.dumps(note).decode()))
