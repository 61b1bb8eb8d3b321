"""Any figure opens to the calls behind it: as many as the figure says, newest first, page after page."""

from __future__ import annotations

import random

import pytest

from pbx.reporting.behind import Selector, behind
from pbx.reporting.formulas import FIGURES
from pbx.reporting.queries import trunk_figures
from pbx.reporting.registry import KINDS
from pbx.reporting.request import BadRequest
from pbx.reporting.service_level import Formula
from tests.pbx.reporting.ledger import ALL, THRESHOLDS, Ledger
from tests.support.journeys import CallEvent, abandoned, answered, left, seizure


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
    found = behind(ledger.connection, Selector(figure, ALL, filters), THRESHOLDS)
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
    asa = behind(ledger.connection, Selector("ASA", ALL), THRESHOLDS, limit=1000)
    assert queue.asa_s == pytest.approx(sum(row.value or 0.0 for row in asa.rows) / asa.part)
    (trunk,) = trunk_figures(ledger.connection, ALL)
    for name, value in (("ASR", trunk.asr), ("NER", trunk.ner)):
        part, whole = shares(ledger, name, trunk="carrier")
        assert value == pytest.approx(part / whole)


def test_page_after_page_each_call_comes_once(ledger: Ledger) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        found = behind(ledger.connection, Selector("OFF", ALL), THRESHOLDS, limit=7, cursor=cursor)
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
            behind(ledger.connection, selector, THRESHOLDS)
    with pytest.raises(BadRequest, match="cursor"):
        behind(ledger.connection, Selector("SL4", ALL), THRESHOLDS, cursor="x:1")


@pytest.mark.parametrize("figure", FIGURES.values(), ids=list(FIGURES))
def test_every_figure_can_be_opened(ledger: Ledger, figure: object) -> None:
    found = behind(ledger.connection, Selector(figure.id, ALL), THRESHOLDS)  # type: ignore[attr-defined]
    assert 0 <= found.part <= found.whole
    assert len(KINDS) > 10
