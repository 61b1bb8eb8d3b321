"""Every report of the registry: it can be made of an empty and of a full database, in three languages, and filtered."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from pbx.config import Language
from pbx.reporting.intervals import Interval
from pbx.reporting.registry import KINDS, LANGUAGES, REPORTS, Kind, sheets
from pbx.reporting.request import BadRequest, Parameter, ParameterKind, Request
from tests.pbx.reporting.ledger import THRESHOLDS, Ledger
from tests.support.journeys import T0, abandoned, answered, seizure

DAY = Interval("2026-09-21 to 2026-09-22", round((T0 - 86_400) * 1e6), round((T0 + 86_400) * 1e6))


def request(language: Language = "en", **filters: str) -> Request:
    return Request(DAY, ZoneInfo("Europe/Warsaw"), round(T0 * 1e6), language, filters, THRESHOLDS)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    with Ledger() as made:
        yield made.tell(answered(1), answered(2, queue="support"), abandoned(3), seizure(4, 200, talk_s=9))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_report_says_the_same_figures_in_three_languages(ledger: Ledger, kind: Kind) -> None:
    made = {language: sheets(ledger.connection, kind.name, request(language)) for language in LANGUAGES}
    assert made["pl"]
    for pl, ru, en in zip(made["pl"], made["ru"], made["en"], strict=True):
        assert pl.rows == ru.rows == en.rows
        assert [one.name for one in pl.columns] == [one.name for one in ru.columns] == [one.name for one in en.columns]
        assert pl.title != en.title != ru.title != pl.title
        assert bool(pl.notes) == bool(ru.notes) == bool(en.notes)
        assert pl.csv() == en.csv()
        assert any(mark in "".join(one.title for one in ru.columns) for mark in "аеио")
    for language in LANGUAGES:
        assert kind.data(language)["title"] == kind.title(language) != ""


def test_a_filter_keeps_the_rows_that_it_names(ledger: Ledger) -> None:
    (every,) = sheets(ledger.connection, "queues", request())
    (one,) = sheets(ledger.connection, "queues", request(queue="support"))
    assert [row[0] for row in every.rows] == ["sales", "support", "all"]
    assert one.rows == [row for row in every.rows if row[0] == "support"]
    assert every.remarks == "T = 20 s, S = 5 s"
    data = one.data()
    assert data["rows"][0]["SL4"] == 1.0
    assert {"name": "SL4", "title": "SL4", "unit": "share", "formula": "SL4", "measure": "share"} in data["columns"]


@pytest.mark.parametrize(
    ("name", "filters", "text"),
    [
        ("moon", {}, "no report is called 'moon': there are queues, "),
        ("queues", {"phase": "full"}, "no filter 'phase': it has by, queue"),
        ("redials", {"queue": "sales"}, "no filter 'queue': it has none"),
        ("queues", {"queue": "q" * 200}, "longer than 128"),
    ],
)
def test_what_cannot_be_asked(ledger: Ledger, name: str, filters: dict[str, str], text: str) -> None:
    with pytest.raises(BadRequest, match=text):
        sheets(ledger.connection, name, request(**filters))


def test_parameters_know_what_they_take() -> None:
    count = Parameter("minutes", ParameterKind.COUNT, default="15", least=1, most=60)
    assert count.checked("60") == "60"
    for wrong in ("0", "61", "-1", "x", ""):
        with pytest.raises(BadRequest, match="from 1 to 60"):
            count.checked(wrong)
    with pytest.raises(BadRequest, match="one of a, b"):
        Parameter("by", ParameterKind.CHOICE, ("a", "b"), "a").checked("c")
    assert len(REPORTS) == len(KINDS)
