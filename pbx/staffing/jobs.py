"""What a child process of the running PBX can be asked to plan. numpy is imported there, never by what serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from pbx.reporting.request import BadRequest
from pbx.reporting.sheet import Sheet
from pbx.staffing.facts import Facts
from pbx.store.database import reader_engine

if TYPE_CHECKING:
    from pbx.staffing.demand import DayNeed, Terms
    from pbx.staffing.history import History


@dataclass(frozen=True, slots=True)
class StaffingAsk:
    """As the options of `centrala staffing`. `first` is the first day to plan, `today` the one that is no past day."""

    queue: str
    first: date
    today: date
    days: int = 1
    minutes: int = 30
    share: float = 0.80
    within_s: float = 20.0
    give_up: float = 0.05
    shrinkage: float = 0.3
    formula: Literal["erlang-a", "erlang-c"] = "erlang-a"
    weeks: int = 12
    handling_s: float = 0.0
    patience_s: float = 0.0
    events: Sequence[str] = ()
    agent_hour: float = 0.0
    lost_call: float = 0.0
    calls: float = 0.0
    agents: int = 0


@dataclass(frozen=True, slots=True)
class StaffingJob:
    """`what` is "need", "what_if" or "promise". Raises BadRequest, StoreError."""

    what: Literal["need", "what_if", "promise"]
    url: URL
    facts: Facts
    asked: StaffingAsk

    def run(self) -> dict[str, Any]:
        engine = reader_engine(self.url)
        made: dict[str, Callable[[Connection], Sheet]] = {
            "need": self._need,
            "what_if": self._what_if,
            "promise": self._promise,
        }
        try:
            with engine.begin() as connection:
                sheet = made[self.what](connection)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        finally:
            engine.dispose()
        return sheet.data()

    def _terms(self) -> Terms:
        from pbx.staffing.demand import Terms
        from pbx.staffing.requirement import Target

        asked = self.asked
        target = Target(asked.share, asked.within_s, asked.give_up)
        return Terms(target, asked.minutes, asked.shrinkage, asked.formula, asked.handling_s, asked.patience_s)

    def _planned(self, connection: Connection, days: int) -> tuple[History, list[DayNeed]]:
        from pbx.staffing.demand import day_need, days_from
        from pbx.staffing.events import planned_event
        from pbx.staffing.forecast import forecast
        from pbx.staffing.planner import holiday_test, read_history
        from pbx.staffing.reach import days_ahead

        asked, terms = self.asked, self._terms()
        past = read_history(connection, self.facts, asked.queue, asked.first, asked.weeks, asked.today)
        days_ahead(past, asked.first + timedelta(days=days - 1))
        is_holiday = holiday_test(self.facts)
        events = [planned_event(text) for text in asked.events]
        return past, [day_need(past, day, is_holiday, terms, forecast, events) for day in days_from(asked.first, days)]

    def _need(self, connection: Connection) -> Sheet:
        from pbx.staffing.sheets import need_sheet

        past, found = self._planned(connection, self.asked.days)
        return self._noted(need_sheet(found, self._terms()), past, found)

    def _noted(self, sheet: Sheet, past: History, found: Sequence[DayNeed]) -> Sheet:
        from pbx.staffing.planner import unread_calendars
        from pbx.staffing.reach import beyond_measured

        more = (beyond_measured(past, found[-1].found.day), unread_calendars(self.facts))
        sheet.notes = "\n".join(filter(None, (sheet.notes, *more)))
        return sheet

    def _what_if(self, connection: Connection) -> Sheet:
        from pbx.staffing.demand import customer_of
        from pbx.staffing.month import month_sheet
        from pbx.staffing.planner import read_history
        from pbx.staffing.requirement import Prices, agents_for
        from pbx.staffing.sheets import what_if_sheet

        asked, terms = self.asked, self._terms()
        prices = Prices(asked.agent_hour, asked.lost_call)
        if not asked.calls:
            past, found = self._planned(connection, 28)
            return self._noted(month_sheet(past, found, terms, prices), past, found)
        past = read_history(connection, self.facts, asked.queue, asked.today, asked.weeks, asked.today)
        customer = customer_of(past, terms)
        now = asked.agents or agents_for(asked.calls, customer, terms.target)
        return what_if_sheet(asked.calls, range(max(now - 2, 1), now + 3), customer, terms.target, prices)

    def _promise(self, connection: Connection) -> Sheet:
        from pbx.reporting.intervals import days
        from pbx.staffing.history import known_queues
        from pbx.staffing.promise import found_in, promise_sheet

        asked, zone = self.asked, ZoneInfo(self.facts.zone)
        interval = days(asked.today, 7 * asked.weeks, zone)
        if asked.queue not in {*known_queues(connection), *self.facts.queues}:
            raise ValueError(f"there is no queue {asked.queue!r}")
        found = found_in(connection, interval, self.facts.sites, zone, asked.queue)
        return promise_sheet(found, asked.share, interval.label)
