"""A coming day from like days of the past."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.demodata.agency import Agency
from pbx.demodata.build import Year, build
from pbx.demodata.configuration import configuration
from pbx.reporting.intervals import days
from pbx.staffing.accuracy import backtest
from pbx.staffing.forecast import NotEnough, by_slots, forecast
from pbx.staffing.history import SLOTS, History, history
from pbx.staffing.roster.need import read_need
from pbx.store.database import reader_engine

FIRST = date(2026, 9, 7)  # a Monday
HOLIDAY = date(2026, 9, 23)


def no_holiday(_day: date) -> bool:
    return False


def weeks(count: int, *, growth: float = 1.0, noise: int = 0) -> History:
    """Mondays have 96 calls, one a quarter hour, Tuesdays 192, ... Sundays none; each week `growth` times the last."""
    random = np.random.default_rng(noise)
    past = History("sales")
    for week in range(count):
        for weekday in range(6):
            level = (weekday + 1) * growth**week
            counts = random.poisson(level, SLOTS) if noise else np.full(SLOTS, round(level))
            past.arrivals[FIRST + timedelta(days=7 * week + weekday)] = counts
    return past


def test_like_days_make_the_day() -> None:
    found = forecast(weeks(6), FIRST + timedelta(days=43), no_holiday)  # a Tuesday
    assert found.calls.tolist() == [2.0] * SLOTS
    assert (found.total, found.days) == (192.0, 6)
    assert found.low < 192 < found.high
    assert by_slots(found.calls, 60).tolist() == [8.0] * 24


def test_the_last_four_weeks_say_how_much() -> None:
    grown = weeks(10, growth=1.2)
    found = forecast(grown, FIRST + timedelta(days=70), no_holiday)
    plain = np.mean([grown.arrivals[FIRST + timedelta(days=7 * week)].sum() for week in range(2, 10)])
    assert found.total > 1.15 * plain


def test_nine_of_ten_days_fall_into_the_range() -> None:
    hits = tries = 0
    for seed in range(1, 25):
        past = weeks(7, noise=seed)
        for weekday in range(6):
            day = FIRST + timedelta(days=42 + weekday)
            found = forecast(past, day, no_holiday)
            hits += found.low <= past.arrivals[day].sum() <= found.high
            tries += 1
    assert 0.82 < hits / tries < 0.97


def test_a_holiday_is_like_holidays_and_the_first_one_like_a_sunday() -> None:
    past = weeks(6)
    for week in range(6):
        past.arrivals[FIRST + timedelta(days=7 * week + 6)] = np.full(SLOTS, 7)
    assert forecast(past, HOLIDAY, HOLIDAY.__eq__).total == 7 * SLOTS
    other = HOLIDAY - timedelta(days=7)
    for day in (other, other - timedelta(days=1)):
        past.arrivals[day] = np.full(SLOTS, 9)
    assert forecast(past, HOLIDAY, lambda day: other - timedelta(days=1) <= day <= other or day == HOLIDAY).total == (
        9 * SLOTS
    )


def test_too_little_is_said() -> None:
    short = weeks(1)
    del short.arrivals[FIRST]
    with pytest.raises(NotEnough, match="0 usual Mondays"):
        forecast(short, FIRST + timedelta(days=7), no_holiday)
    with pytest.raises(NotEnough, match="0 usual Sundays"):
        forecast(weeks(5), FIRST + timedelta(days=34), no_holiday)
    assert backtest(short, 28, no_holiday, forecast).days == 0


def test_how_wrong_it_was_is_told() -> None:
    exact = backtest(weeks(8), 24, no_holiday, forecast)
    assert (exact.days, exact.wape(exact.off_slot), exact.within) == (24, 0.0, 24)
    noisy = backtest(weeks(8, noise=5), 24, no_holiday, forecast)
    wrong = noisy.wape(noisy.off_slot)
    assert wrong is not None
    assert 0.2 < wrong < 0.7
    day = noisy.wape(noisy.off_day)
    assert day is not None
    assert day < 0.1 < wrong


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of an agency with few calls."""
    made = tmp_path_factory.mktemp("agency")
    agency = Agency(inbound=1500, outbound=300)
    build(made / "data" / "centrala.db", Year(agency, last=date(2026, 11, 20), days=22, seed=4))
    (made / "centrala.toml").write_text(configuration(agency, made / "data"))
    return made


def test_history_of_a_database(folder: Path) -> None:
    from sqlalchemy.engine import URL

    zone = ZoneInfo("Europe/Warsaw")
    engine = reader_engine(URL.create("sqlite", database=str(folder / "data" / "centrala.db")))
    with engine.begin() as connection:
        past = history(connection, "hotline", days(date(2026, 11, 20), 22, zone), zone)
    engine.dispose()
    assert all(not counts[: 8 * 4].any() and not counts[18 * 4 :].any() for counts in past.arrivals.values())
    assert past.answered + past.abandoned <= past.calls  # others chose to be called instead
    assert past.answered > 0.9 * past.calls
    assert past.handling_s == pytest.approx(180, rel=0.25)
    assert not past.arrivals[date(2026, 11, 11)].any()  # a holiday: the queue was shut
    assert not past.arrivals[date(2026, 11, 15)].any()  # a Sunday
    assert max(past.arrivals) == date(2026, 11, 20)


def command(folder: Path, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["-c", str(folder / "centrala.toml"), "staffing", *words])
    return result.exit_code, result.output


def test_need(folder: Path) -> None:
    status, text = command(folder, "need", "--date", "2026-11-23", "--minutes", "60", "--patience", "300", "--csv")
    assert status == 0, text
    rows = {row["from"]: row for row in csv.DictReader(text.splitlines())}
    assert set(rows) <= {f"{hour:02d}:00" for hour in range(8, 18)}
    peak = rows["10:00"]
    assert float(peak["calls"]) > 3 * float(rows["13:00"]["calls"])
    assert float(peak["calls_low"]) < float(peak["calls"]) < float(peak["calls_high"])
    assert int(peak["agents_erlang_c"]) >= int(peak["agents"]) >= 2
    assert int(peak["rostered"]) > int(peak["agents"])


def test_what_reaches_beyond_the_tested_days_says_so(folder: Path) -> None:
    far = ["--patience", "300", "--weeks", "260", "--date"]
    status, text = command(folder, "need", *far, "2026-12-28", "--language", "en")
    assert (status, "is 38 days after the last day that is known (2026-11-20)" in text) == (0, True), text
    assert "No past day could be forecast 35 days before" in text
    status, text = command(folder, "need", *far, "2027-11-23")
    assert (status, "beyond 366 days no forecast is made" in " ".join(text.split())) == (1, True), text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("need --date 2026-11-23 --patience 300", "Zapotrzebowanie: poniedziałek 2026-11-23, 80% w ciągu 20 s"),
        ("what-if --calls 90 --handling 180 --patience 300", "nieosiągnięty"),
        ("promise", "Gwarantowany czas oddzwonienia"),
        ("accuracy --days 3", "zeszły tydzień"),
    ],
)
def test_tables_speak_the_language_and_files_do_not(folder: Path, words: str, said: str) -> None:
    asked = [*words.split(), "--weeks", "260"] if "accuracy" not in words else words.split()
    status, text = command(folder, *asked, "--language", "pl")
    assert (status, said in text) == (0, True), text
    status, text = command(folder, *asked, "--language", "pl", "--csv")
    assert (status, said in text) == (0, False), text


def test_need_of_days_by_the_other_formula_is_what_a_roster_reads(folder: Path, tmp_path: Path) -> None:
    to, page = tmp_path / "need.csv", tmp_path / "need.html"
    drawn = ["--page", str(page), "--language", "ru"]
    asked = ["--date", "2026-11-21", "--days", "3", "--formula", "erlang-c", "--event", "2026-11-23T10:00-12:00=+200"]
    status, text = command(folder, "need", *asked, "--patience", "300", "--shrinkage", "0", "--to", str(to), *drawn)
    assert status == 0, text
    assert "2026-11-22: никто не позвонит" in text
    assert "Эрланг C: обработка" in text
    rows = [row for row in csv.DictReader(to.read_text().splitlines()) if row["day"] == "2026-11-23"]
    assert rows[0]["agents_erlang_a"]
    quarters = read_need(to, date(2026, 11, 21), 3).agents
    assert not any(quarters[0] + quarters[1])
    for row in rows:
        at = 4 * int(row["from"][:2]) + int(row["from"][3:]) // 15
        assert quarters[2][at : at + 2] == (int(row["agents"]),) * 2
    assert max(quarters[2][40:48]) > 2 * max(quarters[2][60:68])
    assert not any(quarters[2][73:])
    text = page.read_text(encoding="utf-8")
    assert 'lang="ru"' in text
    assert "понедельник 2026-11-23" in text
    assert "Никто не позвонит" in text
    assert text.count("<svg") == 2
    assert "made-up" in text or "ДЕМО" in text.upper()


def test_accuracy_of_each_way(folder: Path) -> None:
    status, text = command(folder, "accuracy", "--days", "5", "--csv")
    assert status == 0, text
    rows = {row["model"]: row for row in csv.DictReader(line for line in text.splitlines() if "," in line)}
    assert set(rows) >= {"last week", "seasonal"}
    assert float(rows["seasonal"]["wape_day"]) < 0.6


def test_need_is_refused_with_a_remedy(folder: Path) -> None:
    for words, said in (
        (["--date", "tomorrow"], "--date 2026-11-21"),
        (["--queue", "none"], "there are: hotline"),
        (["--minutes", "20"], "--minutes 15, 30 or 60"),
        (["--event", "friday=2"], "write DATE=FACTOR"),
        (["--ignore", "friday"], "--ignore 2026-11-21"),
    ):
        status, text = command(folder, "need", *words)
        assert status != 0
        assert said in text


def test_what_if_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "centrala.toml").write_text(f'[server]\ndata_dir = "{tmp_path}"\n')
    given = ["--handling", "180", "--patience", "300"]
    status, text = command(tmp_path, "what-if", "--calls", "142.93", "--agents", "6", *given, "--json")
    assert status == 0, text
    assert '"abandoned": 0.2193' in text
    status, text = command(tmp_path, "what-if", "--calls", "100")
    assert status == 1
    assert "no database" in text
