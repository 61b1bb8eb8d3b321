"""Figures of queues by where callers came from and who answered: parts of the same visits; each opens to its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from pbx.events import CallEvent, Kind
from pbx.reporting.intervals import Interval
from pbx.reporting.per.step import Step
from pbx.reporting.queues_by import BY
from pbx.reporting.registry import sheets
from pbx.reporting.request import Request
from pbx.reporting.sheet import Sheet, Value
from tests.pbx.reporting.ledger import Ledger
from tests.pbx.reporting.opening import check
from tests.support.journeys import T0, Journey

HOURS = Interval("some hours", round((T0 - 7200) * 1e6), round((T0 + 7200) * 1e6))
TEAMS = (("101", "early", "Warsaw"), ("101", "sellers", "Warsaw"), ("102", "late", "Moscow"))
ASKED = Request(
    HOURS, ZoneInfo("Asia/Kathmandu"), 2**62, thresholds={"sales": (20.0, 5.0), "help": (33.0, 4.0)}, teams=TEAMS
)


def caller(rng: random.Random, number: int) -> list[CallEvent]:
    """Through a menu into a queue, from a campaign or not."""
    call = Journey(number, T0 + rng.randrange(-7000, 7000))
    known = {"tag": rng.choice(("radio", "")), "campaign": rng.choice(("spring", ""))}
    did = rng.choice(("600", "601"))
    call.begin(did=did, callee=did, trunk=rng.choice(("carrier", "other")), **known).at(0.1).add(Kind.CALL_ANSWERED)
    if rng.random() < 0.5:
        found = {"source": rng.choice(("ads", "")), "medium": "cpc", "campaign": "autumn", "probability": 1.0}
        call.add(Kind.CALL_ATTRIBUTED, method="pool", **found)
    if rng.random() < 0.8:
        call.add(Kind.FLOW_BLOCK, flow="hotline", block="welcome", exit="next")
        call.at(5).add(Kind.FLOW_BLOCK, flow="hotline", block="menu", exit=rng.choice("12"))
    queue, agent = rng.choice(("sales", "help")), rng.choice(("101", "102", "103"))
    wait_s = rng.choice((3.0, 15.0, 25.0, 900.0))
    call.at(6).add(Kind.QUEUE_JOINED, queue=queue, position=1)
    call.at(6 + wait_s / 2).add(Kind.QUEUE_OFFERED, queue=queue, agent=agent, leg="b1")
    if rng.random() < 0.3:
        call.at(6 + wait_s).add(Kind.QUEUE_ABANDONED, queue=queue, wait_s=wait_s, position=1)
        return call.end(setup_s=0.1).events
    call.at(6 + wait_s).add(Kind.QUEUE_ANSWERED, queue=queue, agent=agent, wait_s=wait_s)
    call.add(Kind.BRIDGE_STARTED, with_leg="b1").at(66 + wait_s).add(Kind.BRIDGE_ENDED, with_leg="b1", talk_s=60.0)
    call.add(Kind.FLOW_BLOCK, flow="hotline", block="queue", exit="answered")
    return call.end(setup_s=0.1).events


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    rng = random.Random(8)
    with Ledger() as made:
        yield made.tell(*(caller(rng, number) for number in range(1, 160)), shuffle=rng)


def made(ledger: Ledger, per: Step | None = None, **filters: str) -> Sheet:
    return sheets(ledger.connection, "queues", replace(ASKED, filters=filters, per=per))[0]


def column(sheet: Sheet, name: str) -> list[Value]:
    at = [one.name for one in sheet.columns].index(name)
    return [row[at] for row in sheet.rows]


@pytest.mark.parametrize("by", BY)
def test_all_of_them_are_the_same_visits(ledger: Ledger, by: str) -> None:
    plain, sheet = made(ledger), made(ledger, by=by)
    assert len(sheet.rows) > 2
    assert list(sheet.rows[-1]) == pytest.approx(list(plain.rows[-1][: len(sheet.columns)]))
    answered = column(sheet, "answered")
    parts = sum(value for value in answered[:-1] if isinstance(value, int))
    assert parts == answered[-1] if by != "team" else parts > answered[-1]  # one agent is of two teams
    assert check(ledger.connection, replace(sheet, rows=sheet.rows[:-1]), ASKED) > 20
    for row in made(ledger, by=by, queue="sales").rows[:1]:
        found = made(ledger, **{"queue": "sales", by: str(row[0])}).rows[0]
        assert list(found[1 : len(row)]) == pytest.approx(list(row[1:]))


def test_the_names_are_those_of_the_calls(ledger: Ledger) -> None:
    assert column(made(ledger, by="source"), "source") == ["-", "ads", "radio", "all"]
    assert column(made(ledger, by="block"), "block") == ["-", "hotline:menu:1", "hotline:menu:2", "all"]
    assert column(made(ledger, by="number"), "number") == ["600", "601", "all"]
    assert column(made(ledger, by="site"), "site") == ["-", "Moscow", "Warsaw", "all"]


@pytest.mark.parametrize("by", ["source", "block", "agent"])
def test_intervals_of_parts_give_the_parts(ledger: Ledger, by: str) -> None:
    whole, parts = made(ledger, by=by), made(ledger, Step.HALF_HOUR, by=by)
    assert len(parts.rows) == 9 * len(whole.rows)  # half hours of a zone of +5:45, the first and the last one cut
    assert {"", "cut"} == {*column(parts, "part")}
    for name in ("offered", "answered", "abandoned", "flowed_out"):
        told = dict.fromkeys(column(whole, by), 0)
        for key, value in zip(column(parts, by), column(parts, name), strict=True):
            assert isinstance(value, int)
            told[key] += value
        assert list(told.values()) == column(whole, name)
