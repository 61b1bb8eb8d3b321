"""Intervals by the local clock: without a gap, right where the clocks change, and the same in SQL."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, MetaData, Table, create_engine, insert, select

from pbx.reporting.intervals import Interval, day, days, period
from pbx.reporting.per.bars import bar
from pbx.reporting.per.grid import CUT, EMPTY, RUNNING, Grid, grid_of
from pbx.reporting.per.one import one_of
from pbx.reporting.per.step import Step
from pbx.reporting.refused import BadRequest

WARSAW, KATHMANDU = ZoneInfo("Europe/Warsaw"), ZoneInfo("Asia/Kathmandu")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # sets its clocks by half an hour
AUTUMN, SPRING = date(2026, 10, 25), date(2026, 3, 29)
LATER = 2**60
MINUTE_US = 60_000_000


def of_day(when: date, step: Step, zone: ZoneInfo) -> Grid:
    return grid_of(day(when, zone), step, zone, LATER)


def names(grid: Grid) -> list[str]:
    return [cell.name for cell in grid.cells]


@pytest.mark.parametrize(("when", "hours"), [(AUTUMN, 25), (SPRING, 23), (date(2026, 6, 1), 24)])
def test_a_day_has_the_hours_that_it_has(when: date, hours: int) -> None:
    for step, share in ((Step.HOUR, 1), (Step.HALF_HOUR, 2), (Step.QUARTER_HOUR, 4)):
        found = of_day(when, step, WARSAW)
        assert len(found.cells) == len({*names(found)}) == hours * share
        assert {cell.span[1] - cell.span[0] for cell in found.cells} == {60 * MINUTE_US // share}


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    found = names(of_day(AUTUMN, Step.HOUR, WARSAW))
    assert found[1:5] == [f"2026-10-25T{hour}" for hour in ("01:00+02:00", "02:00+02:00", "02:00+01:00", "03:00+01:00")]
    assert "2026-03-29T02:00+01:00" not in names(of_day(SPRING, Step.HOUR, WARSAW))
    (first, _), (second, _) = (one_of(day(AUTUMN, WARSAW), "hour", found[at], WARSAW, LATER) for at in (2, 3))
    assert first.end_us == second.start_us


def test_zones_off_the_hour_and_clocks_set_by_half_of_one() -> None:
    assert [cell.span[0] // MINUTE_US % 60 for cell in of_day(AUTUMN, Step.HOUR, KATHMANDU).cells] == [15] * 24
    back = of_day(date(2026, 4, 5), Step.HOUR, LORD_HOWE)
    assert len(back.cells) == len({*names(back)}) == 25
    assert [name[11:] for name in names(back)[1:4]] == ["01:00+11:00", "01:30+10:30", "02:00+10:30"]


def test_weeks_months_quarters_and_years_are_those_of_the_calendar() -> None:
    asked = days(date(2027, 1, 4), 10, WARSAW)
    told = {step: grid_of(asked, step, WARSAW, LATER) for step in (Step.WEEK, Step.MONTH, Step.QUARTER, Step.YEAR)}
    assert names(told[Step.WEEK]) == ["2026-W52", "2026-W53", "2027-W01"]
    assert [cell.part for cell in told[Step.WEEK].cells] == [CUT, "", CUT]
    assert names(told[Step.MONTH]) == ["2026-12", "2027-01"]
    assert names(told[Step.QUARTER]) == ["2026-Q4", "2027-Q1"]
    assert names(told[Step.YEAR]) == ["2026", "2027"]
    whole = grid_of(days(date(2026, 12, 31), 365, WARSAW), Step.MONTH, WARSAW, LATER)
    assert len(whole.cells) == 12
    assert not any(cell.part for cell in whole.cells)


def test_what_is_running_is_said_and_what_is_to_come_is_left_out() -> None:
    asked = days(date(2026, 11, 30), 30, WARSAW)
    noon = day(date(2026, 11, 22), WARSAW).start_us + 12 * 60 * MINUTE_US
    found = grid_of(asked, Step.DAY, WARSAW, noon)
    assert names(found)[-1] == "2026-11-22"
    assert [cell.part for cell in found.cells] == [""] * 21 + [RUNNING]
    folded = grid_of(days(date(2026, 11, 3), 2, WARSAW), Step.WEEKDAY, WARSAW, LATER)
    assert [cell.days for cell in folded.cells] == [1, 1, 0, 0, 0, 0, 0]
    assert folded.cells[2].part == EMPTY


def test_what_cannot_be_told() -> None:
    ten = days(date(2026, 11, 20), 3653, WARSAW)
    with pytest.raises(BadRequest, match=r"per 15min this period has some 3506.. intervals, .* or per day"):
        grid_of(ten, Step.QUARTER_HOUR, WARSAW, LATER)
    with pytest.raises(BadRequest, match=r"per day this period has some 3652059 intervals, .* or per quarter"):
        grid_of(period("0001-01-02", "9999-12-30", WARSAW), Step.DAY, WARSAW, LATER)
    one_day = day(AUTUMN, WARSAW)
    for per, name, text in (
        ("hour", "2026-10-25T02:00+03:00", "no interval '2026-10-25T02:00.03:00': they go from 2026-10-25T00:00.02:00"),
        ("moon", "full", "write one of 15min, 30min, hour"),
        ("hour", "", "go together"),
        ("", "2026", "go together"),
    ):
        with pytest.raises(BadRequest, match=text):
            one_of(one_day, per, name, WARSAW, LATER)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(),
    st.sampled_from([WARSAW, KATHMANDU, LORD_HOWE, ZoneInfo("America/St_Johns"), ZoneInfo("Africa/Casablanca")]),
    st.sampled_from(list(Step)),
)
def test_every_instant_is_in_one_interval_and_sql_knows_which(seed: int, zone: ZoneInfo, step: Step) -> None:
    """Of a period around changes of the clocks: cells of SQL lie within the intervals of Python."""
    rng = random.Random(seed)
    middle = day(rng.choice((AUTUMN, SPRING, date(2026, 4, 5), date(2026, 2, 15))), zone).start_us
    width = min(step.length_us * 20, 500 * 86_400_000_000)
    asked = Interval("", middle - rng.randrange(width), middle + 3 * 3_600_000_000 + rng.randrange(width))
    found = grid_of(asked, step, zone, LATER)
    if not step.folds:
        spans = [cell.span for cell in found.cells]
        assert (spans[0][0], spans[-1][1]) == (asked.start_us, asked.end_us)
        assert all(one[1] == other[0] and one[0] < one[1] for one, other in pairwise(spans))
        assert len({*names(found)}) == len(spans)
    cuts = sorted(rng.randrange(asked.start_us, asked.end_us) for _ in range(3))
    finer = found if step.folds else found.cut(cuts)
    table = Table("instants", MetaData(), Column("at", BigInteger))
    instants = [rng.randrange(asked.start_us, asked.end_us) for _ in range(200)]
    around = (middle + n * 15 * MINUTE_US for n in range(-4, 13))
    instants += [at for at in around if asked.start_us <= at < asked.end_us]
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"at": at} for at in instants])
        rows = connection.execute(select(table.c.at, *finer.group(table.c.at))).all()
    engine.dispose()
    cells = defaultdict(set)
    for at, *cell in rows:
        number = finer.index(at)
        cells[tuple(cell)].add(number)
        if not step.folds:
            start, end = finer.cells[number].span
            assert start <= at < end
    assert all(len(numbers) == 1 for numbers in cells.values())


def test_a_bar_is_as_long_as_its_value() -> None:
    assert [bar(value, 64.0) for value in (0, 0.01, 1, 8, 60, 64)] == ["", "▏", "▏", "█", "███████▌", "████████"]
    assert bar(0, 0) == ""
