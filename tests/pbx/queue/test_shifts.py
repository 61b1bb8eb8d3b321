"""Shifts and teams: who can sign in when, and what happens at the edges."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pbx.config import Hours, Queue, Shift, Team
from pbx.queue.refusal import AgentRefused
from tests.pbx.queue.house import QUIET, House

NORTH, SOUTH = Team(name="north", members=["101", "102"], site="wilno"), Team(name="south", members=["103"])
DAY_S = 86_400.0


def hours_around(house_unix: float, before_min: int, after_min: int) -> Hours:
    """Hours that are open from `before_min` minutes before now until `after_min` after, on every day (UTC)."""
    minute = datetime.fromtimestamp(house_unix, UTC).hour * 60 + datetime.fromtimestamp(house_unix, UTC).minute
    first, last = minute - before_min, minute + after_min
    assert 0 <= first < last < 24 * 60, "the virtual clock stands too near to midnight"
    span = [f"{first // 60:02}:{first % 60:02}-{last // 60:02}:{last % 60:02}"]
    return Hours(name="work", mon=span, tue=span, wed=span, thu=span, fri=span, sat=span, sun=span)


def now() -> float:
    from pbx.call.fakes import LoopClock

    return LoopClock().unix()


def house_of(shifts: list[Shift], hours: Hours, **more: Any) -> House:
    queue = Queue(**{**QUIET, "name": "sales", "teams": ["north", "south"]})
    config = {"team": [NORTH, SOUTH], "shift": shifts, "hours": [hours]}
    return House({name: {} for name in ("101", "102", "103")}, [queue], config=config, signed_in=False, **more)


async def test_a_queue_is_served_by_its_teams() -> None:
    house = house_of([], hours_around(now(), 1, 1))
    assert [agent.queues for agent in house.queues.agents()] == [["sales"]] * 3
    assert [(agent.teams, agent.site) for agent in house.queues.agents()] == [
        *[(["north"], "wilno")] * 2,
        (["south"], ""),
    ]
    house.queues.set_agent("103", "available")
    caller = house.call()
    await house.sleep(2)
    assert house.state("103") == "talking"
    caller.hang_up()
    await house.close()


async def test_a_shift_signs_in_and_out_and_refuses_outside() -> None:
    hours = hours_around(now(), 5, 5)
    house = house_of([Shift(name="day", hours="work", teams=["north"], sign_in=True)], hours)
    assert [house.state(name) for name in ("101", "102", "103")] == ["available", "available", "offline"]
    assert house.queues.agents()[0].shifts == ["day"]
    await house.sleep(6 * 60)
    assert [house.state(name) for name in ("101", "102")] == ["offline", "offline"]
    with pytest.raises(AgentRefused, match="101 works in day"):
        house.queues.set_agent("101", "available")
    assert house.queues.set_agent("103", "available") == "available", "who has no shift comes and goes"
    assert house.queues.set_agent("101", "available", force=True) == "available"
    await house.close()


async def test_whoever_talks_at_the_end_of_the_shift_goes_afterwards() -> None:
    house = house_of([Shift(name="day", hours="work", agents=["101"], sign_in=True)], hours_around(now(), 5, 1))
    house.phones["101"].talk_s = 300
    house.call()
    await house.sleep(120)
    assert house.state("101") == "talking"
    assert house.queues.agents()[0].next_state == "offline"
    await house.sleep(300)
    assert house.state("101") == "offline"
    await house.close()


async def test_on_duty_is_who_serves_when_the_hours_are_closed() -> None:
    hours = hours_around(now(), 5, 2)
    shifts = [
        Shift(name="day", hours="work", teams=["north"], sign_in=True),
        Shift(name="duty", hours="work", during="closed", agents=["103"], sign_in=True),
    ]
    house = house_of(shifts, hours)
    assert [house.state(name) for name in ("101", "103")] == ["available", "offline"]
    await house.sleep(200)
    assert [house.state(name) for name in ("101", "103")] == ["offline", "available"]
    await house.close()


async def test_an_agent_may_go_early_and_a_restart_does_not_call_him_back() -> None:
    class Kept:
        state, reason, call_id = "offline", "", ""

        def __init__(self, unix: float) -> None:
            self.since = self.until = unix

    hours = hours_around(now(), 5, 60)
    shifts = [Shift(name="day", hours="work", agents=["101"], sign_in=True)]
    house = house_of(shifts, hours)
    house.queues.set_agent("101", "offline")
    await house.sleep(120)
    assert house.state("101") == "offline"
    kept = house.harness.services.keeper.load("shifts")
    assert kept == {"101": True}
    await house.close()

    again = house_of([], hours, stored={"101": Kept(now())})
    again.harness.services.keeper.put("shifts", "101", True)
    again.queues.shifts.of["101"] = shifts
    again.queues.shifts.start()
    assert again.state("101") == "offline"
    await again.close()
