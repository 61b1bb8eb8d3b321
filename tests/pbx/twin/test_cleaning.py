"""A bill's lines become customers' calls, and those what a hotline would need."""

from __future__ import annotations

import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from pbx.cli.commands import app
from pbx.staffing.requirement import Target
from pbx.twin.cleaning import clean
from pbx.twin.fitting import fit
from pbx.twin.record import CallRecord, Way
from pbx.twin.sheets import Wanted, week_sheet

WARSAW = ZoneInfo("Europe/Warsaw")
MONDAY = 1772438400.0  # 2026-03-02 09:00 in Warsaw


def call(at: float, number: str = "+48500600700", **more: object) -> CallRecord:
    given = {"way": Way.IN, "answered": True, "wait_s": 5.0, "talk_s": 60.0, **more}
    return CallRecord(MONDAY + at, number=number, **given)  # type: ignore[arg-type]


def test_lines_of_one_call_are_one() -> None:
    found = clean(
        [
            call(0, call_id="a", answered=False, talk_s=0.0, wait_s=10.0),
            call(10, call_id="a", agent="201", wait_s=3.0),
            call(1000, other="600"),
            call(1000.5, other="601", talk_s=70.0),
        ]
    )
    assert found.removed == {"further lines of one call": 1, "the same call twice": 1}
    first, second = found.records
    assert (first.answered, first.wait_s, first.talk_s, first.agent) == (True, 13.0, 60.0, "201")
    assert second.talk_s == 70.0


def test_a_transfer_is_no_second_call() -> None:
    found = clean([call(0, other="101"), call(66, other="102", talk_s=40.0), call(700, other="101")])
    assert found.removed == {"legs after a transfer": 1}
    assert [record.talk_s for record in found.records] == [66 - 5 + 5.0 + 40.0, 60.0]


def test_what_does_not_count() -> None:
    found = clean(
        [
            call(0, way=Way.INTERNAL),
            call(100, "+48111"),
            call(200, talk_s=5 * 3600.0),
            call(300, "+48222"),
        ],
        tests={"+48111"},
    )
    assert found.removed == {"internal calls": 1, "test calls": 1, "talks over four hours": 1}
    assert [record.number for record in found.records] == ["+48222"]


def test_retrials_are_counted_and_stay() -> None:
    lost = {"answered": False, "talk_s": 0.0, "wait_s": 30.0}
    found = clean([call(0, **lost), call(120, **lost), call(400), call(5000, **lost), call(9000)])
    assert (found.retrials, found.served_after_retrial, len(found.records)) == (2, 1, 5)


def test_what_the_calls_were_made_of_is_found_again() -> None:
    """Three weeks, Poisson in two hours of each weekday, exponential talk and patience."""
    dice = random.Random(3)
    records = []
    for week in range(3):
        for weekday in range(5):
            for hour, rate in ((1, 60.0), (4, 12.0)):
                at = 0.0
                while (at := at + dice.expovariate(rate / 3600)) < 3600:
                    wait, patience = dice.expovariate(1 / 40), dice.expovariate(1 / 120)
                    second = (week * 7 + weekday) * 86400 + hour * 3600 + at
                    answered = wait < patience
                    records.append(
                        call(
                            *(second, f"+48{len(records):09d}"),
                            answered=answered,
                            wait_s=min(wait, patience),
                            talk_s=dice.expovariate(1 / 150) if answered else 0.0,
                        )
                    )
    found = fit(clean(records), WARSAW)
    assert found.arrivals[0][10] == pytest.approx(60, rel=0.2)
    assert found.arrivals[2][13] == pytest.approx(12, rel=0.3)
    assert found.arrivals[5] == [0.0] * 24
    assert found.patience_s == pytest.approx(120, rel=0.1)
    assert found.talk_s == pytest.approx(150, rel=0.1)
    assert found.talk_spread == pytest.approx(1, rel=0.1)
    assert found.peak[1] == 10
    sheet = week_sheet(found, Wanted(Target(), wrapup_s=30))
    needs = {(row[0], row[1]): row[4] for row in sheet.rows}
    assert needs["Mon", 10] >= 4
    assert needs["Wed", 13] in (2, 3)


def test_command(tmp_path: Path) -> None:
    bill = tmp_path / "bill.csv"
    lines = [
        f"2026-03-{day:02d} 10:{n % 60:02d}:00,5006007{n:02d},600,60,ANSWERED" for day in (2, 3) for n in range(40)
    ]
    bill.write_text("calldate,src,dst,billsec,disposition\n" + "\n".join(lines) + "\nnonsense,1,2,3,4\n")
    result = CliRunner().invoke(app, ["twin", "read", str(bill), "--wrapup", "30"])
    assert result.exit_code == 0, result.output
    for said in ("calldate", "Erlang A", "patience 300 s", "1 lines left out: no date and time", "busiest hour"):
        assert said in " ".join(result.output.split()), said
    table = CliRunner().invoke(app, ["twin", "read", str(bill), "--csv"]).output
    assert "Mon,10,40" in table
    for words, said in (
        ([str(bill), "--zone", "Mars"], "no time zone"),
        ([str(bill), "--column", "at"], "--column at=Start"),
        ([str(tmp_path / "none")], "No such file"),
    ):
        refused = CliRunner().invoke(app, ["twin", "read", *words])
        assert refused.exit_code != 0
        assert said in " ".join(refused.output.split())
