"""Reports of surveys and dealers, from the journeys in a real database."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pbx.events import CallEvent, Kind
from pbx.reporting.intervals import day
from pbx.reporting.reporter import Reporter
from tests.pbx.store.support import World
from tests.support.journeys import answered

DAY = date(2026, 9, 21)


def told(journey: list[CallEvent], kind: Kind, **data: object) -> None:
    """One event more, before the call's end."""
    last = journey[-1]
    journey.insert(-1, CallEvent(kind, last.call_id, "a", last.at, {"block": "b", **data}))


async def test_answers_and_calls_of_dealers_are_counted_by_the_day_of_their_call(tmp_path: Path) -> None:
    journeys = [answered(number) for number in (1, 2, 3)]
    for journey, answers in zip(journeys, ("5", "5", ""), strict=True):
        told(journey, Kind.SURVEY_ANSWERED, survey="after", question="speed", answer=answers)
    told(journeys[0], Kind.DEALER_CHOSEN, dealer="north", number="1", by="turn")
    told(journeys[0], Kind.DEALER_CHOSEN, dealer="south", number="2", by="memory")
    told(journeys[1], Kind.DEALER_CHOSEN, dealer="", number="", by="")
    test = answered(4)
    told(test, Kind.SURVEY_ANSWERED, survey="after", question="speed", answer="1")
    told(test, Kind.DEALER_CHOSEN, dealer="south", number="2", by="memory")
    told(test, Kind.TEST_CALL, test="hotline")
    async with World(tmp_path) as world:
        world.publish(*journeys, test)
    with Reporter.open(world.config) as reporter:
        interval = day(date.fromtimestamp(journeys[0][0].at), reporter.zone)
        assert reporter.surveys(interval).rows == [["after", "speed", "none", 1, None], ["after", "speed", "5", 2, 1.0]]
        rows = reporter.dealers(interval).rows
        assert [row[:4] for row in rows] == [["none", 1, 0, 1], ["north", 1, 0, 0], ["south", 1, 1, 1]]
        assert rows[2][4] > 0
        assert reporter.surveys(day(DAY.replace(year=2020), reporter.zone)).rows == []
