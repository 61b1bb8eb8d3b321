"""What `centrala staffing` prints; imported when it is asked for, because it brings numpy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NoReturn

from pbx.cli.console import fail, show_sheet
from pbx.config import Config
from pbx.reporting.reporter import Reporter
from pbx.reporting.sheet import Sheet
from pbx.reporting.sheet_table import sheet_table
from pbx.staffing.forecast import Method, NotEnough, backtest, forecast
from pbx.staffing.history import History
from pbx.staffing.planner import holiday_test, read_history
from pbx.staffing.requirement import Customer, Prices, Target, agents_for
from pbx.staffing.sheets import need_sheet, what_if_sheet
from pbx.staffing.smoothed import smoothed
from pbx.store.errors import StoreError

Model = Literal["seasonal", "ets"]
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

    @property
    def method(self) -> Method:
        """How days are forecast."""
        return smoothed if self.model == "ets" else forecast

    def history(self, reporter: Reporter, until: date) -> History:
        try:
            return read_history(reporter, self.config, self.queue, until, self.weeks)
        except ValueError as error:
            fail(error)

    def customer(self, past: History) -> Customer:
        """What is given counts, then what the calls tell."""
        handled, patient = self.handling_s or past.handling_s, self.patience_s or past.patience_s
        if not handled:
            _missing(past, "answered", "--handling 180")
        if not patient:
            _missing(past, "given up", "--patience 300")
        return Customer(float(handled), float(patient))


def need_report(
    asked: Past, day: str, target: tuple[float, float, float], minutes: int, shrinkage: float, form: str
) -> None:
    """Agents by interval of a day."""
    with reading(asked.config) as reporter:
        wanted = date_of(day) if day else reporter.today() + timedelta(days=1)
        past = asked.history(reporter, wanted)
    is_holiday = holiday_test(asked.config)
    try:
        found = asked.method(past, wanted, is_holiday)
        sheet = need_sheet(found, minutes, asked.customer(past), Target(*target), shrinkage)
    except (NotEnough, ValueError) as error:
        fail(error)
    wrong = backtest(past, TESTED_DAYS, is_holiday, asked.method)
    if wrong is not None:
        sheet.notes += f"\nForecasts of the last four weeks were wrong by {wrong:.0%} of the calls of a quarter hour."
    _print(sheet, form)


def what_if_report(
    asked: Past,
    calls_per_h: float,
    agents: int,
    target: tuple[float, float, float],
    prices: tuple[float, float],
    form: str,
) -> None:
    """Two agents less to two more."""
    if asked.handling_s and asked.patience_s:
        customer = Customer(asked.handling_s, asked.patience_s)
    else:
        with reading(asked.config) as reporter:
            customer = asked.customer(asked.history(reporter, reporter.today()))
    aim = Target(*target)
    try:
        now = agents or agents_for(calls_per_h, customer, aim)
    except ValueError as error:
        fail(error)
    _print(what_if_sheet(calls_per_h, range(max(now - 2, 1), now + 3), customer, aim, Prices(*prices)), form)


@contextmanager
def reading(config: Config) -> Iterator[Reporter]:
    try:
        reporter = Reporter.open(config)
    except StoreError as error:
        fail(error)
    with reporter:
        yield reporter


def _missing(past: History, what: str, remedy: str) -> NoReturn:
    fail(f"queue {past.queue!r} has no call that was {what} in these weeks: write {remedy}, or more --weeks")


def date_of(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no date; write --date 2026-11-21")


def _print(sheet: Sheet, form: str) -> None:
    if form == "table":
        show_sheet(sheet_table(sheet))
    else:
        sys.stdout.write(sheet.csv() if form == "csv" else sheet.json() + "\n")
