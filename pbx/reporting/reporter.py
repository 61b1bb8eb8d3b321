"""What the command line asks: today, hour by hour, since an instant. Reads only; the PBX may be running on the same
database.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from pbx.call.hours import OpeningHours
from pbx.events import CallEvent
from pbx.ledger.terms import Terms
from pbx.reporting import cdr, queries
from pbx.reporting.agents import agents_sheet
from pbx.reporting.behind import Behind, Selector, behind
from pbx.reporting.blocks import dealers_sheet, surveys_sheet
from pbx.reporting.callbacks import CallbackFigures, callback_figures
from pbx.reporting.demo_note import demo_note
from pbx.reporting.figures import Report
from pbx.reporting.intervals import Interval, day, hours, local
from pbx.reporting.page.ahead import Begun, reading
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.period import period_page
from pbx.reporting.partners import partners_sheet
from pbx.reporting.patience import patience_sheet
from pbx.reporting.promises import promises_sheet
from pbx.reporting.recovery import Recovery, recovery
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.reporting.sheet import Sheet
from pbx.reporting.sms import sms_sheet
from pbx.store.database import check_present, database_url, reader_engine
from pbx.store.records import Cdr

if TYPE_CHECKING:
    from pbx.config import Config, Language

_MICRO = 1_000_000


class Reporter:
    """One read-only engine and the thresholds of the configured queues. Close it, or use it with `with`."""

    def __init__(self, engine: Engine, *, zone: str = "UTC", thresholds: queries.Thresholds | None = None) -> None:
        self._engine = engine
        self.zone = ZoneInfo(zone)
        self._thresholds = thresholds or {}

    @classmethod
    def open(cls, config: Config) -> Reporter:
        """Opens the configured database for reading. Raises StoreError when there is none, or an older one."""
        thresholds = {queue.name: (queue.service_level_s, queue.short_abandon_s) for queue in config.queue}
        url = database_url(config)
        engine = reader_engine(url)
        check_present(engine, url)
        return cls(engine, zone=config.server.timezone, thresholds=thresholds)

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Frees the connection; idempotent."""
        self._engine.dispose()

    def connection(self) -> AbstractContextManager[Connection]:
        """One state of the database, for what reads more than one figure of it."""
        return self._engine.begin()

    def demo(self, language: Language = "en") -> str:
        """What to say above figures of a database whose calls were made up; "" for a real one."""
        with self._engine.begin() as connection:
            return demo_note(connection, language)

    def today(self) -> date:
        """The present local date."""
        return local(_now_us(), self.zone).date()

    def day(self, when: date) -> Report:
        """The report of a local day."""
        return self.of([day(when, self.zone)])[0]

    def hours(self, when: date) -> list[Report]:
        """One report per hour of the local day, 23 to 25 of them."""
        return self.of(hours(when, self.zone))

    def summary(self, since: float) -> Report:
        """Everything from `since` (UTC seconds) on."""
        return self.of([Interval("summary", round(since * _MICRO), 2**62)])[0]

    def of(self, intervals: Sequence[Interval]) -> list[Report]:
        """One report per interval, all from one state of the database."""
        with self._engine.begin() as connection:
            return [
                Report(
                    interval,
                    queries.call_figures(connection, interval),
                    queries.queue_figures(connection, interval, self._thresholds),
                    queries.trunk_figures(connection, interval),
                )
                for interval in intervals
            ]

    def sheets(self, name: str, request: Request) -> list[Sheet]:
        """A report of the registry. Raises BadRequest."""
        with self._engine.begin() as connection:
            return sheets(connection, name, request)

    def behind(self, selector: Selector, asked: Request, limit: int = 100, cursor: str = "") -> Behind:
        """The calls that a figure is made of. Raises BadRequest."""
        with self._engine.begin() as connection:
            return behind(connection, selector, asked, limit=limit, cursor=cursor)

    def callbacks(self, when: date) -> list[CallbackFigures]:
        """The callbacks that were asked for on a local day, by queue."""
        with self._engine.begin() as connection:
            return callback_figures(connection, day(when, self.zone))

    def recovery(self, interval: Interval) -> list[Recovery]:
        """What became of the contacts that were missed in the interval."""
        with self._engine.begin() as connection:
            return recovery(connection, interval, self.zone)

    def sms(self, interval: Interval) -> Sheet:
        """Messages by what asked for them."""
        with self._engine.begin() as connection:
            return sms_sheet(connection, interval)

    def surveys(self, interval: Interval) -> Sheet:
        """What callers answered to surveys."""
        with self._engine.begin() as connection:
            return surveys_sheet(connection, interval)

    def dealers(self, interval: Interval) -> Sheet:
        """Calls that were given to dealers."""
        with self._engine.begin() as connection:
            return dealers_sheet(connection, interval)

    def partners(self, interval: Interval) -> Sheet:
        """Calls that went to overflow partners."""
        with self._engine.begin() as connection:
            return partners_sheet(connection, interval)

    def promises(self, interval: Interval) -> Sheet:
        """What was promised to waiting callers, and what became of it."""
        with self._engine.begin() as connection:
            return promises_sheet(connection, interval)

    def patience(self, interval: Interval) -> Sheet:
        """How long callers wait before they give up."""
        with self._engine.begin() as connection:
            return patience_sheet(connection, interval)

    def agents(self, intervals: list[Interval]) -> Sheet:
        """What agents did, by interval."""
        with self._engine.begin() as connection:
            return agents_sheet(connection, intervals, _now_us())

    def page(
        self,
        interval: Interval,
        language: Language,
        hours: Sequence[OpeningHours] = (),
        money: Terms | None = None,
        teams: Sequence[tuple[str, str, str]] = (),
        begun: Begun | None = None,
    ) -> str:
        """The period as one HTML file; `hours` are the opening hours that the share outside is told of, `begun` what
        may be read of it already.
        """
        demo, given = self.demo(language), (money or Terms(), teams)
        if begun is not None and begun.fits(self._engine, interval, self.zone):
            now_us = begun.early.now_us
            asked = Asked(interval, self.zone, language, self._thresholds, hours, now_us, demo, *given)
            return period_page(begun.connection, asked, begun.ahead(asked))
        asked = Asked(interval, self.zone, language, self._thresholds, hours, _now_us(), demo, *given)
        with reading(self._engine, asked) as (connection, ahead):
            return period_page(connection, asked, ahead)

    def cdrs(self, interval: Interval | None = None, *, limit: int = 100) -> list[Cdr]:
        """Call records, the newest first."""
        with self._engine.begin() as connection:
            return cdr.list_cdrs(connection, interval, limit=limit)

    def cdr(self, call_id: str) -> Cdr | None:
        """One call's record, None when there is none (yet)."""
        with self._engine.begin() as connection:
            return cdr.find_cdr(connection, call_id)

    def journey(self, call_id: str) -> list[CallEvent]:
        """One call's steps."""
        with self._engine.begin() as connection:
            return cdr.journey(connection, call_id)


def _now_us() -> int:
    return round(time.time() * _MICRO)
