"""What callers, pages and configurations say is text in every report: no formula in CSV, no markup in a page."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from pbx.reporting.intervals import Interval
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.page.period import period_page
from pbx.reporting.page.plain_table import sheet_part
from pbx.reporting.registry import KINDS, sheets
from pbx.reporting.request import Request
from pbx.store import schema
from pbx.store.encode import micros
from pbx.store.intervals.settling import settle_all
from pbx.store.schema_sms import sms_messages
from pbx.store.schema_teams import agent_teams
from pbx.store.schema_tracking import call_sources
from tests.pbx.reporting.enriched import enrich
from tests.pbx.reporting.ledger import Ledger
from tests.support.journeys import T0, abandoned, answered, seizure

EVIL = (
    "=cmd|' /C calc'!A0",
    "+1+cmd()",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "＝1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "'onmouseover='alert(1)",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "\x1b[31m",
)
TRIGGERS = tuple("=+-@\t\r＝＋－＠")
PERIOD = Interval("2026-09-21 to 2026-09-25", micros(T0 - 86_400), micros(T0 + 4 * 86_400))


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    """Every text that comes from outside is one of the evil ones."""
    rng = random.Random(1)
    with Ledger() as made:
        calls = [rng.choice((answered, abandoned))(number, start=T0 + 60 * number) for number in range(1, 120)]
        made.tell(*calls, *(seizure(number, 200, talk_s=9.0) for number in range(200, 210)))
        made.agent("101", ("available", -100, 900), ("talking", 900, 1000))
        made.connection.execute(
            schema.agent_states.insert().values(agent="101", state="available", since_us=0, reason="", call_id="")
        )
        enrich(made.connection, 3)
        texts = [
            (schema.queue_visits, ("queue", "agent", "wrapup_code")),
            (schema.queue_offers, ("queue", "agent")),
            (schema.trunk_calls, ("trunk",)),
            (schema.cdrs, ("caller", "did", "tag", "campaign", "medium", "queue", "agent", "trunk")),
            (schema.wait_promises, ("queue",)),
            (schema.agent_log, ("agent",)),
            (sms_messages, ("template",)),
            (call_sources, ("source", "medium", "campaign", "device", "site")),
            (agent_teams, ("agent", "team", "site")),
        ]
        for table, names in texts:
            key = list(table.primary_key.columns)
            for row in made.connection.execute(table.select()).all():
                mine = [column == getattr(row, column.name) for column in key]
                change = {name: rng.choice(EVIL) for name in names}
                made.connection.execute(update(table).where(*mine).values(change))
        settle_all(made.connection)
        yield made


class Guard(HTMLParser):
    """No element and no attribute that the page does not write itself."""

    SAFE = frozenset(
        (
            *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "ol", "li", "b", "span"),
            *("figure", "svg", "desc", "rect", "text", "line", "circle", "polyline", "polygon", "div", "a", "code"),
            *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
        )
    )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.SAFE, (tag, attrs)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, attrs)
            assert name != "src"
            assert name != "href" or (value or "").startswith("#calls-")


def request(**filters: str) -> Request:
    return Request(PERIOD, ZoneInfo("Europe/Warsaw"), PERIOD.end_us + 9 * 86_400_000_000, "pl", filters)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_cell_of_any_report_is_a_formula_or_markup(ledger: Ledger, kind: object) -> None:
    asked = Asked(PERIOD, ZoneInfo("Europe/Warsaw"), "pl", {}, (), PERIOD.end_us)
    page = Page("x", "pl")
    for sheet in sheets(ledger.connection, kind.name, request()):  # type: ignore[attr-defined]
        for row in csv.reader(io.StringIO(sheet.csv())):
            for cell in row:
                assert not cell.lstrip(" ").startswith(TRIGGERS) or _is_number(cell), cell
                assert not any(ord(mark) < 32 or mark in "\u202e" for mark in cell)
        sheet_part(page, asked, sheet)
    Guard().feed(page.html())


def test_the_page_has_nothing_of_theirs_in_its_markup(ledger: Ledger) -> None:
    asked = Asked(PERIOD, ZoneInfo("Europe/Warsaw"), "pl", {}, (), PERIOD.end_us)
    for demo in ("", EVIL[8]):
        text = period_page(ledger.connection, replace(asked, demo=demo))
        Guard().feed(text)
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert "&lt;script&gt;alert(1)" in text


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.startswith("+") and cell[1:].isdecimal()
    return True
