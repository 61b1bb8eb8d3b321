"""The page of a period: figures of the reports, pictures that can be read, one file that asks nobody for anything."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from pbx.call.hours import OpeningHours
from pbx.cli.commands import app
from pbx.config import Hours, Language
from pbx.demodata.agency import Agency
from pbx.demodata.build import Year, build
from pbx.demodata.configuration import configuration
from pbx.reporting.intervals import day, days
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.svg import Axis, Bar, Curve, bars, curves, heat_map, ranges, round_up, shade
from pbx.reporting.page.texts import TEXTS, WEEKDAYS
from pbx.reporting.page.told_texts import TOLD
from pbx.reporting.proportion import bands, kaplan_meier
from pbx.reporting.reporter import Reporter
from pbx.reporting.sheet import Sheet
from pbx.reporting.words import translate
from pbx.store import schema
from pbx.store.database import reader_engine, writer_engine
from pbx.store.intervals.settling import settle_all

LAST = date(2026, 11, 20)
OFFICE = OpeningHours.of(
    Hours(name="office", **{key: ["08:00-18:00"] for key in ("mon", "tue", "wed", "thu", "fri")}), "Europe/Warsaw"
)
VOID = {"meta"}


class Reader(HTMLParser):
    """Text by tag; fails for what is not closed, and for anything that would load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.headings: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe")
        assert not {name for name, _ in attrs} & {"src", "onload"}
        assert all((value or "").startswith("#") for name, value in attrs if name == "href")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and (self.open[-1] == "td" or self.open[-2:] == ["td", "a"]):
            self.cells.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page")
    agency = Agency(inbound=2500, outbound=500)
    build(made / "data" / "centrala.db", Year(agency, last=LAST, days=5, seed=2))
    (made / "centrala.toml").write_text(configuration(agency, made / "data"))
    return made


def url(folder: Path) -> URL:
    return URL.create("sqlite", database=str(folder / "data" / "centrala.db"))


def reporter(folder: Path) -> Reporter:
    return Reporter(reader_engine(url(folder)), zone="Europe/Warsaw", thresholds={"hotline": (20.0, 5.0)})


@pytest.mark.parametrize("language", ["pl", "ru", "en"])
def test_it_says_what_the_reports_say(folder: Path, language: Language) -> None:
    with reporter(folder) as made:
        interval = days(LAST, 5, made.zone)
        found = made.of([interval])[0].queues[0]
        page = Reader(made.page(interval, language, [OFFICE]))
        seizures = made.of([interval])[0].trunks[0].seizures
    group = "," if language == "en" else "\u202f"
    assert page.cells[:3] == ["hotline", f"{found.offered:,}".replace(",", group), str(found.answered)]
    assert f"{seizures:,}".replace(",", group) in page.cells
    assert page.headings[:2] == [TOLD[language]["told"], TEXTS[language]["when"]]
    assert page.headings[-1] == TEXTS[language]["behind"]
    assert len(page.headings) == 20


def test_axes_and_remarks_speak_the_language() -> None:
    given = (days(LAST, 1, ZoneInfo("UTC")), ZoneInfo("UTC"))
    said = {name: Asked(*given, name, {}, (), 0) for name in ("pl", "ru", "en")}  # type: ignore[arg-type]
    assert [one.mark(0.2) for one in said.values()] == ["20 %", "20 %", "20%"]
    assert [one.delay(10_800) for one in said.values()] == ["≤ 3 godz.", "≤ 3 ч", "≤ 3 h"]
    assert [one.delay(28) for one in said.values()] == ["≤ 28 s", "≤ 28 с", "≤ 28 s"]
    assert [one.delay(0) for one in said.values()] == ["> 4 godz.", "> 4 ч", "> 4 h"]
    sheet = Sheet("Queues, today", (), remarks="T = 20 s, S = 5 s")
    assert translate(sheet, "queues", "ru").remarks == "T = 20 с, S = 5 с"
    assert translate(sheet, "queues", "pl").remarks == "T = 20 s, S = 5 s"


def test_a_day_has_no_days_and_an_empty_one_says_so(folder: Path) -> None:
    with reporter(folder) as made:
        one = Reader(made.page(day(LAST, made.zone), "en"))
        assert "Day by day" not in one.headings
        assert "Hour by hour" in one.headings
        empty = made.page(day(date(2020, 1, 1), made.zone), "en")
    Reader(empty)
    assert "Nobody has waited in this period." in empty
    assert "There were none." in empty


def test_outside_of_opening_hours(folder: Path) -> None:
    with reporter(folder) as made:
        interval = days(LAST, 5, made.zone)
        text = made.page(interval, "en", [OFFICE])
        known = re.search(r"Outside opening hours: ([\d,]+) of ([\d,]+) calls in \(([\d.]+) %\)", text)
        assert known is not None
        outside, calls, share = (float(part.replace(",", "")) for part in known.groups())
        assert calls == sum(record.direction == "inbound" for record in made.cdrs(interval, limit=10_000))
        assert 100 * outside / calls == pytest.approx(share, abs=0.06)
        assert 5 < share < 25
        assert "the share outside of them is not known" in made.page(interval, "en")


def test_what_a_caller_or_a_configuration_says_stays_text(tmp_path: Path, folder: Path) -> None:
    copy = tmp_path / "data"
    copy.mkdir()
    (copy / "centrala.db").write_bytes((folder / "data" / "centrala.db").read_bytes())
    engine = writer_engine(url(tmp_path))
    evil = "<script>alert('x')</script>"
    with engine.begin() as connection:
        connection.execute(update(schema.queue_visits).values(queue=evil, agent=evil))
        settle_all(connection)
    engine.dispose()
    with reporter(tmp_path) as made:
        text = made.page(day(LAST, made.zone), "en")
    page = Reader(text)
    assert evil in page.cells
    assert "<script" not in text


def test_command(folder: Path, tmp_path: Path) -> None:
    config, target = str(folder / "centrala.toml"), tmp_path / "r.html"
    words = ["-c", config, "report", "page", "--date", LAST.isoformat(), "--to", str(target)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert 'lang="pl"' in target.read_text()
    assert "DEMO DATA" in target.read_text()
    assert CliRunner().invoke(app, [*words, "--language", "de"]).exit_code == 2
    nowhere = CliRunner().invoke(app, [*words[:-1], str(tmp_path / "none" / "r.html")])
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.output


def test_every_language_says_everything() -> None:
    marks = {
        language: {name: sorted(re.findall(r"{\w+}", text)) for name, text in texts.items()}
        for language, texts in TEXTS.items()
    }
    assert marks["pl"] == marks["ru"] == marks["en"]
    assert all(len(names) == 7 for names in WEEKDAYS.values())


# -- pictures ------------------------------------------------------------------------------------------------------


def parts(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}" + tag))


def test_shades_grow_darker() -> None:
    sums = [sum(int(shade(n / 20)[at : at + 2], 16) for at in (1, 3, 5)) for n in range(21)]
    assert sums == sorted(sums, reverse=True)
    assert shade(-1) == shade(0)
    assert shade(9) == shade(1)


def test_fields_of_a_heat_map_tell_their_numbers() -> None:
    svg = heat_map("Calls", "By day", ["Mon", "<Tue>"], ["8", "", "9", ""], [[0, 1, 2, 3], [4, 0, 0, 0]])
    fields = [rect for rect in parts(svg, "rect") if len(rect)]
    assert [rect[0].text for rect in fields] == [
        "Mon 8: 0",
        "Mon 8 +1: 1",
        "Mon 9: 2",
        "Mon 9 +1: 3",
        "<Tue> 8: 4",
        "<Tue> 8 +1: 0",
        "<Tue> 9: 0",
        "<Tue> 9 +1: 0",
    ]
    assert fields[4].get("fill") == shade(1)
    assert parts(svg, "title")[0].text == "Calls"
    assert parts(svg, "desc")[0].text == "By day"


def test_a_curve_goes_down_from_the_left_and_its_band_is_around_it() -> None:
    points = [(0.0, 1.0, 1.0, 1.0), (60.0, 0.5, 0.4, 0.6)]
    svg = curves("Hold", "", Axis("s", 0, 120, 60), Axis("share", 0, 1, 0.5), [Curve("q", points, steps=True)])
    path = [tuple(map(float, pair.split(","))) for pair in parts(svg, "polyline")[0].get("points", "").split()]
    assert path == [(70.0, 20.0), (475.0, 20.0), (475.0, 160.0)]
    band = [tuple(map(float, pair.split(","))) for pair in parts(svg, "polygon")[0].get("points", "").split()]
    assert (475.0, 132.0) in band
    assert (475.0, 188.0) in band


def test_bars_stand_upon_each_other() -> None:
    svg = bars("Days", "", Axis("", 0, 10, 5), ["a", "b"], [("one", [4, 0]), ("two", [6, 5])])
    found = [rect for rect in parts(svg, "rect") if len(rect)]
    heights = [float(rect.get("height", "")) for rect in found]
    assert heights == [96.0, 0.0, 144.0, 120.0]
    assert float(found[2].get("y", "")) + 144 == float(found[0].get("y", ""))


def test_a_share_of_few_is_an_interval_alone() -> None:
    shown = [Bar("few", 0.0, 0.0, 0.8, of=1), Bar("many", 0.5, 0.4, 0.6, of=100)]
    svg = ranges("Delays", "", Axis("", 0, 1, 0.2), shown, "the curve")
    assert [one[0].text for one in parts(svg, "circle")] == ["many: 0.5 (0.4 - 0.6)"]
    assert [one[0].text for one in parts(svg, "line") if len(one)] == ["few: 0 (0 - 0.8)", "many: 0.5 (0.4 - 0.6)"]
    assert parts(svg, "text")[-1].text == "the curve"


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (5, 5), (7, 8), (536, 600), (1234, 1500)])
def test_axes_end_at_round_numbers(highest: float, top: float) -> None:
    end, step = round_up(highest)
    assert end >= max(highest, 1)
    assert end == pytest.approx(top, rel=0.35)
    assert end / step <= 7


def test_the_band_of_a_survival_curve() -> None:
    """Greenwood's with log(-log S), on six events of ten: computed by hand."""
    steps = kaplan_meier([(1, True), (2, True), (3, False), (4, True), (5, False), (6, False), (7, True), (8, False)])
    assert [round(step.survival, 4) for step in steps] == [0.875, 0.75, 0.6, 0.3]
    low, high = bands(steps)[0]
    assert (round(low, 3), round(high, 3)) == (0.387, 0.981)
    for (lower, upper), step in zip(bands(steps), steps, strict=True):
        assert 0 <= lower <= step.survival <= upper <= 1
    assert bands(kaplan_meier([(1, True)])) == [(0.0, 1.0)]
