"""Report pages as pictures: in three languages, on a screen, a telephone and paper nothing is empty, cut off or written
over something else.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from pbx.config import Language
from pbx.reporting.intervals import Interval
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.period import period_page
from pbx.store.encode import micros
from pbx.store.schema_teams import FOREVER_US, agent_teams
from tests.pbx.reporting.ledger import THRESHOLDS, Ledger
from tests.support.journeys import T0, abandoned, answered, left, seizure

DAY_S = 86_400
PERIOD = Interval("2026-09-21 to 2026-10-20", micros(T0 - DAY_S), micros(T0 + 29 * DAY_S))
PAPER = {"width": 718, "height": 1000}  # A4 at 96 dpi, without margins
VIEWS: dict[str, dict[str, Any]] = {
    "screen": {"viewport": {"width": 1280, "height": 900}},
    "telephone": {"viewport": {"width": 390, "height": 844}},
    "paper": {"viewport": PAPER},
}
# What is wrong with the drawn page: texts beyond their picture or over one another, what is wider than its room.
JUDGE = """(scrolls) => {
  const wrong = [], page = document.documentElement
  const meet = (a, b, from, to) => a[from] < b[to] - 2 && b[from] < a[to] - 2
  const near = (a, b) => meet(a, b, 'left', 'right') && meet(a, b, 'top', 'bottom')
  const inside = (a, b) => a.left > b.left - 1 && a.right < b.right + 1 && a.top > b.top - 1 && a.bottom < b.bottom + 1
  for (const svg of document.querySelectorAll('svg')) {
    const room = svg.getBoundingClientRect(), name = svg.getAttribute('aria-label')
    const texts = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()])
    for (const [text, box] of texts) {
      if (!inside(box, room)) wrong.push(`${name}: ${text} is cut off`)
      if (box.height < 9) wrong.push(`${name}: ${text} is ${box.height} px high`)
    }
    for (let i = 0; i < texts.length; i++) for (let j = i + 1; j < texts.length; j++)
      if (near(texts[i][1], texts[j][1])) wrong.push(`${name}: ${texts[i][0]} over ${texts[j][0]}`)
    const shapes = svg.querySelectorAll('rect, polyline, polygon, circle')
    if (![...shapes].some(one => one.getBoundingClientRect().width > 2)) wrong.push(`${name} is empty`)
  }
  for (const one of document.querySelectorAll('.room, figure'))
    if (!scrolls && one.scrollWidth > one.clientWidth + 1)
      wrong.push(`${one.textContent.slice(0, 40)} is ${one.scrollWidth} wide`)
  if (page.scrollWidth > innerWidth) wrong.push(`the page is ${page.scrollWidth} wide`)
  return wrong
}"""


@pytest.fixture(scope="module")
def ledger() -> Any:
    """Calls of 30 days in queues with long names, as large and as few as pictures have to bear."""
    rng, journeys = random.Random(3), []
    for number in range(1, 900):
        maker = rng.choice((answered, answered, answered, abandoned, left))
        wait = {} if maker is left else {"wait_s": rng.choice((2.0, 12.0, 31.0, 95.0, 240.0)) + rng.random()}
        queue = rng.choice(("hotline", "Reklamacje i zwroty międzynarodowe", "Отдел продаж легковых автомобилей"))
        journeys.append(
            maker(number, start=T0 + rng.randrange(29) * DAY_S + rng.randrange(40_000), queue=queue, **wait)
        )
    journeys += [seizure(number, rng.choice((200, 486, 503)), talk_s=9.0) for number in range(1000, 1020)]
    with Ledger() as made:
        made.tell(*journeys)
        row = {"agent": "101", "team": "Zespół wieczorny", "site": "", "from_us": 0, "until_us": FOREVER_US}
        made.connection.execute(agent_teams.insert().values(row))
        yield made


@pytest.fixture(scope="module")
def pages(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, made = tmp_path_factory.mktemp("pages"), {}
    languages: tuple[Language, ...] = ("pl", "ru", "en")
    for language in languages:
        asked = Asked(PERIOD, ZoneInfo("Europe/Warsaw"), language, THRESHOLDS, (), PERIOD.end_us + 9 * DAY_S * 10**6)
        made[language] = folder / f"{language}.html"
        made[language].write_text(period_page(ledger.connection, asked))
    return made


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_empty_cut_off_or_written_over(browser: Browser, pages: dict[str, Path], view: str) -> None:
    context = browser.new_context(**VIEWS[view])
    for language, path in pages.items():
        page = context.new_page()
        if view == "paper":
            page.emulate_media(media="print")
        page.goto(path.as_uri())
        assert page.locator("svg").count() >= 4
        assert page.evaluate(JUDGE, view == "telephone") == [], (language, view)
        page.close()
    context.close()


def test_the_judge_sees_what_is_wrong(browser: Browser, tmp_path: Path) -> None:
    text = "<text x='{}' y='{}' font-size='12'>{}</text>"
    words = text.format(5, 20, "one") + text.format(8, 22, "two") + text.format(195, 90, "beyond the edge")
    path = tmp_path / "bad.html"
    path.write_text(f"<svg width='200' height='100' aria-label='Bad'>{words}</svg>")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate(JUDGE, False) == ["Bad: beyond the edge is cut off", "Bad: one over two", "Bad is empty"]
    page.close()
