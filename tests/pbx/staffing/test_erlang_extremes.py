"""Erlang's formulas where numbers are extreme: by other means, at their limits, and never NaN, endless or above one."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal, localcontext

import pytest

from pbx.staffing.erlang import ErlangA, ErlangC, erlang_b

# Offered load in erlang of which a share of 0.1 %, 1 %, 2 % is lost; published with four decimals.
LOSS_TABLE = {
    1: (0.0010, 0.0101, 0.0204),
    2: (None, 0.1526, 0.2235),
    5: (0.7621, 1.3608, 1.6571),
    10: (3.0920, 4.4612, 5.0840),
    20: (9.4115, 12.0306, 13.1815),
    24: (None, 15.2950, None),
    30: (16.6839, 20.3373, 21.9316),
    50: (32.5119, 37.9014, 40.2551),
    100: (75.2420, 84.0642, 87.9720),
}


@pytest.mark.parametrize("lines", LOSS_TABLE)
def test_the_loss_table(lines: int) -> None:
    for blocking, published in zip((0.001, 0.01, 0.02), LOSS_TABLE[lines], strict=True):
        if published is None:
            continue
        low, high = 0.0, 200.0
        while high - low > 1e-9:
            middle = (low + high) / 2
            low, high = (middle, high) if erlang_b(lines, middle) < blocking else (low, middle)
        assert low == pytest.approx(published, abs=5.1e-5)


def test_quantiles_of_the_wait() -> None:
    """Published: nine of ten callers of fifty agents wait no longer than 58.1 s without patience; 12.4 s with it."""
    assert ErlangC(50, 48, 60).wait_within_s(0.9) == pytest.approx(58.139, abs=1e-3)
    assert ErlangA(50, 48, 60, 120).wait_within_s(0.9) == pytest.approx(12.36, abs=0.40)
    assert ErlangC(15, 10, 180).wait_within_s(0.85) == 0.0
    assert ErlangC(9, 10, 180).wait_within_s(0.5) == math.inf
    office = ErlangA(6, 7.1467, 180, 300)
    for share in (0.3, 0.5, 0.9, 0.99):
        wait_s = office.wait_within_s(share)
        assert office.served_within(wait_s) == pytest.approx(share * (1 - office.abandoned), abs=1e-5)


def slowly(servers: int, load: float, handling_s: float, patience_s: float, within_s: float) -> tuple[float, float]:
    """(given up, served in time) with fifty digits, from the balance of the states and the beta distribution's sum."""
    with localcontext() as context:
        context.prec = 50
        a, theta = Decimal(load), Decimal(handling_s) / Decimal(patience_s)
        weights = [Decimal(1)]
        while len(weights) < servers + 5 or weights[-1] > max(weights) * Decimal("1e-25") or len(weights) < load:
            k = len(weights)
            weights.append(weights[-1] * a / (min(k, servers) + max(k - servers, 0) * theta))
        total = sum(weights)
        waiting = [weight / total for weight in weights[servers:]]
        given_up = sum(j * p for j, p in enumerate(waiting)) * theta / a
        shape = servers / theta
        x = (-Decimal(within_s) / Decimal(patience_s)).exp()
        term, late, served = x ** (shape + 1), Decimal(0), 1 - sum(waiting)
        for j, p in enumerate(waiting):
            term = term if j == 0 else term * (1 - x) * (shape + j) / j
            late += term
            served += p * shape / (shape + j + 1) * (1 - late)
        return float(given_up), float(served)


@pytest.mark.parametrize(
    ("servers", "load", "handling_s", "patience_s", "within_s"),
    [
        (6, 7.1467, 180, 300, 20),
        (75, 100, 60, 2000, 600),  # all but nobody is served within ten minutes, and doubles cannot hold x ** (a + 1)
        (75, 76, 60, 2000, 600),
        (300, 310, 30, 90, 90),
        (400, 395, 180, 300, 20),
        (10, 10, 1, 300, 1),
        (10, 10, 10_800, 300, 600),
        (3, 0.001, 180, 300, 20),
    ],
)
def test_by_other_means(servers: int, load: float, handling_s: float, patience_s: float, within_s: float) -> None:
    office = ErlangA(servers, load, handling_s, patience_s)
    abandoned, served = slowly(servers, load, handling_s, patience_s, within_s)
    assert office.abandoned == pytest.approx(abandoned, rel=1e-8, abs=1e-12)
    assert office.served_within(within_s) == pytest.approx(served, abs=1e-9)


def test_no_input_is_too_extreme() -> None:
    """Shares are between 0 and 1, waits are 0 or more, and nothing is undefined."""
    servers = (0, 1, 10, 10_000)
    loads = (0.0, 1e-9, 9.999, 10.0, 9_999.0, 20_000.0)
    times = ((1.0, 300.0), (10_800.0, 1.0), (180.0, 0.0), (180.0, math.inf), (180.0, 1e-6), (180.0, 900.0))
    for n, load, (handling_s, patience_s) in itertools.product(servers, loads, times):
        office = ErlangA(n, load, handling_s, patience_s)
        shares = (office.waiting, office.abandoned, office.occupancy, office.served_within(20), office.served_within(0))
        assert all(0 <= share <= 1 for share in shares), (office, shares)
        assert office.served_within(20) <= 1 - office.abandoned + 1e-9, office
        assert office.asa_s >= 0, office
        assert math.isfinite(office.asa_s) or (patience_s == math.inf and load >= n), office


def test_the_limits_of_patience() -> None:
    for n, load in ((10, 8.0), (10, 12.0), (100, 84.0642)):
        lost = ErlangA(n, load, 180, 0)
        assert (lost.abandoned, lost.asa_s) == (pytest.approx(erlang_b(n, load)), 0)
        assert lost.served_within(20) == pytest.approx(1 - erlang_b(n, load))
        assert ErlangA(n, load, 180, 1e-5).abandoned == pytest.approx(lost.abandoned, rel=1e-5)
    assert ErlangA(10, 8, 180, math.inf).served_within(20) == ErlangC(10, 8, 180).served_within(20)
    assert ErlangA(10, 12, 180, 1e7).abandoned == pytest.approx(ErlangA(10, 12, 180, math.inf).abandoned, rel=1e-6)
