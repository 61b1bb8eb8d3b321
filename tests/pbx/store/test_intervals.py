"""Sums of quarters of an hour: the same however they came about, and those of the records that they are made of."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine, func, insert, select

from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.store import schema
from pbx.store.batch import Pending
from pbx.store.bulk import slices
from pbx.store.deriver import LINGER_S, Deriver
from pbx.store.encode import micros
from pbx.store.intervals.bins import BIN_US, at_most, begin, begin_after, spans, total
from pbx.store.intervals.families import FAMILIES, QUEUES, STATES, Family
from pbx.store.intervals.reading import plan, sums
from pbx.store.intervals.settling import (
    ENOUGH_S,
    SETTLE_S,
    SOON_S,
    Settler,
    _settling_sqlite,
    known_from,
    mark,
    settle_all,
)
from pbx.store.intervals.states import MOST_BINS, bins_of
from pbx.store.journey import read_fold
from pbx.store.schema_intervals import interval_stale
from tests.support.journeys import T0, abandoned, answered, left, seizure

Sums = dict[str, dict[tuple[object, ...], list[int]]]
FAR_US = round((T0 + 70 * 86_400) * 1e6)


class Desk:
    """A database and what writes into it, as the writer's thread does."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.pending = Pending()
        self.deriver = Deriver(self.pending, zone="UTC", next_seq=1, next_log_seq=1, reload=self._reload)
        self.settler = Settler()
        self.clock = 0.0

    def _reload(self, call_id: str) -> object:
        return read_fold(self.connection, call_id, "UTC")

    def take(self, *events: CallEvent, linger: bool = True) -> None:
        self.clock += 0.0 if linger else 2 * LINGER_S
        for event in events:
            self.deriver.take(event, self.clock)
        self.deriver.derive(self.clock, lambda: None)
        self.write()

    def agent(self, agent: str, state: str, start: float, end: float, then: str = "offline") -> None:
        change = AgentStateChanged(agent, then, state, T0 + end, end - start)
        self.deriver.take_agent(change, self.clock)
        self.deriver.derive(self.clock, lambda: None)
        self.write()

    def write(self) -> None:
        while self.pending.rows:
            self.pending.write(self.connection)()

    def settle(self, now_us: int = FAR_US) -> None:
        """Until there is nothing left to do."""
        while True:
            self.clock += SETTLE_S
            before = self.clock
            self.settler.run(self.connection, self.clock, now_us)
            if self.settler.due(before + SOON_S + 0.01) is False:
                return

    def stored(self) -> dict[str, list[tuple[object, ...]]]:
        return {one.table.name: _rows(self.connection, one) for one in FAMILIES}

    def summed(self, start_us: int, end_us: int) -> Sums:
        """Of each family the sums by key of a span of time."""
        return {one.table.name: _summed(self.connection, one, start_us, end_us) for one in FAMILIES}


def _rows(connection: Connection, family: Family) -> list[tuple[object, ...]]:
    return sorted((tuple(row) for row in connection.execute(select(*family.table.columns))), key=repr)


def _summed(connection: Connection, family: Family, start_us: int, end_us: int) -> dict[tuple[object, ...], list[int]]:
    table = sums(connection, family, start_us, end_us).c
    keys = [table[one.name] for one in family.table.primary_key.columns if one.name != "bin_us"]
    figures = [
        func.max(table[one.name]) if "max" in one.name else total(table[one.name])
        for one in family.table.columns
        if not one.primary_key
    ]
    rows = connection.execute(select(*keys, *figures).group_by(*keys))
    return {tuple(row)[: len(keys)]: [int(value) for value in tuple(row)[len(keys) :]] for row in rows}


@pytest.fixture
def desk() -> Iterator[Desk]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        yield Desk(connection)
    engine.dispose()


def a_day(rng: random.Random, calls: int) -> list[list[CallEvent]]:
    found = []
    for number in range(1, calls + 1):
        start = T0 + rng.random() * 20_000
        maker = rng.choice((answered, abandoned, left))
        one = maker(number, start=start, queue=rng.choice(("sales", "service")))
        if rng.random() < 0.3:
            one = seizure(number, rng.choice((200, 486, 503)), talk_s=rng.random() * 2000, start=start)
        block = {"flow": "hotline", "block": rng.choice(("greet", "menu")), "exit": "next"}
        one.insert(2, CallEvent(Kind.FLOW_BLOCK, one[0].call_id, "a", one[1].at, block))
        found.append(one)
    return found


def mixed(journeys: list[list[CallEvent]], rng: random.Random) -> list[CallEvent]:
    """The order of the steps of each call is kept, that of the calls is not."""
    left_over = [list(reversed(one)) for one in journeys]
    rows = []
    while left_over:
        one = rng.choice(left_over)
        rows.append(one.pop())
        if not one:
            left_over.remove(one)
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_however_the_rows_came_the_sums_are_those_of_a_rebuild(seed: int) -> None:
    """Written in batches, mixed, settled in between or not: sums of any span are those of the records themselves."""
    rng = random.Random(seed)
    calls = rng.randrange(1, 40)
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        desk = Desk(connection)
        for rows in slices(mixed(a_day(rng, calls), rng)):
            desk.take(*rows, linger=rng.random() < 0.5)
            if rng.random() < 0.4:
                desk.settle(round((T0 + rng.random() * 30_000) * 1e6))
            if rng.random() < 0.3:
                begun = rng.random() * 20_000
                desk.agent("101", rng.choice(("available", "talking")), begun, begun + rng.random() * 5000)
        start = micros(T0) + rng.randrange(-BIN_US, 20 * BIN_US)
        end = start + rng.randrange(1, 20 * BIN_US)
        lively = desk.summed(start, end)
        cuts = sorted({start, end, *(rng.randrange(start, end) for _ in range(3))})
        parts = [desk.summed(one, other) for one, other in itertools.pairwise(cuts)]
        desk.settle()
        kept, known = desk.stored(), desk.summed(start, end)
        settle_all(connection)
        assert desk.stored() == kept
        assert lively == known == desk.summed(start, end)
        assert _added(parts) == known
    engine.dispose()


def _added(parts: list[Sums]) -> Sums:
    whole: Sums = {}
    for part in parts:
        for name, rows in part.items():
            table = schema.metadata.tables[name]
            most = ["max" in one.name for one in table.columns if not one.primary_key]
            for key, values in rows.items():
                before = whole.setdefault(name, {}).setdefault(key, [0] * len(values))
                whole[name][key] = [
                    max(one, other) if of_max else one + other
                    for one, other, of_max in zip(before, values, most, strict=True)
                ]
            whole.setdefault(name, {})
    return whole


def test_decades_without_a_call_are_passed_by(desk: Desk) -> None:
    """A call whose clock was wrong, and a state that lasted for days: the sums are the records', in a few steps."""
    long_ago = -36 * 365 * 86_400.0
    desk.take(*answered(1, start=T0 + long_ago))
    desk.agent("101", "available", long_ago + 7200, long_ago + 7200 + 2 * 86_400)
    desk.take(*answered(2))
    desk.connection.execute(interval_stale.delete())  # written by a version that knew no sums
    expected = desk.summed(0, 2**62)
    desk.settle()
    assert known_from(desk.connection) == 0
    assert desk.settler.settled <= 10 * 96
    kept = desk.stored()
    assert desk.summed(0, 2**62) == expected
    settle_all(desk.connection)
    assert desk.stored() == kept


def test_long_states_are_found_by_their_own_index(desk: Desk) -> None:
    """SQLite takes a partial index only where the condition is written as the index has it."""
    for text, fixed in _settling_sqlite():
        if "INSERT INTO interval_states" in text:
            values = {**fixed, "begin_us": 0, "end_us": BIN_US}
            plan = desk.connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
            assert any("ix_agent_log_long" in str(row) for row in plan)
            return
    raise AssertionError("no statement sums states")


def test_a_late_event_corrects_a_quarter_that_was_settled(desk: Desk) -> None:
    first, *_rest = journey = answered(1)
    desk.take(*journey)
    desk.settle()
    (queue,) = _rows(desk.connection, QUEUES)
    names = [column.name for column in QUEUES.table.columns]
    assert queue[names.index("wrapup_us")] == 0
    late = CallEvent(Kind.WRAPUP_ENDED, first.call_id, "a", T0 + 7200, {"agent": "101", "wrapup_s": 12.5})
    desk.take(late, linger=False)
    assert begin(micros(T0)) in desk.connection.execute(select(interval_stale.c.bin_us)).scalars().all()
    assert next(iter(desk.summed(0, 2**62)["interval_queues"].values()))[5] == 12_500_000
    desk.settle()
    (queue,) = _rows(desk.connection, QUEUES)
    assert queue[names.index("wrapup_us")] == 12_500_000
    assert desk.connection.execute(select(interval_stale.c.bin_us)).scalars().all() == [begin(FAR_US)]


def test_an_older_database_is_settled_day_by_day_into_the_past(desk: Desk) -> None:
    for day in range(4):
        desk.take(*answered(day + 1, start=T0 + day * 86_400))
    desk.connection.execute(interval_stale.delete())  # written by a version that knew no sums
    expected = desk.summed(0, 2**62)
    assert known_from(desk.connection) is None
    seen = []
    for _ in range(7):
        desk.clock += SETTLE_S
        desk.settler.run(desk.connection, desk.clock, round((T0 + 4 * 86_400) * 1e6))
        seen.append(known_from(desk.connection))
        assert desk.summed(0, 2**62) == expected
    assert seen[-1] == 0
    assert seen == sorted(seen, reverse=True)
    assert len(_rows(desk.connection, QUEUES)) == 4


def test_a_quarter_that_is_not_over_is_left_to_the_reports(desk: Desk) -> None:
    desk.settle(micros(T0) - BIN_US)
    desk.take(*answered(1))
    desk.settle(micros(T0) + 1)
    assert not _rows(desk.connection, QUEUES)
    ((_key, figures),) = desk.summed(0, 2**62)["interval_queues"].items()
    assert figures[0] == 1
    assert plan(desk.connection, 0, 2**62).fresh


def test_a_state_is_cut_where_quarters_end_and_ends_after_three_days(desk: Desk) -> None:
    desk.agent("101", "break", 0, 5 * 86_400)
    desk.agent("101", "offline", 5 * 86_400, 6 * 86_400, "available")
    desk.settle()
    rows = _rows(desk.connection, STATES)
    spent = [sum(int(value) for value in row[2:]) for row in rows]  # type: ignore[arg-type]
    assert all(value <= BIN_US for value in spent)
    assert len(rows) == MOST_BINS + 1
    assert sum(spent) == (MOST_BINS + 1) * BIN_US - micros(T0) % BIN_US
    assert list(bins_of(5, 5)) == [0]
    assert list(bins_of(0, BIN_US)) == [0]


@pytest.mark.parametrize(
    ("zone", "when"),
    [("Asia/Kathmandu", "2026-11-20"), ("Asia/Kolkata", "2026-11-20"), ("Europe/Warsaw", "2026-10-25")],
)
def test_local_days_of_every_zone_are_whole_quarters(desk: Desk, zone: str, when: str) -> None:
    """+5:45, +5:30 and a day of 25 hours: no quarter lies in two days."""
    midnight = datetime.fromisoformat(when).replace(tzinfo=ZoneInfo(zone)).timestamp()
    for number, at in enumerate((midnight - 1, midnight, midnight + 86_399), 1):
        desk.take(*abandoned(number, start=at - 1))
    desk.settle()
    start = micros(midnight)
    found = plan(desk.connection, start, start + 86_400_000_000)
    assert (found.stored, found.fresh) == ((start, start + 86_400_000_000), [])
    assert [row[0] for row in desk.summed(start, start + 86_400_000_000)["interval_queues"].values()] == [2]


def test_spans() -> None:
    assert begin(BIN_US + 1) == BIN_US == begin(BIN_US)
    assert begin_after(BIN_US + 1) == 2 * BIN_US
    assert begin_after(BIN_US) == BIN_US
    assert spans([2 * BIN_US, 0, BIN_US, 9 * BIN_US]) == [(0, 3 * BIN_US), (9 * BIN_US, 10 * BIN_US)]
    assert at_most([(0, 1), (5, 6), (7, 8)], 2) == [(0, 1), (5, 8)]


def test_a_busy_day_is_settled_at_once(tmp_path: Path) -> None:
    """The agency's day, 536 calls of 8 hours and what its agents did, by processor time."""
    engine = create_engine(f"sqlite:///{tmp_path}/day.db")
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        desk = Desk(connection)
        desk.settle()
        desk.take(*(event for number in range(536) for event in answered(number + 1, start=T0 + number * 60)))
        log = [
            {
                "seq": number + 1,
                "agent": f"{200 + number % 12}",
                "state": ("available", "talking", "wrapup")[number % 3],
                "started_us": micros(T0 + number * 16),
                "ended_us": micros(T0 + number * 16 + 180),
                "duration_s": 180.0,
                "reason": "",
                "call_id": "",
            }
            for number in range(2000)
        ]
        connection.execute(insert(schema.agent_log), log)
        desk.settle()
        for _ in range(2):  # the first one finds what SQLite prepares
            desk.take(*abandoned(999_999, start=T0 + 100))
            mark(connection, range(micros(T0) // BIN_US, micros(T0) // BIN_US + 36))
            began = time.thread_time()
            desk.settle()
            spent = time.thread_time() - began
    engine.dispose()
    assert spent < 4 * ENOUGH_S  # bench/README.md has the figure of a quiet machine
