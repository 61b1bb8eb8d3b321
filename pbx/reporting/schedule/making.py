"""Makes what is sent: a job for a child process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection

from pbx.config import Language
from pbx.reporting.demo_note import demo_note
from pbx.reporting.intervals import Interval
from pbx.reporting.jobs import Where
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.page.period import period_page
from pbx.reporting.page.plain_table import sheet_part
from pbx.reporting.registry import sheets, step_of
from pbx.store.database import reader_engine

PAGE = "page"


@dataclass(frozen=True, slots=True)
class MailJob:
    """`run` returns the attachments: (file name, media type, text)."""

    where: Where
    reports: tuple[str, ...]
    formats: tuple[str, ...]
    period: Interval
    zone: str
    language: Language
    per: str = ""  # of every report but the page

    def run(self) -> list[dict[str, str]]:
        engine = reader_engine(self.where.url)
        try:
            with engine.begin() as connection:
                return [part for name in self.reports for part in self._parts(connection, name)]
        finally:
            engine.dispose()

    def _parts(self, connection: Connection, name: str) -> list[dict[str, str]]:
        stem = f"{name}-{self.period.label.replace(' to ', '_')}"
        if name == PAGE:
            return [{"name": f"{stem}.html", "type": "text/html", "text": self._page(connection)}]
        request = self.where.request(self.period, self.language, {}, step_of(name, self.per))
        request = replace(request, zone=ZoneInfo(self.zone))
        made = sheets(connection, name, request)
        parts = []
        if "csv" in self.formats:
            text = "\r\n".join(sheet.csv() for sheet in made)
            parts.append({"name": f"{stem}.csv", "type": "text/csv", "text": text})
        if "json" in self.formats:
            text = orjson.dumps([sheet.data() for sheet in made]).decode()
            parts.append({"name": f"{stem}.json", "type": "application/json", "text": text})
        if "html" in self.formats:
            page = Page(made[0].title, self.language)
            asked = self._asked(connection)
            for sheet in made:
                sheet_part(page, asked, sheet)
            parts.append({"name": f"{stem}.html", "type": "text/html", "text": page.html()})
        return parts

    def _page(self, connection: Connection) -> str:
        return period_page(connection, self._asked(connection))

    def _asked(self, connection: Connection) -> Asked:
        request = self.where.request(self.period, self.language, {})
        given = (self.where.thresholds, request.hours, request.now_us, demo_note(connection, self.language))
        terms = (self.where.money, self.where.teams)
        return Asked(self.period, ZoneInfo(self.zone), self.language, *given, *terms)
