"""The reports: what a day will bring and needs, and what one agent more or less would change."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.forecast import Forecast, by_slots
from pbx.staffing.requirement import Customer, Outcome, Prices, Target, agents_for, outcome, rostered

NEED = (
    Column("from", "From", Unit.TEXT),
    Column("calls", "Calls"),
    Column("load", "Load\nerlang"),
    Column("agents", "Agents"),
    Column("rostered", "Roster"),
    Column("served_within", "Within\ntarget", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE),
    Column("asa_s", "ASA", Unit.SECONDS),
    Column("occupancy", "Occu-\npancy", Unit.SHARE),
)
WHAT_IF = (
    Column("agents", "Agents"),
    Column("served_within", "Within\ntarget", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE),
    Column("asa_s", "ASA", Unit.SECONDS),
    Column("occupancy", "Occu-\npancy", Unit.SHARE),
    Column("lost_per_h", "Lost\nan hour"),
    Column("cost_per_h", "Cost\nan hour"),
    Column("meets", "Target", Unit.TEXT),
)


def need_sheet(found: Forecast, minutes: int, customer: Customer, target: Target, shrinkage: float) -> Sheet:
    """Agents by interval of a day. Intervals in which less than half a call is expected are left out."""
    title = (
        f"Need on {found.day:%A} {found.day}, {target.share:.0%} within {target.within_s:g} s, at most "
        f"{target.abandoned:.0%} give up"
    )
    sheet = Sheet(title, NEED, notes=_notes(found, customer, shrinkage))
    for number, calls in enumerate(by_slots(found.calls, minutes)):
        if calls < 0.5:
            continue
        per_h = float(calls) * 60 / minutes
        agents = agents_for(per_h, customer, target)
        then = outcome(agents, per_h, customer, target, Prices())
        sheet.rows.append(
            (
                f"{number * minutes // 60:02d}:{number * minutes % 60:02d}",
                round(float(calls), 1),
                round(per_h * customer.handling_s / 3600, 2),
                agents,
                rostered(agents, shrinkage),
                then.served_within,
                then.abandoned,
                then.asa_s,
                then.occupancy,
            )
        )
    return sheet


def _notes(found: Forecast, customer: Customer, shrinkage: float) -> str:
    return (
        f"{found.total:.0f} calls expected ({found.low:.0f} to {found.high:.0f} on nine of ten such days), from "
        f"{found.days} days of the kind.\nErlang A with handling {customer.handling_s:.0f} s and patience "
        f"{customer.patience_s:.0f} s; roster with {shrinkage:.0%} shrinkage."
    )


def what_if_sheet(
    calls_per_h: float, agents: Sequence[int], customer: Customer, target: Target, prices: Prices
) -> Sheet:
    """The same hour with each number of agents."""
    sheet = Sheet(
        f"{calls_per_h:g} calls an hour, {target.share:.0%} within {target.within_s:g} s",
        WHAT_IF,
        notes=f"Erlang A with handling {customer.handling_s:.0f} s and patience {customer.patience_s:.0f} s. Cost = "
        f"agents x {prices.agent_hour:g} + callers who give up x {prices.lost_call:g}.",
    )
    found: list[Outcome] = [outcome(n, calls_per_h, customer, target, prices) for n in agents]
    for one in found:
        met = target.met(customer.office(one.agents, calls_per_h))
        sheet.rows.append(
            (
                one.agents,
                one.served_within,
                one.abandoned,
                one.asa_s,
                one.occupancy,
                round(one.lost_per_h, 2),
                round(one.cost_per_h, 2),
                "met" if met else "missed",
            )
        )
    return sheet
