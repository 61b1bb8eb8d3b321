"""Teams whose members change, hours in which callers ring, and what a delay does: against the raw events."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from sqlalchemy import Connection, create_engine, insert

from pbx.ledger.terms import Terms
from pbx.reporting.arrivals import arrivals
from pbx.reporting.intervals import Interval, day, hours
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.schema_teams import agent_teams
from tests.pbx.reporting.oracle.counting import Cut, Row, agents, customers_of, lost, ratio
from tests.pbx.reporting.oracle.reading import us
from tests.pbx.reporting.oracle.stories import AGENTS, LIMITS
from tests.pbx.reporting.oracle.waits import never_rising
from tests.pbx.reporting.test_oracle import NOW_US, SUNDAY, WARSAW, WHOLE, Told, telling

QUARTER_US = 900 * 10**6
ADDED = ("offers", "missed", "answered", "callbacks", "talk_s", "available_s", "break_s", "signed_in_s")


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    engine = create_engine("sqlite://")
    schema.metadata.create_all(engine)
    with engine.connect() as connection:
        yield telling(41, connection, settle=True)
    engine.dispose()


def rows(connection: Connection, name: str, period: Interval, **filters: str) -> list[Row]:
    asked = Request(period, WARSAW, NOW_US, "en", filters, thresholds=LIMITS, money=Terms(country="PL"))
    (sheet, *_) = sheets(connection, name, asked)
    return [dict(zip((column.name for column in sheet.columns), row, strict=True)) for row in sheet.rows]


def test_teams_are_the_sums_of_who_belonged_to_them_then(told: Told) -> None:
    rng = random.Random(1)
    spans = []
    for agent in AGENTS:  # each changes the team at some quarters, and is in none for a while
        cuts = sorted(WHOLE.start_us + rng.randrange(288) * QUARTER_US for _ in range(5))
        for start, end in pairwise(cuts):
            if start < end and rng.random() < 0.8:
                spans.append((agent, rng.choice(("early", "late")), start, end))
    names = ("agent", "team", "from_us", "until_us")
    given = [dict(zip(names, span, strict=True)) | {"site": "Warsaw"} for span in spans]
    told.connection.execute(insert(agent_teams), given)
    for period in (WHOLE, day(SUNDAY, WARSAW), hours(SUNDAY, WARSAW)[3]):
        theirs = {row["team"]: row for row in rows(told.connection, "teams", period)}
        for team in ("early", "late"):
            expected: Counter[str] = Counter()
            for agent, name, start, end in spans:
                cut = Cut(max(start, period.start_us), min(end, period.end_us), WARSAW)
                if name == team and cut.start_us < cut.end_us:
                    mine = agents(told.calls, told.over, told.present, cut, NOW_US).get(agent, {})
                    expected.update({figure: float(str(mine[figure])) for figure in ADDED if mine})
                    expected["lost"] += int(str(lost(told.calls, cut).get(agent, {}).get("lost_callers", 0)))
            row = theirs.get(team, {})
            for figure in ADDED:
                assert float(str(row.get(figure) or 0)) == pytest.approx(expected[figure], abs=1e-5), (team, figure)
            share = ratio(expected["lost"], expected["offers"])
            assert row.get("lost_share") == (pytest.approx(share) if share is not None else None), team
        whole = agents(told.calls, told.over, told.present, Cut(period.start_us, period.end_us, WARSAW), NOW_US)
        for figure in ADDED:
            together = sum(float(str(row[figure])) for row in whole.values())
            assert float(str(theirs["all"][figure])) == pytest.approx(together, abs=1e-5), figure


def test_hours_in_which_callers_ring_are_those_of_the_wall(told: Told) -> None:
    for period in (WHOLE, day(SUNDAY, WARSAW), day(date(2026, 10, 26), WARSAW)):
        found = arrivals(told.connection, period, WARSAW, (), NOW_US)
        expected: Counter[tuple[int, int]] = Counter()
        for call in customers_of(told.calls):
            if call.direction == "inbound" and period.start_us <= call.at_us < period.end_us:
                wall = datetime.fromtimestamp(call.at_us / 1e6, UTC).astimezone(WARSAW)
                expected[wall.weekday(), wall.hour * 4 + wall.minute // 15] += 1
        told_of = {(n, slot): count for n, line in enumerate(found.counts) for slot, count in enumerate(line) if count}
        assert told_of == dict(expected)
        assert found.calls == expected.total()
        assert sum(found.days) == (3 if period is WHOLE else 1)


def test_what_the_delay_of_the_first_call_does(told: Told) -> None:
    rng = random.Random(2)
    outcomes: dict[str, list[bool]] = {}
    tries = []
    bounds = {28: "<= 28 s", 60: "<= 1 min", 300: "<= 5 min", 900: "<= 15 min", 1800: "<= 30 min", 3600: "<= 1 h"}
    for item in told.world.contacts:
        wait_s = rng.choice((0, 28, 29, 200, 301, 3000, 7000))
        outcome = rng.choice(("reached", "no_answer", ""))
        wanted = max(item.created, item.not_before)
        tries.append({"contact_id": item.id, "attempt": 1, "at_us": us(wanted) + wait_s * 10**6, "outcome": outcome})
        tries.append({"contact_id": item.id, "attempt": 2, "at_us": us(wanted) + 10**11, "outcome": "reached"})
        left_out = item.end in ("merged", "cancelled", "customer_came_back", "not_a_customer")
        if outcome and not left_out and WHOLE.start_us <= us(item.created) < WHOLE.end_us:
            name = next((text for most, text in bounds.items() if wait_s <= most), "<= 3 h")
            outcomes.setdefault(name, []).append(outcome == "reached")
    rest = {"ended_us": 0, "call_id": "", "made_by": ""}
    told.connection.execute(insert(schema.contact_attempts), [one | rest for one in tries])
    found = rows(told.connection, "delays", WHOLE)
    assert {row["delay"]: (row["called"], row["reached"]) for row in found} == {
        name: (len(some), sum(some)) for name, some in outcomes.items()
    }
    smooth = never_rising([(int(str(row["reached"])), int(str(row["called"]))) for row in found])
    assert [row["falling_share"] for row in found] == pytest.approx(smooth)
