"""How a period went: its calls hour by hour, day by day or month by month."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pbx.reporting.changes import Hours, Key, Sums
from pbx.reporting.intervals import local
from pbx.reporting.page.asked import MOST_DAYS, Asked
from pbx.reporting.page.html import Page
from pbx.reporting.page.svg import Axis, bars, round_up

DAY_HOURS = 24


def course(page: Page, asked: Asked, hours: Hours) -> None:
    """Bars of what became of the calls."""
    title, names, place = _bars_of(asked)
    stacks = [[0.0] * len(names) for _ in range(3)]
    for key, one in hours.by.items():
        for stack, value in zip(stacks, _ends(one), strict=True):
            stack[place(key)] += value
    count = int(sum(map(sum, stacks)))
    about = f"{asked.text('days_about')} n = {asked.count(count)}."
    page.heading(asked.text(title))
    page.say(about)
    if not count:
        page.say(asked.text("none"))
        return
    highest = max(map(sum, zip(*stacks, strict=True)))
    up = Axis(asked.text("calls"), 0, *round_up(highest), lambda value: asked.count(round(value)))
    shown = [(asked.text(name), stack) for name, stack in zip(("answered", "abandoned", "other"), stacks, strict=True)]
    page.picture(bars(asked.text(title), about, up, names, shown))


def _ends(one: Sums) -> tuple[int, int, int]:
    return one.answered, one.abandoned, one.offered - one.answered - one.abandoned


def _bars_of(asked: Asked) -> tuple[str, list[str], Callable[[Key], int]]:
    """(title, names of the bars, which bar an hour belongs to)."""
    first = local(asked.interval.start_us, asked.zone).date()
    if asked.days == 1:
        return "day", [str(hour) for hour in range(DAY_HOURS)], lambda key: key[1]
    dates = [first + timedelta(days=number) for number in range(asked.days)]
    if asked.days <= MOST_DAYS:
        return "days", [f"{one.day}.{one.month:02d}" for one in dates], lambda key: key[0]
    months = list(dict.fromkeys((one.year, one.month) for one in dates))
    at = {month: number for number, month in enumerate(months)}
    names = [f"{month:02d}.{year}" for year, month in months]
    return "months", names, lambda key: at[dates[key[0]].year, dates[key[0]].month]
