"""Any figure opens to the calls behind it: as many as the figure says, newest first, page after page."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from pbx.demodata.agency import Agency
from pbx.demodata.build import Year, build
from pbx.ledger.terms import Terms
from pbx.reporting.behind import Selector, behind
from pbx.reporting.formulas import FIGURES
from pbx.reporting.intervals import days
from pbx.reporting.queries import trunk_figures
from pbx.reporting.registry import KINDS, Kind, sheets
from pbx.reporting.request import BadRequest, Request
from pbx.reporting.service_level import Formula
from pbx.reporting.sheet import Unit
from pbx.store.database import reader_engine, writer_engine
from tests.pbx.reporting.enriched import enrich
from tests.pbx.reporting.ledger import ALL, THRESHOLDS, Ledger
from tests.pbx.reporting.opening import check
from tests.support.journeys import CallEvent, abandoned, answered, left, seizure

WARSAW = ZoneInfo("Europe/Warsaw")
FIVE = days(date(2026, 11, 20), 5, WARSAW)
DAY_US = 86_400_000_000
ASKED = Request(ALL, WARSAW, 2**62, thresholds=THRESHOLDS)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    rng = random.Random(5)
    journeys: list[list[CallEvent]] = []
    for number in range(1, 80):
        maker = rng.choice((answered, abandoned, abandoned, left))
        wait = {} if maker is left else {"wait_s": rng.choice((2.0, 4.9, 12.0, 19.0, 31.0))}
        journeys.append(maker(number, **wait))
    journeys += [seizure(number, rng.choice((200, 486, 503, 603)), talk_s=9.0) for number in range(100, 130)]
    with Ledger() as made:
        yield made.tell(*journeys)


def shares(ledger: Ledger, figure: str, **filters: str) -> tuple[int, int]:
    found = behind(ledger.connection, Selector(figure, ALL, filters), ASKED)
    return found.part, found.whole


def test_the_calls_of_each_figure_are_those_that_it_counts(ledger: Ledger) -> None:
    queue = ledger.queue()
    for formula in Formula:
        part, whole = shares(ledger, formula.value, queue="sales")
        assert queue.service_level(formula) == pytest.approx(part / whole), formula
    assert shares(ledger, "OFF") == (queue.offered, queue.offered)
    assert shares(ledger, "AB<=S")[0] == queue.counts.abandoned_short
    assert shares(ledger, "FO")[0] == queue.flowed_out
    part, whole = shares(ledger, "AR.ADJ")
    assert queue.adjusted_abandonment_rate == pytest.approx(part / whole)
    asa = behind(ledger.connection, Selector("ASA", ALL), ASKED, limit=1000)
    assert queue.asa_s == pytest.approx(sum(row.value or 0.0 for row in asa.rows) / asa.part)
    (trunk,) = trunk_figures(ledger.connection, ALL)
    for name, value in (("ASR", trunk.asr), ("NER", trunk.ner)):
        part, whole = shares(ledger, name, trunk="carrier")
        assert value == pytest.approx(part / whole)


def test_page_after_page_each_call_comes_once(ledger: Ledger) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        found = behind(ledger.connection, Selector("OFF", ALL), ASKED, limit=7, cursor=cursor)
        seen += [row.id for row in found.rows]
        cursor = found.next
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == found.whole
    assert found.data()["rows"][0]["at"].endswith("Z")


def test_what_cannot_be_asked(ledger: Ledger) -> None:
    for selector, text in (
        (Selector("LUCK", ALL), "no figure has the id 'LUCK'"),
        (Selector("ASR", ALL, {"queue": "sales"}), "cannot be asked by 'queue': it has trunk"),
        (Selector("SL4", ALL, {"queue": "x" * 200}), "longer than"),
    ):
        with pytest.raises(BadRequest, match=text):
            behind(ledger.connection, selector, ASKED)
    with pytest.raises(BadRequest, match="cursor"):
        behind(ledger.connection, Selector("SL4", ALL), ASKED, cursor="x:1")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """Five days of demo calls, with everything else that there is at random."""
    path = tmp_path_factory.mktemp("full") / "centrala.db"
    build(path, Year(Agency(inbound=2500, outbound=500), last=date(2026, 11, 20), days=5, seed=2))
    url = URL.create("sqlite", database=str(path))
    for engine, change in ((writer_engine(url), True), (reader_engine(url), False)):
        with engine.begin() as connection:
            if change:
                enrich(connection, seed=5)
            else:
                yield connection
        engine.dispose()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_calls_behind_each_figure_of_each_report_give_it(full: Connection, kind: Kind) -> None:
    """Counted by the figure's own rule, for each row of the report."""
    asked = Request(FIVE, WARSAW, FIVE.end_us + 9 * DAY_US, "en", {}, {"hotline": (20.0, 5.0)}, money=Terms("PLN"))
    for by in ("source", "campaign") if kind.name == "money" else ("",):
        made = sheets(full, kind.name, replace(asked, filters={"by": by} if by else {}))
        solid = sum(check(full, sheet, asked) for sheet in made)
        formulas = [column.formula for sheet in made for column in sheet.columns if column.formula]
        assert set(formulas) <= set(FIGURES)
        assert bool(solid) == bool(formulas)


# Bounds of intervals and keys of rows; what is a list of calls itself; of whom there are no rows: agents of a team.
CLOSED = {"at_most_s", "hazard_peak_at_s", "agents"}
LISTS = ("missed_calls",)


def test_no_figure_is_without_its_formula(full: Connection) -> None:
    asked = Request(FIVE, WARSAW, FIVE.end_us, "en", money=Terms("PLN"))
    for kind in KINDS:
        for sheet in sheets(full, kind.name, asked) if kind.name not in LISTS else ():
            named = {one.name for one in sheet.columns if one.unit is not Unit.TEXT and not one.formula}
            assert all(name in CLOSED or name.endswith(("_low", "_high")) for name in named), (kind.name, named)


def test_what_other_systems_lack_is_told_with_its_reason(full: Connection) -> None:
    asked = Request(FIVE, WARSAW, FIVE.end_us, "en", money=Terms("PLN"))
    every = behind(full, Selector("RECONCILED", FIVE), asked, limit=1000)
    assert every.whole == len({row.id for row in every.rows})
    assert all(row.note.partition(":")[0] in ("crm", "ga", "tracking") for row in every.rows)
    skipped = behind(full, Selector("RECONCILED", FIVE, {"reason": "no_client"}), asked)
    assert {(abs(row.value or 0), "crm: no_client" in row.note) for row in skipped.rows} == {(1.0, True)}
    guard = behind(full, Selector("GUARD.REPORTS", FIVE, {"verdict": "number_short"}), asked)
    assert guard.rows[0].note == "22 300 / +48223000001"
    assert "+48223000001" in guard.sheet("behind").csv()


def test_every_figure_can_be_opened(ledger: Ledger) -> None:
    for figure in FIGURES.values():
        found = behind(ledger.connection, Selector(figure.id, FIVE), ASKED)
        assert 0 <= found.part <= found.whole
