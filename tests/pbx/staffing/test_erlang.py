"""Erlang's formulas against published examples and against each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.staffing.erlang import ErlangA, ErlangC, erlang_b, lines_for


@pytest.mark.parametrize(
    ("servers", "waiting", "within", "asa_s"),
    [
        (11, 0.682118, 0.389614, 122.781),
        (12, 0.449388, 0.640158, 40.445),
        (13, 0.285270, 0.795595, 17.116),
        (14, 0.174132, 0.888350, 7.836),
        (15, 0.102042, 0.941453, 3.674),
    ],
)
def test_a_hundred_calls_in_half_an_hour(servers: int, waiting: float, within: float, asa_s: float) -> None:
    office = ErlangC(servers, 100 * 180 / 1800, 180)
    assert office.waiting == pytest.approx(waiting, abs=1e-6)
    assert office.served_within(20) == pytest.approx(within, abs=1e-6)
    assert office.asa_s == pytest.approx(asa_s, abs=1e-3)


@pytest.mark.parametrize(
    ("servers", "load", "waiting"),
    [
        (2, 1, 0.333333),
        (3, 2, 0.444444),
        (5, 4, 0.554113),
        (10, 8, 0.409180),
        (21, 18, 0.395872),
        (50, 48, 0.694456),
        (55, 48, 0.238701),
    ],
)
def test_erlang_c(servers: int, load: float, waiting: float) -> None:
    assert ErlangC(servers, load, 60).waiting == pytest.approx(waiting, abs=1e-6)


def test_fifty_agents() -> None:
    office = ErlangC(50, 48, 60)
    assert office.asa_s == pytest.approx(20.834, abs=1e-3)
    assert office.queue_length == pytest.approx(16.667, abs=1e-3)
    assert office.occupancy == pytest.approx(0.96)
    big = ErlangC(55, 48, 240)
    assert big.asa_s == pytest.approx(8.184, abs=1e-3)
    assert big.served_within(15) == pytest.approx(0.845883, abs=1e-6)
    patient = ErlangA(50, 48, 60, 120)
    assert patient.waiting == pytest.approx(0.467774, abs=1e-6)
    assert patient.abandoned == pytest.approx(0.0309122, abs=1e-7)
    assert patient.wait_s == pytest.approx(3.70947, abs=1e-5)
    assert patient.asa_s == pytest.approx(3.61590, abs=1e-5)
    assert patient.queue_length == pytest.approx(2.96758, abs=1e-5)
    assert patient.occupancy == pytest.approx(0.930324, abs=1e-6)
    assert patient.served_within(20) == pytest.approx(0.943019, abs=1e-6)


@pytest.mark.parametrize(
    ("rate", "aht", "patience", "servers", "within", "waiting", "abandoned", "wait", "asa", "served"),
    [
        (1 / 6, 60, 60, 10, 20, 0.542070, 0.125110, 7.506602, 6.896587, 0.764220),
        (1 / 18, 180, 120, 11, 20, 0.382816, 0.094155, 11.298604, 9.782518, 0.742209),
        (1 / 18, 180, 120, 12, 20, 0.279807, 0.061597, 7.391685, 6.334774, 0.825583),
        (1 / 18, 180, 120, 14, 20, 0.126976, 0.022839, 2.740714, 2.345375, 0.932730),
        (0.2, 240, 120, 55, 15, 0.150121, 0.016968, 2.036189, 1.866889, 0.934610),
    ],
)
def test_erlang_a(
    rate: float,
    aht: float,
    patience: float,
    servers: int,
    within: float,
    waiting: float,
    abandoned: float,
    wait: float,
    asa: float,
    served: float,
) -> None:
    office = ErlangA(servers, rate * aht, aht, patience)
    assert office.waiting == pytest.approx(waiting, abs=1e-6)
    assert office.abandoned == pytest.approx(abandoned, abs=1e-6)
    assert office.wait_s == pytest.approx(wait, abs=1e-6)
    assert office.asa_s == pytest.approx(asa, abs=1e-6)
    assert office.served_within(within) == pytest.approx(served, abs=1e-6)


@pytest.mark.parametrize(
    ("servers", "abandoned", "within"),
    [(6, 0.2193, 0.2915), (8, 0.0824, 0.6353), (9, 0.0461, 0.7722), (10, 0.0243, 0.8691), (12, 0.0058, 0.9655)],
)
def test_the_peak_of_the_agency(servers: int, abandoned: float, within: float) -> None:
    office = ErlangA(servers, 536 * 0.8 / 3 * 180 / 3600, 180, 300)  # 536 calls a day, four fifths in three hours
    assert office.abandoned == pytest.approx(abandoned, abs=5e-5)
    assert office.served_within(20) == pytest.approx(within, abs=5e-5)


@settings(deadline=None)  # a hundred erlang of patient callers are thousands of states
@given(
    st.integers(1, 60),
    st.floats(0.01, 90),
    st.floats(5, 900),
    st.floats(5, 3600),
    st.floats(0, 600),
)
def test_a_is_between_its_limits(servers: int, load: float, aht: float, patience: float, within: float) -> None:
    office = ErlangA(servers, load, aht, patience)
    assert 0 <= office.abandoned < 1
    assert 0 <= office.served_within(within) <= 1 - office.abandoned + 1e-9
    assert office.served_within(within) <= office.served_within(within + 10) + 1e-12
    assert office.occupancy <= 1 + 1e-9
    assert office.served_within(1e7) == pytest.approx(1 - office.abandoned, abs=1e-6)
    more = ErlangA(servers + 1, load, aht, patience)
    assert more.abandoned <= office.abandoned + 1e-12


def test_who_never_gives_up_makes_a_into_c() -> None:
    endless, stable = ErlangA(14, 10, 180, 1e9), ErlangC(14, 10, 180)
    assert endless.waiting == pytest.approx(stable.waiting, abs=1e-6)
    assert endless.served_within(20) == pytest.approx(stable.served_within(20), abs=1e-6)
    assert endless.asa_s == pytest.approx(stable.asa_s, rel=1e-5)


def test_what_is_too_much() -> None:
    office = ErlangC(5, 6, 180)
    assert (office.waiting, office.served_within(20), office.asa_s, office.queue_length) == (
        1.0,
        0.0,
        math.inf,
        math.inf,
    )
    with pytest.raises(ValueError, match="negative"):
        ErlangC(-1, 1, 1)
    with pytest.raises(ValueError, match="patience"):
        ErlangA(1, 1, 1, -1)
    for rate in (math.nan, math.inf):
        with pytest.raises(ValueError, match="endless"):
            ErlangA(1, rate, 1, 1)
    with pytest.raises(ValueError, match="handling takes 0 s"):
        ErlangC(1, 0.5, 0)
    with pytest.raises(ValueError, match="take Erlang C"):
        _ = ErlangA(10, 12, 180, 1e9).abandoned
    with pytest.raises(ValueError, match="share"):
        lines_for(1, 0)
    assert ErlangA(3, 0, 180, 60).abandoned == 0


@pytest.mark.parametrize(
    ("load", "five", "one", "tenth"),
    [(10.0, 15, 18, 21), (110.0, 115, 128, 139), (33.0, 39, 45, 51), (17.0, 22, 27, 31), (33.333, 39, 45, 52)],
)
def test_lines(load: float, five: int, one: int, tenth: int) -> None:
    assert [lines_for(load, share) for share in (0.05, 0.01, 0.001)] == [five, one, tenth]


@pytest.mark.parametrize(
    ("servers", "load", "blocked"),
    [
        (1, 1, 0.5),
        (2, 1, 0.2),
        (5, 3, 0.1100543478),
        (10, 5, 0.0183845703),
        (10, 10, 0.2145823431),
        (20, 15, 0.0455932156),
        (100, 100, 0.0757004503),
        (30, 20.3373, 0.01),
        (100, 87.9720, 0.02),
    ],
)
def test_erlang_b(servers: int, load: float, blocked: float) -> None:
    assert erlang_b(servers, load) == pytest.approx(blocked, rel=2e-5)


def test_as_many_numbers_as_visitors_is_too_few() -> None:
    assert erlang_b(10, 10) == pytest.approx(0.2146, abs=1e-4)
    assert erlang_b(0, 3) == 1.0
