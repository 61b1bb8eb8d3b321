"""What was read, what was taken out, and what a hotline for these calls would need, as sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.staffing.requirement import Customer, Prices, Target, agents_for, outcome
from pbx.twin.fitting import Fit

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ASSUMED_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the hotline is to reach, and what the calls do not tell: 0 is taken from them."""

    target: Target
    handling_s: float = 0.0
    wrapup_s: float | None = None  # None: nobody knows, and none is assumed
    patience_s: float = 0.0


def customer_of(found: Fit, wanted: Wanted) -> tuple[Customer, list[str]]:
    """How callers are, and which of it had to be assumed. ValueError when nothing tells the handling time."""
    assumed = []
    handled = wanted.handling_s or (found.talk_s or 0.0) + (wanted.wrapup_s or 0.0)
    if not handled:
        raise ValueError("no call has a talk time: name the column by --column talk=..., or write --handling 180")
    patient = wanted.patience_s or found.patience_s
    if not patient:
        patient = ASSUMED_PATIENCE_S
        assumed.append(f"patience {patient:.0f} s (the calls tell no waits; --patience sets it)")
    if wanted.wrapup_s is None and not wanted.handling_s:
        assumed.append("no wrap-up (--wrapup adds some)")
    return Customer(handled, patient), assumed


def week_sheet(found: Fit, wanted: Wanted) -> Sheet:
    """The busiest hours of an average week and the agents they need."""
    customer, assumed = customer_of(found, wanted)
    columns = (
        Column("weekday", "Day", Unit.TEXT),
        Column("hour", "Hour"),
        Column("calls", "Calls"),
        Column("load", "Load\nerlang"),
        Column("agents", "Agents"),
        Column("served_within", "Within\ntarget", Unit.SHARE),
        Column("abandoned", "Give\nup", Unit.SHARE),
        Column("occupancy", "Occu-\npancy", Unit.SHARE),
    )
    notes = f"Erlang A with handling {customer.handling_s:.0f} s and patience {customer.patience_s:.0f} s."
    if wanted.wrapup_s and not wanted.handling_s:
        notes += f" Of the handling {wanted.wrapup_s:.0f} s are wrap-up."
    if assumed:
        notes += " Assumed: " + "; ".join(assumed) + "."
    sheet = Sheet("What each hour of an average week needs", columns, notes=notes)
    # Who rings again because he was not served would not have to: demand is first attempts, and what is lost at the
    # target's share and rings again.
    more = 1 / (1 - wanted.target.abandoned * (found.again.value or 0.0))
    if found.retrials:
        sheet.notes += f" Calls are first attempts; {found.retrials:,} rang again because they were not served."
    for day, line in enumerate(found.fresh):
        for hour, first in enumerate(line):
            calls = first * more
            if calls < 0.5:
                continue
            agents = agents_for(calls, customer, wanted.target)
            then = outcome(agents, calls, customer, wanted.target, Prices())
            sheet.rows.append(
                (
                    *(WEEKDAYS[day], hour, round(calls, 1), round(calls * customer.handling_s / 3600, 2), agents),
                    *(then.served_within, then.abandoned, then.occupancy),
                )
            )
    return sheet


def summary(found: Fit) -> Sequence[tuple[str, str]]:
    """(what, figure) lines."""
    day, hour, calls = found.peak
    least, most = found.peak_range
    share, (low, high) = found.again.value, found.again.interval
    again = (
        "" if share is None else f": {share:.0%} of {found.again.whole:,} not served (95 %: {low:.0%} to {high:.0%})"
    )
    lines = [
        ("days", f"{found.days} ({found.first} to {found.last})"),
        ("calls in", f"{found.calls:,} ({found.calls / found.days:.0f} a day)"),
        ("answered", f"{found.answered:,} ({found.answered / found.calls:.1%})"),
        ("calls out", f"{found.outbound:,}"),
        ("busiest hour", f"{WEEKDAYS[day]} {hour:02d}:00, {calls:.1f} calls (95 %: {least:.0f} to {most:.0f})"),
        ("rang again within ten minutes", f"{found.retrials:,}{again}"),
    ]
    if found.talk_s is not None and found.talk_spread is not None:
        low, high = found.talk_range_s
        about = f"(95 %: {low:.0f} to {high:.0f}, n = {found.talks:,})" if found.talks > 1 else "(n = 1)"
        lines.append(("talk", f"{found.talk_s:.0f} s on average {about}, spread {found.talk_spread:.2f} of it"))
    if found.patience_s is not None:
        median = f", median {found.patience_median_s:.0f} s" if found.patience_median_s is not None else ""
        low, high = found.patience_range_s
        about = f"(95 %: {low:.0f} to {high:.0f}, {found.gave_up:,} gave up)"
        lines.append(("patience", f"{found.patience_s:.0f} s on average {about}{median}"))
    return lines
