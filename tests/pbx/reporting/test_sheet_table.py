"""A sheet on a narrow terminal: nothing is cut off, and each part says whose figures it has."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.reporting.sheet_table import sheet_table

TITLES = ("Połączenia", "Unikalni", "Odebrane", "Nieodebrane", "Udział nieodebranych", "Czekanie", "Rozmowy")


def sheet() -> Sheet:
    texts = [Column("source", "Źródło", Unit.TEXT), Column("campaign", "Kampania", Unit.TEXT)]
    figures = [Column(f"figure_{index}", title, Unit.COUNT) for index, title in enumerate(TITLES)]
    rows = [("google", "winter boots for everybody who walks", *range(1001, 1008))]
    return Sheet("Źródła połączeń", texts + figures, rows)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_every_figure_is_whole_at_any_width(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), force_terminal=False)
    console.print(sheet_table(sheet()))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for figure in range(1001, 1008):
        assert text.count(f"{figure:,}") == 1
    for word in (word for title in TITLES for word in title.split()):
        assert word in text
    assert "…" not in text
    assert text.count("google") == text.count("Kampania") >= 1
    assert max(map(len, text.splitlines())) <= width
    assert text.count("Źródła połączeń") == 1


def test_many_texts_are_not_all_repeated() -> None:
    days = [Column(f"day_{index}", f"Day{index}", Unit.TEXT) for index in range(1, 8)]
    week = Sheet("Roster", [Column("person", "Person", Unit.TEXT), *days], [("Ola", *["08:00-16:00"] * 7)])
    console = Console(width=60, file=io.StringIO(), force_terminal=False)
    console.print(sheet_table(week))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("Ola") > 1
    assert [text.count(f"Day{index}") for index in range(1, 8)] == [1] * 7
