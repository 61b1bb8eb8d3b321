"""One HTML page of what coming days need: calls with their range and agents, day by day, in pl, ru or en."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from pbx.config import Language
from pbx.reporting.intervals import Interval
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.html import Page
from pbx.reporting.page.svg import Axis, Curve, bars, curves
from pbx.staffing.demand import DayNeed, Terms
from pbx.staffing.sheets import clock
from pbx.staffing.words import WEEKDAYS

MOST_PICTURES = 14  # days that are drawn; the table has all
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
TEXTS = {
    "pl": {
        "title": "Zapotrzebowanie na konsultantów",
        "lead": "Cel: {share} w ciągu {within} s{give_up}; {formula}; nieobecności {shrinkage}.",
        "give_up": ", rezygnuje najwyżej {share}",
        "expected": "połączeń",
        "range": "{low}-{high} w dziewięciu z dziesięciu takich dni",
        "peak": "konsultantów w szczycie",
        "hours": "godzin pracy z nieobecnościami",
        "calls": "Połączenia",
        "agents": "konsultanci przy telefonie",
        "away": "nieobecni (przerwy, urlopy, choroby)",
        "nobody": "Nikt nie zadzwoni: w takie dni nikt nie dzwonił.",
        "table": "Wszystkie liczby",
        "columns": (
            "Dzień",
            "Od",
            "Połączenia",
            "od",
            "do",
            "AHT",
            "Konsultanci",
            "W grafiku",
            "W czasie",
            "Rezygnuje",
        ),
    },
    "ru": {
        "title": "Сколько нужно операторов",
        "lead": "Цель: {share} за {within} с{give_up}; {formula}; отсутствие {shrinkage}.",
        "give_up": ", сдаются не более {share}",
        "expected": "звонков",
        "range": "{low}-{high} в девяти из десяти таких дней",
        "peak": "операторов в пик",
        "hours": "часов работы с отсутствием",
        "calls": "Звонки",
        "agents": "операторы у телефона",
        "away": "отсутствуют (перерывы, отпуск, болезнь)",
        "nobody": "Никто не позвонит: в такие дни никто не звонил.",
        "table": "Все цифры",
        "columns": ("День", "С", "Звонки", "от", "до", "AHT", "Операторы", "В графике", "Вовремя", "Сдаются"),
    },
    "en": {
        "title": "Agents needed",
        "lead": "Target: {share} within {within} s{give_up}; {formula}; shrinkage {shrinkage}.",
        "give_up": ", at most {share} give up",
        "expected": "calls",
        "range": "{low} to {high} on nine of ten such days",
        "peak": "agents at the peak",
        "hours": "hours of work with shrinkage",
        "calls": "Calls",
        "agents": "agents at their desks",
        "away": "away (breaks, leave, illness)",
        "nobody": "Nobody is expected: nobody called on such days.",
        "table": "All figures",
        "columns": ("Day", "From", "Calls", "from", "to", "AHT", "Agents", "Roster", "In time", "Give up"),
    },
}


def need_page(days: Sequence[DayNeed], terms: Terms, language: Language, demo: str = "") -> str:
    """The whole file."""
    words, asked = TEXTS[language], Asked(Interval("", 0, 0), ZoneInfo("UTC"), language, {}, (), 0)
    page = Page(str(words["title"]), language)
    if demo:
        page.say(demo, "demo")
    target, formula = terms.target, "Erlang A" if terms.formula == "erlang-a" else "Erlang C"
    give_up = str(words["give_up"]).format(share=asked.share(target.abandoned)) if formula == "Erlang A" else ""
    said = {"share": asked.share(target.share), "within": f"{target.within_s:g}", "give_up": give_up}
    page.say(str(words["lead"]).format(**said, formula=formula, shrinkage=asked.share(terms.shrinkage)), "lead")
    for one in days[:MOST_PICTURES]:
        _day(page, one, terms, asked, language)
    page.heading(str(words["table"]))
    rows = [
        [
            f"{one.found.day} {one.queue}",
            clock(each.begin),
            asked.figure(f"{each.calls:,.1f}"),
            *(asked.count(round(value)) for value in (each.low, each.high)),
            asked.seconds(each.handling_s),
            *(asked.count(value) for value in (each.agents, each.rostered)),
            *(asked.share(value) for value in (each.then.served_within, each.then.abandoned)),
        ]
        for one in days
        for each in one.intervals
    ]
    page.table(list(words["columns"]), rows)
    return page.html()


def _day(page: Page, one: DayNeed, terms: Terms, asked: Asked, language: Language) -> None:
    words, found = TEXTS[language], one.found
    page.heading(f"{one.queue}, {_named(found.day, language)}")
    if not one.intervals:
        page.say(str(words["nobody"]))
        return
    agents, people = ([(each.agents, each.rostered)[at] for each in one.intervals] for at in (0, 1))
    between = str(words["range"]).format(low=asked.count(round(found.low)), high=asked.count(round(found.high)))
    hours = sum(people) * terms.minutes / 60
    page.tiles(
        [
            (asked.count(round(found.total)), f"{words['expected']} ({between})"),
            (asked.count(max(agents)), str(words["peak"])),
            (asked.figure(f"{hours:,.1f}"), str(words["hours"])),
        ]
    )
    points = [
        (at / 60, value, low, high)
        for each in one.intervals
        for at, value, low, high in (
            (each.begin, each.calls, each.low, each.high),
            (each.begin + terms.minutes, each.calls, each.low, each.high),
        )
    ]
    across = Axis("", one.intervals[0].begin // 60, -(-(one.intervals[-1].begin + terms.minutes) // 60), 1)
    title = f"{words['calls']}, {found.day}"
    page.picture(
        curves(
            title,
            between,
            across,
            _axis(max(each.high for each in one.intervals)),
            [Curve(str(words["calls"]), points)],
        )
    )
    names = [clock(each.begin) for each in one.intervals]
    away = [more - sitting for sitting, more in zip(agents, people, strict=True)]
    stacks = [(str(words["agents"]), agents), (str(words["away"]), away)]
    page.picture(bars(f"{words['agents']}, {found.day}", "", _axis(max(people)), names, stacks))


def _axis(most: float) -> Axis:
    step = next((one for one in STEPS if most <= one * 6), STEPS[-1])
    return Axis("", 0, max(-(-most // step), 1) * step, step)


def _named(day: date, language: Language) -> str:
    return f"{WEEKDAYS[language][day.weekday()]} {day.isoformat()}"
