"""Talks and wrap-ups that nobody ended: counted, opened, and in no average; in every way of counting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from pbx.reporting.agents import agent_figures
from pbx.reporting.analytics.export import export
from pbx.reporting.analytics.figures import Files
from pbx.reporting.queries import queue_figures
from pbx.store.intervals.bins import BIN_US
from pbx.store.intervals.settling import mark, settle
from pbx.store.outliers import LONGEST_S
from pbx.store.schema import queue_visits
from tests.pbx.reporting.ledger import ALL, Ledger
from tests.support.journeys import T0, abandoned, answered

NOW_US = round((T0 + 40 * 86_400) * 1e6)


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """Three calls that were answered, one who gave up."""
    with Ledger() as made:
        calls = [answered(number, start=T0 + 1000 * number, queue="sales") for number in range(1, 4)]
        yield made.tell(*calls, abandoned(9, start=T0 + 9000, queue="sales"))


def forget(ledger: Ledger, number: int, **seconds: float) -> None:
    """Nobody ended the talk, the hold or the wrap-up of the `number`th call (as a late record of it tells)."""
    visit = queue_visits.c
    rows = ledger.connection.execute(queue_visits.select().order_by(visit.joined_us)).all()
    ledger.connection.execute(update(queue_visits).where(visit.call_id == rows[number].call_id).values(**seconds))
    mark(ledger.connection, [rows[number].joined_us // BIN_US])


@pytest.mark.parametrize(
    "seconds", [{"talk_s": LONGEST_S + 1}, {"talk_s": LONGEST_S, "hold_s": 1.0}, {"wrapup_s": LONGEST_S + 1}]
)
def test_what_nobody_ended_is_counted_and_in_no_average(
    ledger: Ledger, seconds: dict[str, float], tmp_path: Path
) -> None:
    (before,) = queue_figures(ledger.connection, ALL, {"sales": (20.0, 5.0)})
    assert (before.answered, before.left_out) == (3, 0)
    forget(ledger, 0, **seconds)
    (found,) = queue_figures(ledger.connection, ALL, {"sales": (20.0, 5.0)})
    assert (found.answered, found.left_out, found.offered) == (3, 1, 4)
    assert found.aht_s == before.aht_s
    assert found.average_talk_s == before.average_talk_s
    assert found.average_wrapup_s == before.average_wrapup_s
    begun = round(T0 * 1e6) // BIN_US * BIN_US
    settle(ledger.connection, (begun, begun + 96 * BIN_US))
    assert queue_figures(ledger.connection, ALL, {"sales": (20.0, 5.0)}) == [found], "the sums of quarters"
    export(ledger.connection, tmp_path)
    with Files(tmp_path) as files:
        assert files.queues(ALL, {"sales": (20.0, 5.0)}) == [found]


def test_four_hours_are_a_talk(ledger: Ledger) -> None:
    forget(ledger, 0, talk_s=LONGEST_S, hold_s=0.0)
    (found,) = queue_figures(ledger.connection, ALL, {})
    assert found.left_out == 0
    assert found.average_talk_s is not None
    assert found.average_talk_s > LONGEST_S / 3


def test_an_agent_s_average_is_without_them(ledger: Ledger) -> None:
    (before,) = agent_figures(ledger.connection, ALL, NOW_US)
    forget(ledger, 0, talk_s=LONGEST_S * 2)
    (found,) = agent_figures(ledger.connection, ALL, NOW_US)
    assert (found.answered, found.left_out) == (3, 1)
    assert found.aht_s is not None
    assert before.aht_s is not None
    assert found.aht_s < before.aht_s * 2, "the wrap-up is of all three"
    assert found.talk_s > LONGEST_S, "the sum has it"
