"""Calls are found by what people know of them, page after page, and each way of looking has its index."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, insert, text

from pbx.reporting.call_history import (
    Ending,
    Scope,
    WantedCalls,
    ending_of,
    find_calls,
    find_parts,
    is_missed,
)
from pbx.store import schema
from pbx.store.places import Place
from pbx.store.records import Cdr, columns
from tests.pbx.reporting.ledger import Ledger
from tests.support.journeys import T0, abandoned, answered

CALLS = 3000
MANY = 50_000
SECOND = 1_000_000


def record(number: int, **given: object) -> dict[str, object]:
    """A call that talked for a while; `given` says what is different."""
    started = round(T0 * SECOND) + number * SECOND
    plain = dict.fromkeys(columns(Cdr), "") | {
        "id": f"{number:032x}",
        "started_us": started,
        "answered_us": started + SECOND,
        "bridged_us": started + 2 * SECOND,
        "ended_us": started + 60 * SECOND,
        "zone": "UTC",
        "direction": "inbound",
        "caller": f"+4860000{number % 97:04}",
        "callee": "+48221000000",
        "did": "+48221000000",
        "trunk": "carrier",
        "sip_status": 200,
        "abandoned": False,
    }
    figures = ("wait_s", "talk_s", "hold_s", "duration_s", "billed_s", "recording_s", "jitter_ms", "cost", "legs")
    plain |= dict.fromkeys((*figures, "rx_packets", "lost_packets"), 0) | {"setup_s": None, "mos": None}
    return plain | given


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Calls of every kind, several of them in the same microsecond."""
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('history')}/calls.db")
    schema.metadata.create_all(engine)
    chance = random.Random(7)
    unanswered = {"answered_us": None, "bridged_us": None}
    kinds: list[dict[str, object]] = [
        {"queue": "sales", "agent": "101", "recording": "2026/09/21/a.wav"},
        {"queue": "service", "agent": "102", "tag": "web"},
        {"queue": "sales", "bridged_us": None, "abandoned": True},
        {"bridged_us": None},
        {**unanswered, "sip_status": 486, "direction": "internal", "caller": "101", "trunk": "", "did": ""},
        {**unanswered, "sip_status": 480, "legs": 1},
        {**unanswered, "sip_status": 603},
        {**unanswered, "sip_status": 503, "direction": "outbound", "trunk": "spare"},
        {"test": "line", "bridged_us": None, "queue": "sales"},
    ]
    rows = [record(number, **chance.choice(kinds)) for number in range(CALLS)]
    for row in rows[100:140]:
        row["started_us"] = rows[100]["started_us"]
    with engine.begin() as connection:
        connection.execute(insert(schema.cdrs), rows)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def by_hand(connection: Connection) -> list[Cdr]:
    every = [Cdr(*row) for row in connection.execute(schema.cdrs.select())]
    return sorted(every, key=lambda one: (one.started_us, one.id), reverse=True)


FITS = {
    "all": (WantedCalls(), lambda one: True),
    "queue": (WantedCalls(queue="sales"), lambda one: one.queue == "sales"),
    "agent": (WantedCalls(agent="102"), lambda one: one.agent == "102"),
    "trunk": (WantedCalls(trunk="spare"), lambda one: one.trunk == "spare"),
    "tag": (WantedCalls(tag="web", queue="service"), lambda one: one.tag == "web"),
    "did": (WantedCalls(did="+48221000000"), lambda one: one.did == "+48221000000"),
    "missed": (WantedCalls(missed=True), is_missed),
    "not missed": (WantedCalls(missed=False), lambda one: not is_missed(one)),
    "recorded": (WantedCalls(recorded=True), lambda one: bool(one.recording)),
    "direction": (WantedCalls(direction="internal"), lambda one: one.direction == "internal"),
    "number": (
        WantedCalls(numbers=("+48600000005", "101")),
        lambda one: bool({one.caller, one.callee} & {"+48600000005", "101"}),
    ),
    "time": (
        WantedCalls(since_us=round(T0 * SECOND) + 50 * SECOND, until_us=round(T0 * SECOND) + 150 * SECOND),
        lambda one: 50 <= one.started_us / SECOND - T0 < 150,
    ),
    "scope": (
        WantedCalls(scope=Scope("101", ("service",)), direction="inbound"),
        lambda one: (
            one.direction == "inbound"
            and (one.queue == "service" or one.agent == "101" or "101" in (one.caller, one.callee))
        ),
    ),
    **{ending.value: (WantedCalls(ending=ending), lambda one, e=ending: ending_of(one) is e) for ending in Ending},
}


@pytest.mark.parametrize("name", FITS)
def test_what_fits_is_found_page_after_page(connection: Connection, name: str) -> None:
    wanted, fits = FITS[name]
    expected = [one.id for one in by_hand(connection) if fits(one) and not one.test]
    assert expected
    found: list[str] = []
    place: Place | None = None
    while page := find_calls(connection, wanted, 37, place):
        found += [one.id for one in page]
        place = (page[-1].started_us, page[-1].id)
    assert found == expected


def test_tests_are_found_only_when_asked_for(connection: Connection) -> None:
    found = find_calls(connection, WantedCalls(tests=True, queue="sales"), CALLS)
    assert {one.test for one in found} == {"", "line"}


def test_nothing_is_seen_by_who_has_neither_queue_nor_extension(connection: Connection) -> None:
    assert find_calls(connection, WantedCalls(scope=Scope()), 10) == []


def test_calls_that_come_meanwhile_move_nothing(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/calls.db")
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(schema.cdrs), [record(number) for number in range(0, 100, 2)])
        first = find_calls(connection, WantedCalls(), 10)
        newer = [record(number) for number in (99, 101, 85, 1)]  # one is older than all that was seen
        connection.execute(insert(schema.cdrs), newer)
        rest = find_calls(connection, WantedCalls(), 100, (first[-1].started_us, first[-1].id))
    engine.dispose()
    numbers = [int(one.id, 16) for one in itertools.chain(first, rest)]
    assert len(set(numbers)) == len(numbers)
    assert set(range(0, 100, 2)) <= set(numbers)
    assert not {99, 101, 85} & set(numbers)


INDEXES = {
    "all": "ix_cdrs_started_us",
    "queue": "ix_cdrs_queue",
    "agent": "ix_cdrs_agent",
    "trunk": "ix_cdrs_trunk",
    "did": "ix_cdrs_did",
    "missed": "ix_cdrs_missed",
    "recorded": "ix_cdrs_recording",
    "time": "ix_cdrs_started_us",
}


def plans(engine: Engine, wanted: WantedCalls) -> list[str]:
    """How SQLite goes about each statement of a page that is deep in the list."""
    statements: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, sql: str, given: object, _context: object, _many: bool) -> None:
        statements.append((sql, given))

    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", note)
        find_calls(connection, wanted, 50, (round(T0 * SECOND) + 90 * SECOND, "f" * 32))
        event.remove(connection, "before_cursor_execute", note)
        return [
            "; ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given))  # type: ignore[arg-type]
            for sql, given in statements
        ]


@pytest.mark.parametrize("name", INDEXES)
def test_each_way_of_looking_goes_by_its_index_in_the_order_of_the_answer(engine: Engine, name: str) -> None:
    for plan in plans(engine, FITS[name][0]):
        assert f"USING INDEX {INDEXES[name]} " in plan
        assert "SEARCH" in plan  # from the cursor on, not from the newest call
        assert "started_us<?" in plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan  # calls of the same microsecond alone are sorted


def test_numbers_and_scopes_are_a_search_each(engine: Engine) -> None:
    found = plans(engine, WantedCalls(numbers=("101",), scope=Scope("102", ("sales", "service"))))
    assert len(found) == 2 * 5
    assert all("SEARCH" in plan and "TEMP B-TREE FOR ORDER BY" not in plan for plan in found)


def test_many_calls_page_in_milliseconds(tmp_path: Path) -> None:
    """By processor time, which other processes do not stretch; the slowest of the ways. bench/README.md has the figure
    of a million calls: how long a page takes does not depend on it.
    """
    engine = create_engine(f"sqlite:///{tmp_path}/many.db")
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(schema.cdrs), [record(0, queue="sales", agent="101")])
        names = [name for name in columns(Cdr) if name not in ("id", "started_us", "agent", "bridged_us")]
        # One in four hundred calls is the agent's, and as many were missed.
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :calls)"
                " INSERT INTO cdrs (id, started_us, agent, bridged_us, "
                + ", ".join(names)
                + ") SELECT printf('%032x', i), started_us + i * 30000000,"
                " CASE WHEN i % 400 THEN '102' ELSE '101' END, CASE WHEN i % 400 = 7 THEN NULL ELSE 1 END, "
                + ", ".join(names)
                + " FROM cdrs, n WHERE id = :first"
            ),
            {"calls": MANY, "first": "0" * 32},
        )
    middle = (round(T0 * SECOND) + MANY // 2 * 30 * SECOND, "f" * 32)
    slowest = 0.0
    with engine.connect() as connection:
        for wanted in (
            WantedCalls(),
            WantedCalls(agent="101"),
            WantedCalls(missed=True),
            WantedCalls(numbers=("101",)),
        ):
            began = time.thread_time()
            page = find_calls(connection, wanted, 50, middle)
            slowest = max(slowest, time.thread_time() - began)
            assert len(page) == (50 if not wanted.numbers else 0)
    engine.dispose()
    assert slowest < 0.05


def test_parts_of_a_call() -> None:
    with Ledger() as ledger:
        ledger.tell(answered(1), abandoned(2))
        stays, legs = find_parts(ledger.connection, f"{1:032x}")
        assert [(stay.queue, stay.outcome, stay.agent) for stay in stays] == [("sales", "answered", "101")]
        assert legs == []
