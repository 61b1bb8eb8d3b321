"""One HTML page of what was lived through: verdict, ranges side by side, hours of the day, all figures, assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from pbx.config import Language
from pbx.reporting.intervals import Interval
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.page.svg import Axis, Bar, Curve, curves, ranges
from pbx.reporting.sheet import Sheet, Unit, Value
from pbx.reporting.table import NONE
from pbx.twin.words import COLUMNS, TEXTS

STEPS = (0.02, 0.05, 0.1, 0.2)  # between the marks of an axis of shares


@dataclass(slots=True)
class Story:
    """What the page tells. Bars are (title, description, bars); `paragraphs` are (heading, lines)."""

    title: str
    lead: str
    sheet: Sheet
    demo: str = ""
    verdict: Sequence[str] = ()
    bars: Sequence[tuple[str, str, Sequence[Bar]]] = ()
    hours: tuple[str, str, Sequence[Curve]] | None = None
    map: tuple[str, str, str] | None = None  # (heading, picture, what it is)
    paragraphs: list[tuple[str, Sequence[str]]] = field(default_factory=list)


class Words:
    """Texts and figures of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._asked = Asked(Interval("", 0, 0), ZoneInfo("UTC"), language, {}, (), 0)

    def __call__(self, name: str, /, **values: object) -> str:
        return TEXTS[self.language][name].format(**values)

    def share(self, value: float | None) -> str:
        return self._asked.share(value)

    def mark(self, value: float) -> str:
        return self._asked.mark(value)

    def count(self, value: float) -> str:
        return self._asked.count(value)

    def table(self, page: Page, sheet: Sheet) -> None:
        """A line for each figure, a column for each line of the sheet: that fits a telephone, too."""
        titles = COLUMNS.get(self.language, {})
        names = [column.name for column in sheet.columns]
        rows = []
        for at, column in enumerate(sheet.columns[1:], 1):
            if column.name.endswith(("_low", "_high")):
                continue
            cells = [self._cell(row[at], column.unit) for row in sheet.rows]
            if f"{column.name}_low" in names:
                low = names.index(f"{column.name}_low")
                ranges_of = [[self._cell(row[n], column.unit) for n in (low, low + 1)] for row in sheet.rows]
                cells = [
                    f"{cell} ({' – '.join(ends)})" if ends[0] != NONE else cell
                    for cell, ends in zip(cells, ranges_of, strict=True)
                ]
            rows.append([titles.get(column.name, column.heading), *cells])
        page.table(["", *(str(row[0]) for row in sheet.rows)], rows)

    def _cell(self, value: Value, unit: Unit) -> str:
        if isinstance(value, float) and unit is Unit.COUNT:
            return self._asked.figure(f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}")
        return self._asked.cell(value, unit)


def page_of(story: Story, words: Words) -> str:
    """The whole file."""
    page = Page(story.title, words.language)
    if story.demo:
        page.say(story.demo, "demo")
    page.say(story.lead, "lead")
    if story.verdict:
        page.heading(words("verdict"))
        for line in story.verdict:
            page.say(line)
    page.heading(words("compare"))
    for title, about, shown in story.bars:
        page.picture(ranges(title, about, _axis(title, [bar.high for bar in shown], words), shown))
        page.say(about, "note")
    if story.hours is not None:
        title, about, lines = story.hours
        page.heading(title)
        across = Axis(words("hour"), 0, 24, 2)
        highest = [high for line in lines for _, _, _, high in line.points]
        page.picture(curves(title, about, across, _axis(words("share"), highest, words), lines))
        page.say(about, "note")
    if story.map is not None:
        title, picture, about = story.map
        page.heading(title)
        page.picture(picture)
        page.say(about, "note")
    page.heading(words("table"))
    words.table(page, story.sheet)
    for heading, said in story.paragraphs:
        page.heading(heading)
        for line in said:
            page.say(line)
    return page.html()


def _axis(title: str, values: Sequence[float], words: Words) -> Axis:
    most = max(values, default=1.0)
    step = next((one for one in STEPS if most <= one * 6), STEPS[-1])
    return Axis(title, 0.0, min(max(step, -(-most // step) * step), 1.0), step, words.mark)
