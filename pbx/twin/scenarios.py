"""The same days with different rosters, on all processors: is it a trailer that is needed, or a lorry?"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.twin.roster import Roster
from pbx.twin.simulation import Day, World, simulate

PIECE = 50  # days that a process lives at once
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Price:
    """In one currency: an agent's hour, a caller who was not served, a line a day, a partner's minute."""

    agent_hour: float = 0.0
    lost_call: float = 0.0
    line_day: float = 0.0
    partner_minute: float = 0.0


@dataclass(slots=True)
class Scenario:
    """A roster and the days that were lived with it."""

    name: str
    roster: Roster
    days: list[Day]


def run(
    world: World, rosters: Sequence[tuple[str, Roster]], days: int, seed: int, processes: int, progress: Progress
) -> list[Scenario]:
    """Every roster has the same callers' dice. `progress(done, all)` counts days."""
    pieces = [
        (number, roster, min(PIECE, days - start), seed * 1_000_003 + start)
        for number, (_, roster) in enumerate(rosters)
        for start in range(0, days, PIECE)
    ]
    found = [Scenario(name, roster, []) for name, roster in rosters]
    total, done = days * len(rosters), 0
    if processes < 2:
        for number, roster, count, dice in pieces:
            found[number].days += simulate(world, roster, count, dice)
            done += count
            progress(done, total)
        return found
    # Not by fork: the parent may have threads.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        jobs = {
            pool.submit(simulate, world, roster, count, dice): (at, number)
            for at, (number, roster, count, dice) in enumerate(pieces)
        }
        lived: dict[int, tuple[int, list[Day]]] = {}
        for job in as_completed(jobs):
            at, number = jobs[job]
            lived[at] = number, job.result()
            done += len(lived[at][1])
            progress(done, total)
    for at in sorted(lived):
        number, some = lived[at]
        found[number].days += some
    return found


COLUMNS = (
    Column("roster", "Roster", Unit.TEXT),
    Column("agent_hours", "Agent h\na week"),
    Column("calls", "Calls\na day"),
    Column("within", "In\ntime", Unit.SHARE),
    Column("within_bad", "On bad\ndays", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE),
    Column("abandoned_bad", "On bad\ndays", Unit.SHARE),
    Column("blocked", "No\nline", Unit.SHARE),
    Column("closed", "Shut", Unit.SHARE),
    Column("asa_s", "ASA", Unit.SECONDS),
    Column("longest_s", "Longest\non bad days", Unit.SECONDS),
    Column("lines", "Lines on\nbad days"),
    Column("occupancy", "Occu-\npancy", Unit.SHARE),
    Column("cost", "Cost\na day"),
)
BAD = 0.95  # of the days are better


def sheet(scenarios: Sequence[Scenario], world: World, price: Price) -> Sheet:
    """One line for each roster. Shares are of all calls; those of bad days are exceeded on one day of twenty."""
    days = len(scenarios[0].days)
    notes = (
        f"{days} simulated days each. Talk {world.talk_s:.0f} s (spread {world.talk_spread:.2f}), wrap-up "
        f"{world.wrapup_s:.0f} s, patience {world.patience_s:.0f} s, {world.retrials:.0%} of the unserved ring again.\n"
        f"In time: served within {world.within_s:g} s, of all calls that came while anybody worked. Bad days: the "
        "worst one of twenty."
    )
    found = Sheet("What would have happened", COLUMNS, notes=notes)
    for one in scenarios:
        found.rows.append(_row(one, world, price))
    return found


def _row(one: Scenario, world: World, price: Price) -> tuple[str | int | float | None, ...]:
    days = one.days
    calls, closed = sum(day.calls for day in days), sum(day.closed for day in days)
    open_calls, answered = calls - closed, sum(day.answered for day in days)
    working = [day for day in days if day.calls > day.closed]
    lost = sum(day.abandoned + day.blocked + day.closed for day in days)
    lines = worst([float(day.most_lines) for day in days])
    agent_h = sum(day.agent_h for day in days)
    cost = (agent_h * price.agent_hour + lost * price.lost_call) / len(days) + (world.lines or lines) * price.line_day
    return (
        one.name,
        one.roster.hours,
        round(calls / len(days), 1),
        sum(day.within for day in days) / open_calls if open_calls else None,
        1 - worst([1 - day.within / (day.calls - day.closed) for day in working]) if working else None,
        sum(day.abandoned for day in days) / open_calls if open_calls else None,
        worst([day.abandoned / (day.calls - day.closed) for day in working]) if working else None,
        sum(day.blocked for day in days) / open_calls if open_calls else None,
        closed / calls if calls else None,
        sum(day.wait_s for day in days) / answered if answered else None,
        worst([day.longest_s for day in days]),
        round(lines),
        sum(day.busy_s for day in days) / (agent_h * 3600) if agent_h else None,
        round(cost, 2),
    )


def worst(values: Sequence[float]) -> float:
    """What one day of twenty exceeds."""
    ordered = sorted(values)
    return ordered[min(int(BAD * len(ordered)), len(ordered) - 1)]
