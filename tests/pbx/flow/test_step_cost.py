"""A step of a flow costs the event loop a hundred microseconds at most (bench part "flow" has the figures)."""

from __future__ import annotations

from bench.load import flow_steps

BUSY = 2.0  # processor time of a machine whose caches others use


def test_a_step_is_cheap() -> None:
    found = flow_steps.figures(100)
    assert set(found) >= {"flow_step_menu_us", "flow_step_condition_us", "flow_step_hours_us"}
    assert 0 < found["flow_step_us"] < 100 * BUSY
