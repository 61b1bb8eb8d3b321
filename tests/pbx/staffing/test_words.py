"""What the sheets of staffing say, in every language."""

from __future__ import annotations

import string

import pytest

from pbx.config import Language
from pbx.reporting.sheet import Column
from pbx.staffing import accuracy, month, promise, sheets
from pbx.staffing.roster import sheets as roster
from pbx.staffing.words import COLUMNS, TEXTS, Say

SHEETS = (sheets.NEED, sheets.WHAT_IF, month.COLUMNS, promise.COLUMNS, accuracy.COLUMNS, roster.COVERAGE)
OTHERS = ("agents_erlang_a", "agents_erlang_c", "hours")


def fields(text: str) -> set[tuple[str, str]]:
    """What is put into a text, and how."""
    return {(name, spec or "") for _, name, spec, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["pl", "ru"])
def test_every_text_and_column_is_there_with_the_same_figures(language: Language) -> None:
    assert TEXTS[language].keys() == TEXTS["en"].keys()
    for key, text in TEXTS["en"].items():
        assert fields(TEXTS[language][key]) == fields(text), key
    names = {one.name for columns in SHEETS for one in columns} - {"other"} | {*OTHERS}
    assert not names - COLUMNS[language].keys()
    titled = Say(language).columns("need", [Column("agents", "Agents")])
    assert titled[0].title != "Agents"


def test_fractions_have_the_comma_of_the_language() -> None:
    given = {"served": 0.9123, "lost": 0.05, "calls": 12.0, "within": 20.0}
    assert "91,2%" in Say("pl")("coverage_notes", **given)
    assert "91.2%" in Say()("coverage_notes", **given)
