"""Random requests, dialling, talks, crashes and refused writes: no item is lost, doubled or stranded, and each has
exactly one end.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.contact.item import ContactItem, End, ItemState, WrongState
from tests.pbx.contact.support import SlowContacts, World, asked
from tests.support.virtual_loop import run_virtual

NUMBERS = ("+48600000001", "+48600000002", "")
STEPS = st.tuples(
    st.sampled_from(("open", "claim", "release", "dial", "ended", "reached", "close", "fail", "crash", "together")),
    st.integers(0, 7),
    st.integers(0, 400),
)


class Model:
    """What must be true, kept beside the book."""

    def __init__(self) -> None:
        self.world = World()
        self.acknowledged: dict[str, str] = {}  # key -> id that was answered
        self.since: dict[str, float] = {}  # key -> since that was asked for
        self.ends: dict[str, str] = {}
        self.dialled: dict[str, float] = {}  # item -> when a crash cut its attempt off
        self.keys = 0

    @property
    def store(self) -> SlowContacts:
        return self.world.store

    async def step(self, what: str, which: int, amount: int) -> None:
        world = self.world
        items = world.book.open_items()
        item = items[which % len(items)] if items else None
        try:
            if what == "open":
                await self.open(which, amount)
            elif what == "together":
                await asyncio.gather(*(self.open(which, n) for n in range(3)), return_exceptions=True)
            elif what == "fail":
                self.store.failing = amount % 3
            elif what == "crash":
                await self.crash()
            elif item is not None:
                await self.work(what, item, which, amount)
        except (WrongState, RuntimeError):
            pass
        world.clock.advance(amount)
        self.check()

    async def open(self, which: int, amount: int) -> None:
        """A new key, or one of those that came before."""
        if which == 7 and self.keys:
            key = f"k{amount % self.keys}"
        else:
            key, self.keys = f"k{self.keys}", self.keys + 1
        since = self.world.clock.unix() - amount
        number = NUMBERS[which % 2]
        item, _ = await self.world.book.open(asked(number, "sales" if which % 3 else "", key=key, since=since))
        if key in self.acknowledged:
            known = self.store.items[self.acknowledged[key]]
            assert item.id == (known.merged_into or known.id), "the same key is the same item"
        else:
            row = next(row for row in self.store.items.values() if row.key == key)
            self.acknowledged[key], self.since[key] = row.id, since

    async def work(self, what: str, item: ContactItem, which: int, amount: int) -> None:
        book = self.world.book
        if what == "claim":
            await book.claim(item.id, f"agent:{which % 2}")
        elif what == "release":
            if item.state is ItemState.IN_DOUBT:
                self.dialled.pop(item.id, None)
            await book.release(item.id, "x")
        elif what == "dial":
            assert item.id not in self.dialled or item.state is not ItemState.IN_DOUBT
            await book.attempt_started(item.id, "call")
        elif what == "ended":
            await book.attempt_ended(item.id, "busy")
        elif what == "reached":
            await book.attempt_ended(item.id, "reached", end=End.REACHED)
        elif what == "close":
            await book.close(item.id, list(End)[which % 5], "x")

    async def crash(self) -> None:
        dialling = [item.id for item in self.store.items.values() if item.state is ItemState.DIALLING]
        self.store.failing = 0
        self.world = await self.world.restart()
        for name in dialling:
            self.dialled[name] = self.world.clock.unix()
            found = self.world.book.peek(name)
            assert found is not None
            assert found.state is ItemState.IN_DOUBT

    def check(self) -> None:
        rows, book = self.store.items, self.world.book
        for key, name in self.acknowledged.items():
            assert name in rows, f"the acknowledged {key} is lost"
        opened = [row for row in rows.values() if row.is_open]
        assert {row.id for row in opened} == {item.id for item in book.open_items()}, "memory and database agree"
        pairs = [(row.number, row.queue) for row in opened if row.number]
        assert len(pairs) == len(set(pairs)), "one open item per number and queue"
        for row in rows.values():
            assert row.is_open == (row.end == ""), "an end, if and only if it is closed"
            if row.id in self.ends:
                assert row.end == self.ends[row.id], "an end is never changed"
            elif row.end:
                self.ends[row.id] = row.end
            assert sum(not attempt.outcome for attempt in row.attempts) <= 1, "one attempt at a time"
            assert (row.attempt is not None) <= (row.state in (ItemState.DIALLING, ItemState.CLOSED))
        due = {item.id for item in book.due(self.world.clock.unix())}
        assert not due & {item.id for item in book.open_items() if item.state is not ItemState.OPEN}
        self.check_ages()

    def check_ages(self) -> None:
        """A merge keeps the oldest age, through any chain of merges."""
        rows = self.store.items
        for key, name in self.acknowledged.items():
            row = rows[name]
            while row.merged_into:
                row = rows[row.merged_into]
            assert row.since <= self.since[key] + 1e-6
            assert row.id == name or rows[name].end == End.MERGED


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_random_lives(steps: list[tuple[str, int, int]]) -> None:
    async def run() -> None:
        model = Model()
        await model.world.book.start()
        for step in steps:
            await model.step(*step)
        await model.crash()
        model.check()
        for item in model.world.book.open_items():  # none is stranded: each can be brought to an end
            await model.world.book.close(item.id, End.CANCELLED, "x")
            with pytest.raises(WrongState):
                await model.world.book.close(item.id, End.REACHED, "x")
        model.check()
        assert all(not row.is_open for row in model.store.items.values())

    run_virtual(run())
