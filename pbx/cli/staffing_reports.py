"""What `centrala staffing` prints; imported when it is asked for, because it brings numpy."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pbx.cli.console import err, fail, show_sheet
from pbx.config import Config
from pbx.reporting.demo_note import demo_note
from pbx.reporting.intervals import days
from pbx.reporting.reporter import Reporter
from pbx.reporting.sheet import Sheet
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.accuracy import accuracy_sheet, backtest, last_week
from pbx.staffing.demand import DayNeed, Terms, customer_of, day_need, days_from
from pbx.staffing.events import PlannedEvent, planned_event
from pbx.staffing.facts import Facts
from pbx.staffing.forecast import IsHoliday, Method, forecast
from pbx.staffing.history import History, known_queues
from pbx.staffing.month import month_sheet
from pbx.staffing.page import need_page
from pbx.staffing.planner import holiday_test, read_history, unread_calendars
from pbx.staffing.promise import found_in, promise_sheet
from pbx.staffing.reach import MEASURED_DAYS, beyond_measured, days_ahead
from pbx.staffing.requirement import Customer, Formula, Prices, Target, agents_for
from pbx.staffing.sheets import for_terminal, need_sheet, what_if_sheet
from pbx.staffing.smoothed import NotInstalled, smoothed
from pbx.staffing.usual import usual_days
from pbx.staffing.words import ENGLISH, Say
from pbx.store.errors import StoreError

Model = Literal["seasonal", "ets"]
Choice = Literal["", "pl", "ru", "en"]  # the server's where it is empty
Files = tuple[Path | None, Path | None]  # CSV, page
MONTH = 28  # days that a month is made of
TESTED_DAYS = 28  # that a forecast is tried on


@dataclass(slots=True)
class Past:
    """Which calls are looked at, and what is given instead of what they tell (0: nothing)."""

    config: Config
    queue: str
    weeks: int
    handling_s: float
    patience_s: float
    model: Model = "seasonal"
    formula: Formula = "erlang-a"
    ignored: Sequence[date] = ()
    events: Sequence[PlannedEvent] = ()
    shrinkage: float = 0.0
    language: Choice = ""

    @property
    def method(self) -> Method:
        """How days are forecast."""
        return smoothed if self.model == "ets" else forecast

    def history(self, reporter: Reporter, until: date, queue: str = "") -> History:
        facts = Facts.of(self.config)
        try:
            with reporter.connection() as connection:
                return read_history(connection, facts, queue or self.queue, until, self.weeks, today=reporter.today())
        except ValueError as error:
            fail(error)

    def customer(self, past: History) -> Customer:
        """What is given counts, then what the calls tell."""
        try:
            return customer_of(past, self.terms(Target()))
        except ValueError as error:
            fail(error)

    def terms(self, target: Target, minutes: int = 30, shrinkage: float = 0.0, *, callbacks: bool = True) -> Terms:
        """Raises ValueError."""
        return Terms(target, minutes, shrinkage, self.formula, self.handling_s, self.patience_s, callbacks)

    def around(self, past: History, last: date, say: Say) -> str:
        """What must be said beside a forecast of days up to `last`. Raises ValueError."""
        told = (beyond_measured(past, last, say), unread_calendars(Facts.of(self.config), say))
        return "\n".join(filter(None, told))

    def say(self, form: str) -> Say:
        return say_of(self.config, self.language, form)

    def is_holiday(self) -> IsHoliday:
        try:
            return holiday_test(Facts.of(self.config))
        except ValueError as error:
            fail(error)


def need_report(
    asked: Past, day: str, count: int, queues: Sequence[str], terms: Terms, form: str, files: Files
) -> None:
    """Agents by interval of coming days, queue by queue."""
    (to, page), say = files, asked.say(form)
    language = asked.language or asked.config.server.language
    with reading(asked.config) as reporter:
        first = date_of(day) if day else reporter.today() + timedelta(days=1)
        pasts = [asked.history(reporter, first, queue) for queue in (queues or [""])]
        with reporter.connection() as connection:
            demo = demo_note(connection, language)
    is_holiday = asked.is_holiday()
    found: list[DayNeed] = []
    last = first + timedelta(days=count - 1)
    try:
        ahead = max(days_ahead(past, last) for past in pasts)
        for past in pasts:
            for one in days_from(first, count):
                found.append(day_need(past, one, is_holiday, terms, asked.method, asked.events, asked.ignored))
        sheet = need_sheet(found, terms, say)
        for past in pasts:
            noted(sheet, _tried(asked, past, min(ahead, MEASURED_DAYS), is_holiday, say), asked.around(past, last, say))
    except ValueError as error:
        fail(error)
    if to is not None:
        written(to, sheet.csv())
    if page is not None:
        written(page, need_page(found, terms, language, demo))
    show(sheet, form, say, for_terminal(sheet, found))


def _tried(asked: Past, past: History, ahead: int, is_holiday: IsHoliday, say: Say) -> str:
    """How wrong such forecasts were, made as far ahead."""
    tried = backtest(past, TESTED_DAYS, is_holiday, asked.method, asked.ignored, ahead=ahead)
    wrong = tried.wape(tried.off_slot)
    before = say("day_before") if ahead == 1 else say("days_before", days=ahead)
    if wrong is None:
        return say("untried", before=before)
    return say("tried", days=tried.days, before=before, wrong=wrong)


def accuracy_report(asked: Past, count: int, ahead: int, form: str) -> None:
    """How wrong each way of forecasting was on past days."""
    with reading(asked.config) as reporter:
        past = asked.history(reporter, reporter.today())
    is_holiday = asked.is_holiday()
    ways: dict[str, Method] = {"last week": last_week, "seasonal": forecast, "ets": smoothed}
    found = {}
    for name, by in ways.items():
        try:
            found[name] = backtest(past, count, is_holiday, by, asked.ignored, ahead=ahead)
        except NotInstalled as error:
            err.print(f"ets is left out: {error}", style="dim", markup=False)
    odd = usual_days(past, reporter.today(), is_holiday, asked.ignored).left_out if past.days else {}
    say = asked.say(form)
    sheet = accuracy_sheet(found, past.queue, ahead, len(odd), say)
    noted(sheet, unread_calendars(Facts.of(asked.config), say))
    show(sheet, form, say)


def promise_report(config: Config, queue: str, share: float, weeks: int, form: str, language: Choice = "") -> None:
    """The callback time to guarantee, by hour of the day."""
    with reading(config) as reporter, reporter.connection() as connection:
        interval = days(reporter.today(), 7 * weeks, reporter.zone)
        found = found_in(connection, interval, Facts.of(config).sites, reporter.zone, queue)
        if not found:
            there = ", ".join(known_queues(connection)) or "none with a call"
            fail(f"queue {queue!r} has neither requests nor calls in these weeks; there are: {there}")
    say = say_of(config, language, form)
    show(promise_sheet(found, share, interval.label, say), form, say)


def what_if_report(
    asked: Past,
    calls_per_h: float,
    agents: int,
    target: tuple[float, float, float],
    prices: tuple[float, float],
    form: str,
) -> None:
    """Two agents less to two more: in an hour with so many calls, or without them in a month of the forecast."""
    if not calls_per_h:
        _month_report(asked, target, prices, form)
        return
    try:
        if asked.handling_s and (asked.patience_s or asked.formula == "erlang-c"):
            customer = customer_of(History("given"), asked.terms(Target(*target)))
        else:
            with reading(asked.config) as reporter:
                customer = asked.customer(asked.history(reporter, reporter.today()))
        aim = Target(*target)
        now = agents or agents_for(calls_per_h, customer, aim)
        sheet = what_if_sheet(
            calls_per_h, range(max(now - 2, 1), now + 3), customer, aim, Prices(*prices), asked.say(form)
        )
    except ValueError as error:
        fail(error)
    show(sheet, form, asked.say(form))


def _month_report(asked: Past, target: tuple[float, float, float], prices: tuple[float, float], form: str) -> None:
    with reading(asked.config) as reporter:
        past, first = asked.history(reporter, reporter.today()), reporter.today() + timedelta(days=1)
    is_holiday, say = asked.is_holiday(), asked.say(form)
    try:
        terms = asked.terms(Target(*target), shrinkage=asked.shrinkage)
        days_ahead(past, first + timedelta(days=MONTH - 1))
        found = [
            day_need(past, day, is_holiday, terms, asked.method, asked.events, asked.ignored)
            for day in days_from(first, MONTH)
        ]
        sheet = month_sheet(past, found, terms, Prices(*prices), say)
        noted(sheet, asked.around(past, found[-1].found.day, say))
    except ValueError as error:
        fail(error)
    show(sheet, form, say)


@contextmanager
def reading(config: Config) -> Iterator[Reporter]:
    try:
        reporter = Reporter.open(config)
    except StoreError as error:
        fail(error)
    with reporter:
        yield reporter


def date_of(text: str, option: str = "--date") -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no date; write {option} 2026-11-21")


def planned(events: Sequence[str], ignored: Sequence[str]) -> tuple[list[PlannedEvent], list[date]]:
    """Of --event and --ignore."""
    try:
        return [planned_event(text) for text in events], [date_of(text, "--ignore") for text in ignored]
    except ValueError as error:
        fail(error)


def say_of(config: Config, language: Choice, form: str) -> Say:
    """People read the language that is asked for, or the server's; programs English."""
    return Say(language or config.server.language) if form == "table" else ENGLISH


def noted(sheet: Sheet, *lines: str) -> None:
    """Adds notes, those that say anything new."""
    sheet.notes = "\n".join(filter(None, (sheet.notes, *(line for line in lines if line not in sheet.notes))))


def written(to: Path, text: str) -> None:
    try:
        to.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{to} cannot be written: {error.strerror}")


def show(sheet: Sheet, form: str, say: Say, table: Sheet | None = None) -> None:
    """`table`: what the terminal shows instead."""
    if form == "table":
        show_sheet(sheet_table(table or sheet, say.language))
    else:
        sys.stdout.write(sheet.csv() if form == "csv" else sheet.json() + "\n")
