"""Agents for a target: the fewest that meet it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.staffing.requirement import Customer, Prices, Target, agents_for, outcome, rostered
from pbx.staffing.sheets import what_if_sheet

CUSTOMER = Customer(180, 300)


@settings(deadline=None)
@given(st.floats(0.1, 3000), st.floats(20, 600), st.floats(20, 900), st.floats(0.3, 0.95), st.floats(0.01, 0.3))
def test_one_less_would_not_do(calls: float, handling: float, patience: float, share: float, give_up: float) -> None:
    customer, target = Customer(handling, patience), Target(share, 20, give_up)
    needed = agents_for(calls, customer, target)
    assert target.met(customer.office(needed, calls))
    assert needed == 1 or not target.met(customer.office(needed - 1, calls))


def test_edges() -> None:
    assert agents_for(0, CUSTOMER, Target()) == 0
    with pytest.raises(ValueError, match="20000 agents"):
        agents_for(1e6, CUSTOMER, Target())
    for share in (1.0, 1.5):
        with pytest.raises(ValueError, match=r"write 0\.99 or less"):
            Target(share=share)
    for wrong in ((0, 300), (180, -1), (180, 1e6), (math.nan, 300)):
        with pytest.raises(ValueError, match=r"such as 180|erlang-c"):
            Customer(*wrong)
    with pytest.raises(ValueError, match="calls an hour"):
        agents_for(math.nan, CUSTOMER, Target())
    assert agents_for(190_000, CUSTOMER, Target()) < 10_000


def test_erlang_c_needs_more_than_erlang_a() -> None:
    """100 calls in half an hour, 180 s each, 80 % within 20 s: fourteen agents, the trade's example."""
    endless = Customer(180, math.inf)
    assert agents_for(200, endless, Target()) == 14
    assert agents_for(200, Customer(180, 120), Target(abandoned=1)) == 12
    assert endless.office(14, 200).abandoned == 0
    crowded = outcome(9, 200, endless, Target(), Prices(10, 1))
    assert (crowded.served_within, crowded.asa_s) == (0, None)


def test_a_roster_of_fourteen_with_thirty_percent_away_is_twenty() -> None:
    assert [rostered(n, 0.3) for n in (0, 1, 7, 14)] == [0, 2, 10, 20]
    assert rostered(14, 0) == 14
    with pytest.raises(ValueError, match="shrinkage"):
        rostered(1, 1.0)


def test_one_agent_more_in_money() -> None:
    prices = Prices(agent_hour=60, lost_call=30)
    found = [outcome(n, 536 * 0.8 / 3, CUSTOMER, Target(), prices) for n in (6, 7)]
    assert found[0].lost_per_h == pytest.approx(31.3, abs=0.1)
    assert found[0].cost_per_h == pytest.approx(6 * 60 + found[0].lost_per_h * 30)
    assert found[1].cost_per_h < found[0].cost_per_h
    sheet = what_if_sheet(142.93, range(8, 11), CUSTOMER, Target(), prices)
    assert [row[-1] for row in sheet.rows] == ["missed", "missed", "met"]
