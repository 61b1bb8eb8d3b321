"""The report of guaranteed callback times, from rows as the widget and the queues write them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, create_engine, insert

from pbx.config import Hours
from pbx.reporting.intervals import day
from pbx.staffing.facts import Site
from pbx.staffing.promise import found_in, promise_sheet
from pbx.store import schema

WARSAW = ZoneInfo("Europe/Warsaw")
MONDAY = date(2026, 11, 16)
OFFICE = Hours(name="office", mon=["08:00-18:00"])


def at(hour: int, second: int = 0) -> int:
    return round(datetime(2026, 11, 16, hour, second // 60, second % 60, tzinfo=WARSAW).timestamp() * 1e6)


def asks(connection: Connection, number: int, hour: int, took_s: float, shown_s: float = 0.0, **more: Any) -> None:
    """A request; `took_s` 0: it never rang. `ended` is how its contact ended."""
    made = at(hour, number)
    ended = more.pop("ended", "reached" if took_s else "unreachable")
    values: dict[str, Any] = {column.name: _empty(column) for column in schema.schema_widget.widget_requests.columns}
    values |= {"id": f"r{hour}-{number}", "contact": f"c{hour}-{number}", "site": "shop", "queue": "sales"}
    rung = round(took_s * 1e6) + made if took_s else 0
    values |= {"created_us": made, "rung_us": rung, "shown_s": shown_s, **more}
    connection.execute(insert(schema.schema_widget.widget_requests).values(values))
    item = {column.name: _empty(column) for column in schema.contacts.columns}
    item |= {"id": f"c{hour}-{number}", "key": f"{hour}-{number}", "ended_as": ended}
    connection.execute(insert(schema.contacts).values(item))


def _empty(column: Any) -> Any:
    return column.type.python_type()


def test_hours_with_what_was_promised_and_kept() -> None:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        for number in range(40):
            asks(connection, number, 10, 21.0 + number, shown_s=30.0)
            asks(connection, number, 13, 4.0 if number % 5 else 0.0)
            asks(connection, 100 + number, 10, 7200.0, slot_us=at(14))
            asks(connection, number, 3, 5 * 3600.0)  # shut
        asks(connection, 50, 16, 0.0, ended="cancelled")
        asks(connection, 51, 16, 0.0, ended="customer_came_back")
        visits = {column.name: _empty(column) for column in schema.queue_visits.columns}
        for number in range(60):
            row = {"call_id": f"v{number}", "visit": 1, "queue": "service", "joined_us": at(9, number)}
            connection.execute(
                insert(schema.queue_visits).values({**visits, **row, "wait_s": float(number), "outcome": "answered"})
            )
        found = found_in(connection, day(MONDAY, WARSAW), [Site("shop", "Europe/Warsaw", OFFICE)], WARSAW)
    engine.dispose()
    rows = {(row["queue"], row["hour"]): row for row in promise_sheet(found, 0.9, "").data()["rows"]}
    assert set(rows) == {("sales", "10:00"), ("sales", "13:00"), ("sales", "16:00"), ("service", "09:00")}
    ten = rows["sales", "10:00"]
    assert (ten["guaranteed_s"], ten["basis"], ten["count"]) == (
        60,
        "this hour",
        40,
    )  # the 37th: 57 s
    assert ten["low_s"] == pytest.approx(21 + 31, abs=2)
    assert (ten["promised"], ten["kept"]) == (40, 0.25)
    assert ten["kept_low"] < 0.25 < ten["kept_high"]
    one = rows["sales", "13:00"]
    assert (one["guaranteed_s"], one["never"], one["requests"]) == (None, 8, 40)
    assert "too many never rung" in one["basis"]
    late = rows["sales", "16:00"]
    assert (late["requests"], late["never"], late["basis"]) == (2, 0, "all hours, too many never rung")
    nine = rows["service", "09:00"]
    assert (nine["guaranteed_s"], nine["basis"], nine["count"]) == (55, "callers", 60)
