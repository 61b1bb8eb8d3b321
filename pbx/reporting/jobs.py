"""What a child process can be asked to report, with all that it needs to know."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.engine import URL

from pbx.call.hours import OpeningHours
from pbx.ledger.terms import Terms
from pbx.reporting.behind import Selector, behind
from pbx.reporting.csv_text import to_csv
from pbx.reporting.intervals import Interval
from pbx.reporting.per.one import one_of
from pbx.reporting.per.step import Step
from pbx.reporting.queries import Thresholds
from pbx.reporting.registry import sheets, step_of
from pbx.reporting.request import Request
from pbx.store.database import database_url, reader_engine
from pbx.store.teams import members_of

if TYPE_CHECKING:
    from pbx.config import Config, Hours, Language


class Job(Protocol):
    """Can be pickled; `run` returns what JSON can hold, or bytes, which reach the parent as they are. It raises
    BadRequest and StoreError.
    """

    def run(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Where:
    """Of a configuration what reports need: the database, the zone, the thresholds, the opening hours."""

    url: URL
    zone: str
    thresholds: Thresholds
    hours: Sequence[Hours]
    money: Terms
    teams: Sequence[tuple[str, str, str]] = ()

    @classmethod
    def of(cls, config: Config) -> Where:
        thresholds = {queue.name: (queue.service_level_s, queue.short_abandon_s) for queue in config.queue}
        zone = config.server.timezone
        return cls(database_url(config), zone, thresholds, config.hours, Terms.of(config), members_of(config))

    def request(
        self, period: Interval, language: Language, filters: Mapping[str, str], per: Step | None = None
    ) -> Request:
        return Request(
            period,
            ZoneInfo(self.zone),
            round(time.time() * 1e6),
            language,
            filters,
            self.thresholds,
            [OpeningHours.of(entry, self.zone) for entry in self.hours],
            self.money,
            self.teams,
            per,
        )


@dataclass(frozen=True, slots=True)
class CallsJob:
    """The calls behind a figure, as data."""

    where: Where
    selector: Selector
    limit: int = 100
    cursor: str = ""
    per: str = ""
    interval: str = ""  # one of those, by its name

    def run(self) -> dict[str, Any]:
        engine = reader_engine(self.where.url)
        try:
            with engine.begin() as connection:
                asked = self.where.request(self.selector.period, "en", {})
                period, fold = one_of(asked.period, self.per, self.interval, asked.zone, asked.now_us)
                selector = replace(self.selector, period=period, fold=fold)
                return behind(connection, selector, asked, limit=self.limit, cursor=self.cursor).data()
        finally:
            engine.dispose()


@dataclass(frozen=True, slots=True)
class ReportJob:
    """A report of the registry as the body of an answer: to read it in the process of the calls, and to write it once
    more, would hold the loop for 0.2 s where it has 20,000 rows.
    """

    where: Where
    name: str
    period: Interval
    language: Language = "en"
    filters: Mapping[str, str] = field(default_factory=dict)
    form: Literal["json", "csv"] = "json"
    per: str = ""

    def run(self) -> bytes:
        engine = reader_engine(self.where.url)
        try:
            with engine.begin() as connection:
                asked = self.where.request(self.period, self.language, self.filters, step_of(self.name, self.per))
                found = [sheet.data() for sheet in sheets(connection, self.name, asked)]
        finally:
            engine.dispose()
        return _csv(found) if self.form == "csv" else orjson.dumps({"name": self.name, "sheets": found})


def _csv(sheets: Sequence[Mapping[str, Any]]) -> bytes:
    """One table below the other, an empty line between them."""
    texts = []
    for sheet in sheets:
        names = [column["name"] for column in sheet["columns"]]
        texts.append(to_csv(names, ([row[name] for name in names] for row in sheet["rows"])))
    return "\r\n".join(texts).encode()
