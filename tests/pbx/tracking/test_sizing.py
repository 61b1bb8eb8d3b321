"""How many numbers a pool needs: the table of E8, and what a pool measures of its own visitors."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.erlang import erlang_b, lines_for
from tests.pbx.tracking.support import T0, Bench, config

# visitors an hour, session and hold in minutes, load, numbers for a loss of 5 %, 1 %, 0.1 %
TABLE = (
    (200, 3, 0, 10.0, 15, 18, 21),
    (200, 3, 30, 110.0, 115, 128, 139),
    (60, 3, 30, 33.0, 39, 45, 51),
    (30, 4, 30, 17.0, 22, 27, 31),
    (100, 5, 15, 33.3, 39, 45, 52),
)


@pytest.mark.parametrize("row", TABLE)
def test_numbers_for_a_loss(row: tuple[float, ...]) -> None:
    visitors, stay, hold, load, *numbers = row
    exact = visitors * (stay + hold) / 60
    assert exact == pytest.approx(load, abs=0.04)
    assert [lines_for(exact, loss) for loss in (0.05, 0.01, 0.001)] == numbers


def test_the_mean_is_too_small() -> None:
    assert erlang_b(10, 10.0) == pytest.approx(0.215, abs=0.0005)


def test_a_pool_tells_its_need_before_it_is_short(tmp_path: Path) -> None:
    bench = Bench(tmp_path, config(pool=40, tracking={"hold_s": 1800, "quarantine_s": 0}))
    bench.now = T0 - T0 % 3600 + 3600
    for _ in range(30):  # 30 visitors an hour, each stays for four minutes
        answer = bench.view()
        visit = bench.sessions.live[answer["visit"]]
        visit.seen += 240
        bench.sizing.stayed("main", 240.0, bench.now)
        bench.now += 115
    need = bench.sizing.need("main", bench.now)
    assert (need.visits_per_hour, need.stay_s, need.load) == (30, 240, pytest.approx(17.0))
    assert (need.needed, need.size, need.is_small, need.short) == (27, 40, False, 0)
    small = Bench(tmp_path / "b", config(pool=20, tracking={"hold_s": 1800, "quarantine_s": 0}))
    bench.sizing.roll(bench.now)
    small.sizing.load(bench.store.hours.values(), T0 + 7200)
    need = small.sizing.need("main", T0 + 7200)
    assert (need.is_small, need.short) == (True, 0), "there is a warning although nobody went without"
    assert need.loss == pytest.approx(erlang_b(20, 17.0))


def test_few_visitors_say_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for _ in range(3):
        bench.view()
    assert bench.sizing.need("main", bench.now).needed == 0


def test_hours_are_kept_and_go_on_after_a_restart(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.view()
    bench.sizing.roll(bench.now)
    hour = bench.store.hours["main", int(T0 // 3600) * 3600]
    assert (hour.visits, hour.given, hour.most_held, hour.size) == (1, 1, 1, 3)
    again = Bench(tmp_path / "x")
    again.sizing.load([hour], T0)
    again.view()
    again.sizing.roll(T0)
    assert again.store.hours["main", hour.hour].visits == 2
