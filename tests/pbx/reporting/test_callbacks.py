"""The report of callbacks: speed-to-lead, promises and silent calls, from contacts and attempts as they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import Connection, create_engine, select

from pbx.events import Kind
from pbx.reporting import export
from pbx.reporting.agents import agent_figures
from pbx.reporting.callbacks import callback_figures, total
from pbx.reporting.intervals import Interval
from pbx.reporting.table import callbacks_table
from pbx.store import schema
from tests.pbx.reporting.ledger import ALL, Ledger
from tests.support.journeys import T0, Journey

MICRO = 1_000_000
START = 1_790_000_000
DAY = Interval("day", START * MICRO, (START + 86_400) * MICRO)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path}/x.db")
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def contact(connection: Connection, number: int, **told: object) -> str:
    name = f"{number:032x}"
    blank = {column.name: 0 if column.name.endswith("_us") else "" for column in schema.contacts.columns}
    row = {
        **blank,
        **dict.fromkeys(("priority", "times"), 1),
        "id": name,
        "kind": "callback",
        "queue": "sales",
        "number": f"+4860010{number:04}",
        "created_us": (START + 60) * MICRO,
        "source": "{}",
        "key": name,
        "automatic": True,
        "state": "closed",
        "ended_as": "reached",
        **told,
    }
    connection.execute(schema.contacts.insert(), row)
    return name


def attempt(connection: Connection, item: str, call: int, **told: object) -> None:
    row = {
        "call_id": f"{call:032x}",
        "contact": item,
        "queue": "sales",
        "mode": "agent_first",
        "attempt": 1,
        "agent": "201",
        "started_us": (START + 61) * MICRO,
        "silent": False,
        "outcome": "reached",
        **told,
    }
    connection.execute(schema.callback_calls.insert(), row)


def test_speed_to_lead(connection: Connection) -> None:
    for number, speed_s in enumerate((10.0, 20.0, 28.0, 45.0, 400.0)):
        item = contact(connection, number, promise_us=(START + 60 + 60) * MICRO)
        attempt(connection, item, 2 * number, outcome="busy")
        attempt(connection, item, 2 * number + 1, speed_s=speed_s, reach_s=3.0, hold_s=0.5)
    contact(connection, 10, ended_as="unreachable", promise_us=(START + 120) * MICRO)
    contact(connection, 11, ended_as="", state="open")
    for number, end in ((12, "merged"), (13, "customer_came_back"), (14, "cancelled")):
        contact(connection, number, ended_as=end)
    lost = contact(connection, 15, ended_as="refused", kind="abandoned", automatic=False)
    attempt(connection, lost, 99, outcome="refused", reach_s=2.0, silent=True, hold_s=9.0)
    contact(connection, 16, kind="abandoned", automatic=False)  # called by people: not ours
    (sales,) = callback_figures(connection, DAY)
    assert (sales.base, sales.reached) == (8, 5)
    assert (sales.quantile_s(0.5), sales.quantile_s(0.9)) == (28.0, 400.0)
    assert [sales.within(limit) for limit in (28, 60, 300)] == [3 / 8, 4 / 8, 4 / 8]
    assert sales.never_reached == 3 / 8
    assert (sales.promised, sales.promise_kept, sales.service_level) == (6, 4, 4 / 6)
    assert (sales.attempts, sales.answered, sales.silent) == (11, 6, 1)
    assert total([sales, sales]).base == 16


def test_a_slot_counts_from_its_hour(connection: Connection) -> None:
    source = f'{{"slot": "{START + 3600}"}}'
    item = contact(connection, 1, source=source, promise_us=(START + 3620) * MICRO)
    attempt(connection, item, 1, speed_s=15.0, reach_s=3.0)
    (sales,) = callback_figures(connection, DAY)
    assert (sales.promise_kept, sales.promised) == (1, 1)


def test_a_day_without_any(connection: Connection) -> None:
    assert callback_figures(connection, DAY) == []
    none = total([])
    assert (none.never_reached, none.quantile_s(0.9), none.service_level, none.silent_share) == (None,) * 4


def test_table_and_csv(connection: Connection) -> None:
    from rich.console import Console

    attempt(connection, contact(connection, 1), 1, speed_s=15.0, reach_s=3.0)
    contact(connection, 2, queue="=support", ended_as="unreachable")
    figures = callback_figures(connection, DAY)
    console = Console(width=100)
    with console.capture() as shown:
        console.print(callbacks_table("day", figures))
    assert "15.0 s" in shown.get()
    assert "50.0 %" in shown.get(), "of both queues together"
    text = export.callbacks_csv("day", figures)
    assert "'=support" in text
    assert text.splitlines()[2].startswith("day,sales,1,1,15.0,15.0,1.0")


def test_codes_of_wrap_up_reach_the_reports_of_callbacks_and_of_agents() -> None:
    codes = (("order", 3.0), ("TIMEOUT", 20.0), ("order", 1.0))
    with Ledger() as ledger:
        journeys = []
        for number, (code, wrapup_s) in enumerate(codes, 1):
            item = contact(ledger.connection, number, created_us=round(T0 * MICRO))
            call = Journey(number).begin("callback", direction="outbound", contact=item).at(5)
            call.add(Kind.CALLBACK_ANSWERED, contact=item, queue="sales", reach_s=5.0)
            call.add(Kind.CALLBACK_BRIDGED, contact=item, queue="sales", agent="201", mode="agent_first", attempt=1)
            call.add(Kind.BRIDGE_STARTED, with_leg="b1").at(35).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=30.0)
            call.add(Kind.CALLBACK_ENDED, contact=item, queue="sales", mode="agent_first", attempt=1, outcome="reached")
            if code != "TIMEOUT":
                call.at(20).add(Kind.WRAPUP_NOTED, queue="sales", agent="201", code=code, note="later")
            call.at(35).end()
            call.at(35 + wrapup_s).add(
                Kind.WRAPUP_ENDED, queue="sales", agent="201", code=code, note="", wrapup_s=wrapup_s
            )
            journeys.append(call.events)
        ledger.tell(*journeys)
        table = schema.callback_calls.c
        query = select(table.wrapup_code, table.wrapup_note, table.wrapup_s).order_by(table.call_id)
        stored = [tuple(row) for row in ledger.connection.execute(query)]
        (sales,) = callback_figures(ledger.connection, ALL)
        (agent,) = agent_figures(ledger.connection, ALL, round(T0 * MICRO))
    assert stored == [("order", "later", 3.0), ("TIMEOUT", "", 20.0), ("order", "later", 1.0)]
    assert sales.codes == total([sales]).codes == agent.codes == {"order": 2, "TIMEOUT": 1}
    assert (agent.callbacks, agent.talk_s) == (3, 90.0)
    assert "order 2, TIMEOUT 1" in export.callbacks_csv("today", [sales])
    console = Console(width=120)
    with console.capture() as capture:
        console.print(callbacks_table("today", [sales]))
    assert "Codes of wrap-up: sales: order 2, TIMEOUT 1" in capture.get()
