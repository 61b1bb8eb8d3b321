"""A period against the one before: the change, its interval, and what the top of the page says of it."""

from __future__ import annotations

import random
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from pbx.config import Language
from pbx.reporting.arrivals import Arrivals
from pbx.reporting.changes import Change, Hours, Sums, before, changes, hours_of, student
from pbx.reporting.delays import Delay
from pbx.reporting.figures import QueueFigures
from pbx.reporting.intervals import Interval, days, local
from pbx.reporting.page.asked import Asked
from pbx.reporting.page.dates import dates, spans, written_day
from pbx.reporting.page.period import period_page
from pbx.reporting.page.told import Seen, findings
from pbx.reporting.page.told_texts import TOLD
from pbx.reporting.proportion import Share
from pbx.reporting.queries import queue_figures
from pbx.reporting.recovery import Recovery
from pbx.reporting.service_level import DEFAULT
from pbx.reporting.sheet import Unit
from tests.pbx.reporting.ledger import THRESHOLDS, Ledger
from tests.support.journeys import T0, abandoned, answered

WARSAW = ZoneInfo("Europe/Warsaw")
LAST = date(2026, 11, 19)


def of(found: list[Change], formula: str) -> Change:
    return next(one for one in found if one.formula == formula)


@pytest.mark.parametrize(("count", "shift"), [(1, 7), (5, 7), (7, 7), (8, 14), (30, 35), (365, 371)])
def test_the_period_before_has_the_same_weekdays(count: int, shift: int) -> None:
    now = days(LAST, count, WARSAW)
    earlier = before(now, WARSAW)
    assert earlier is not None
    first, were = (local(one.start_us, WARSAW).date() for one in (now, earlier))
    assert (first - were).days == shift
    assert earlier.end_us <= now.start_us
    assert before(Interval("", now.start_us + 900_000_000, now.end_us), WARSAW) is None


@pytest.mark.parametrize(("freedom", "point"), [(4, 2.776), (9, 2.262), (29, 2.045), (364, 1.967)])
def test_points_of_students_distribution(freedom: int, point: float) -> None:
    assert student(freedom) == pytest.approx(point, abs=0.01)


def test_a_change_by_hand() -> None:
    """Five days of 10, 20, 30, 40, 50 callers against 20 each: 150 against 100, differences -10, 0, 10, 20, 30."""
    now = Hours({(number, 10): Sums(offered=10 * (number + 1)) for number in range(5)})
    earlier = Hours({(number, 11): Sums(offered=20) for number in range(5)})
    found = of(changes(now, earlier), "OFF")
    # mean 10, squares of the rests 400 + 100 + 0 + 100 + 400, times 5/4
    spread = student(4) * (1000 * 5 / 4) ** 0.5
    assert (found.now, found.before) == (150, 100)
    assert (found.low, found.high) == (pytest.approx(50 - spread), pytest.approx(50 + spread))
    assert not found.sure


def test_nothing_is_said_of_too_few_or_of_none() -> None:
    now = Hours({(0, 10): Sums(offered=9, answered=9, waited_s=18.0)})
    found = changes(now, Hours())
    assert of(found, "OFF") == Change("OFF", Unit.COUNT, 9, 0, None, None, 9, 0)
    assert of(found, "ASA").before is None
    assert not any(one.sure for one in found)
    assert changes(Hours(), Hours())[0].now == 0
    assert "SL4" not in [one.formula for one in changes(Hours(level=False), Hours())]


def a_period(rng: random.Random, gone: float) -> Hours:
    """20 days; whoever calls on a bad day gives up far more often: callers of a day are no independent draws."""
    found = Hours()
    for number in range(20):
        share = min(max(rng.gauss(gone, 0.05), 0.0), 1.0)
        lost = sum(rng.random() < share for _ in range(100))
        found.by[number, 10] = Sums(offered=100, answered=100 - lost, abandoned=lost)
    return found


def test_noise_is_rarely_taken_for_a_change_and_a_change_is_seen() -> None:
    rng = random.Random(7)
    sure = sum(of(changes(a_period(rng, 0.1), a_period(rng, 0.1)), "AR").sure for _ in range(300))
    assert 3 <= sure <= 30  # 15 are to be expected; of independent callers' intervals it would be over 80
    seen = sum(of(changes(a_period(rng, 0.2), a_period(rng, 0.1)), "AR").sure for _ in range(50))
    assert seen >= 48


def test_hours_give_the_figures_of_the_queues() -> None:
    rng, period = random.Random(1), Interval("", int((T0 - 86_400) * 1e6), int((T0 + 9 * 86_400) * 1e6))
    journeys = [
        rng.choice((answered, abandoned))(n, start=T0 + rng.randrange(9 * 86_400 - 9000), wait_s=rng.uniform(0, 60))
        for n in range(1, 120)
    ]
    with Ledger() as ledger:
        ledger.tell(*journeys)
        whole = queue_figures(ledger.connection, period, THRESHOLDS)[0]
        hours = hours_of(ledger.connection, period, WARSAW, THRESHOLDS)
    found = changes(hours, hours)
    assert of(found, "OFF").now == whole.offered == 119
    assert of(found, "AR").now == pytest.approx(whole.abandonment_rate)
    assert of(found, "SL4").now == pytest.approx(whole.service_level(DEFAULT))
    assert of(found, "ASA").now == pytest.approx(whole.asa_s)
    assert of(found, "AHT").now == pytest.approx(whole.aht_s)
    assert not any(one.sure for one in found)


def seen(lost: dict[int, int], outside: int | None = 0) -> Seen:
    hours = Hours({(0, hour): Sums(offered=count, abandoned=count) for hour, count in lost.items()})
    return Seen(hours, QueueFigures("q"), Recovery("all"), Arrivals(calls=1000, outside=outside), [])


def test_what_is_said_follows_from_the_figures() -> None:
    given = seen({9: 2, 10: 40, 11: 50, 15: 8, 16: 1}, outside=200)
    given.total.offers, given.total.offers_missed = 100, 30
    given.missed.customers, given.missed.lost = 40, 3
    given.delays = [Delay(300, Share(9, 10)), Delay(3600, Share(5, 10)), Delay(0, Share(20, 80))]
    found = findings(given)
    assert [(one.name, one.formula, one.share.part, one.share.whole) for one in found] == [
        ("outside", "OUTSIDE", 200, 1000),
        ("peak", "AB", 98, 101),
        ("late", "DELAY", 80, 100),
    ]
    assert found[1].hours == "10–12, 15–16"


def test_small_samples_and_good_periods_say_nothing() -> None:
    assert findings(seen({10: 5}, outside=None)) == []
    assert findings(seen(dict.fromkeys(range(24), 10), outside=100)) == []


def test_every_language_says_it() -> None:
    for texts in TOLD.values():
        assert texts.keys() == TOLD["en"].keys()


@pytest.mark.parametrize(
    ("language", "one", "more"),
    [
        ("pl", "czw. 19.11.2026", "13.11.2026 – 19.11.2026"),
        ("ru", "чт 19.11.2026", "13.11.2026 – 19.11.2026"),
        ("en", "Thu 19 Nov 2026", "13 Nov 2026 – 19 Nov 2026"),
    ],
)
def test_dates_are_written_as_the_language_does(language: Language, one: str, more: str) -> None:
    assert dates(days(LAST, 1, WARSAW), WARSAW, language) == one
    assert dates(days(LAST, 7, WARSAW), WARSAW, language) == more
    assert spans([9, 10, 11, 15, 23]) == "9–12, 15–16, 23–24"


def test_the_page_compares_and_an_empty_period_does_not() -> None:
    with Ledger() as ledger:
        ledger.tell(*(answered(n, start=T0 - 7 * 86_400 * (n % 2) + 60 * n) for n in range(1, 21)))
        day = local(int(T0 * 1e6), WARSAW).date()
        now = days(day, 1, WARSAW)
        asked = Asked(now, WARSAW, "en", THRESHOLDS, (), now.end_us)
        text = period_page(ledger.connection, asked)
        assert f"Compared with {dates(days(day, 1, WARSAW), WARSAW, 'en')[:3]}" in text
        assert "too few to say" in text
        asked.interval = days(date(2020, 1, 1), 1, WARSAW)
        assert "There are no calls of the period before" in period_page(ledger.connection, asked)
        asked.interval = days(day, 7, WARSAW)
        told = period_page(ledger.connection, asked)
        first = written_day(day - timedelta(days=7), "en")
        assert f"Calls are recorded from {first} on" in told, "the days before the first call are no quiet days"
        assert "Compared with" not in told
