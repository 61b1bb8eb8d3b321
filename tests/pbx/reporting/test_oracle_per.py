"""Reports per interval against the raw events: quarters of the hour that comes twice, days, and days put together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine

from pbx.ledger.terms import Terms
from pbx.reporting.intervals import Interval, day
from pbx.reporting.per.step import Step
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.store import schema
from tests.pbx.reporting.oracle.counting import Cut, Row, queues, trunks
from tests.pbx.reporting.oracle.stories import LIMITS
from tests.pbx.reporting.test_oracle import NOW_US, SUNDAY, WARSAW, WHOLE, Told, differing, telling

CASES = [
    ("queues", day(SUNDAY, WARSAW), Step.QUARTER_HOUR, 100),
    ("agents", day(SUNDAY, WARSAW), Step.QUARTER_HOUR, 100),
    ("agents", WHOLE, Step.HOUR, 73),
    ("trunks", WHOLE, Step.HOUR, 73),
    ("redials", day(SUNDAY, WARSAW), Step.HOUR, 25),
    ("lost", day(SUNDAY, WARSAW), Step.HOUR, 25),
    ("callbacks", day(SUNDAY, WARSAW), Step.HOUR, 25),
    ("patience", WHOLE, Step.DAY, 3),
    ("promises", WHOLE, Step.DAY, 3),
    ("missed", WHOLE, Step.DAY, 3),
    ("customers", WHOLE, Step.DAY, 3),
    ("sms", WHOLE, Step.DAY, 3),
    ("automatic", WHOLE, Step.DAY, 3),
    ("campaigns", WHOLE, Step.DAY, 3),
]


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        yield telling(31, connection, settle=True)
    engine.dispose()


def rows(connection: Connection, name: str, period: Interval, step: Step) -> dict[str, list[Row]]:
    """By the name of the interval."""
    asked = Request(period, WARSAW, NOW_US, thresholds=LIMITS, money=Terms(country="PL"), per=step)
    (sheet, *_) = sheets(connection, name, asked)
    names = [column.name for column in sheet.columns]
    found: dict[str, list[Row]] = {}
    for row in sheet.rows:
        found.setdefault(str(row[0]), []).append(dict(zip(names, row, strict=True)))
    return found


def instant(text: object) -> int:
    return round(datetime.fromisoformat(str(text)).timestamp()) * 10**6


@pytest.mark.parametrize(("name", "period", "step", "count"), CASES)
def test_each_interval_is_that_of_the_raw_events(
    told: Told, name: str, period: Interval, step: Step, count: int
) -> None:
    made = rows(told.connection, name, period, step)
    if made and name in ("queues", "agents", "trunks", "redials"):
        assert len(made) == count
    for label, mine in made.items():
        cut = Interval(label, instant(mine[0]["from"]), instant(mine[0]["to"]))
        wrong = differing(name, label, told.keyed(name, mine), told.oracle(name, cut), zeros=True)
        assert not wrong, "\n".join(wrong[:20])


@dataclass(frozen=True)
class Wall(Cut):
    """What the clock on the wall says: an hour of the day, or a weekday."""

    step: Step = Step.HOUR_OF_DAY
    number: int = 0

    def holds(self, at_us: int) -> bool:
        wall = datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(self.zone)
        says = wall.hour if self.step is Step.HOUR_OF_DAY else wall.isoweekday()
        return super().holds(at_us) and says == self.number


@pytest.mark.parametrize("step", [Step.HOUR_OF_DAY, Step.WEEKDAY])
def test_days_put_together_are_by_the_clock_on_the_wall(told: Told, step: Step) -> None:
    for name in ("queues", "trunks"):
        for label, mine in rows(told.connection, name, WHOLE, step).items():
            cut = Wall(WHOLE.start_us, WHOLE.end_us, WARSAW, step, int(label))
            ours = queues(told.calls, cut, LIMITS) if name == "queues" else trunks(told.calls, cut)
            wrong = differing(name, label, told.keyed(name, mine), ours, zeros=True)
            assert not wrong, "\n".join(wrong[:20])
