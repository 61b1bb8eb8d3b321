"""The reports: what coming days will bring and need, and what one agent more or less would change in an hour."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.staffing.demand import DayNeed, Terms
from pbx.staffing.requirement import Customer, Outcome, Prices, Target, outcome

NEED = (
    Column("queue", "Queue", Unit.TEXT),
    Column("day", "Day", Unit.TEXT),
    Column("from", "From", Unit.TEXT),
    Column("to", "To", Unit.TEXT),
    Column("calls", "Calls", formula="FORECAST"),
    Column("calls_low", "from"),
    Column("calls_high", "to"),
    Column("handling_s", "AHT", Unit.SECONDS, "FORECAST.AHT"),
    Column("callback_load", "Call-\nbacks"),
    Column("load", "Load\nerlang"),
    Column("agents", "Agents", formula="ERLANG"),
    Column("other", "by\nother"),
    Column("rostered", "Roster"),
    Column("served_within", "Within\ntarget", Unit.SHARE, "ERLANG"),
    Column("abandoned", "Give\nup", Unit.SHARE, "ERLANG"),
    Column("asa_s", "ASA", Unit.SECONDS, "ERLANG"),
    Column("occupancy", "Occu-\npancy", Unit.SHARE, "ERLANG"),
)
OTHER = {"erlang-a": ("agents_erlang_c", "Er-\nlang C"), "erlang-c": ("agents_erlang_a", "Er-\nlang A")}
IDS = {"erlang-a": "ERLANG_A", "erlang-c": "ERLANG_C"}
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
NAMED = 4  # days that were left out and are named


def need_sheet(days: Sequence[DayNeed], terms: Terms) -> Sheet:
    """Agents by interval; of several queues and days, one below the other."""
    first, last = days[0].found.day, days[-1].found.day
    when = f"{first:%A} {first}" if first == last else f"{first} to {last}"
    target = terms.target
    give_up = f", at most {target.abandoned:.0%} give up" if terms.formula == "erlang-a" else ""
    sheet = Sheet(f"Need on {when}, {target.share:.0%} within {target.within_s:g} s{give_up}", _columns(terms))
    for one in days:
        sheet.rows += _rows(one, terms)
    sheet.notes = "\n".join(_notes(days, terms))
    return sheet


def _columns(terms: Terms) -> tuple[Column, ...]:
    found = []
    for one in NEED:
        name, title = OTHER[terms.formula] if one.name == "other" else (one.name, one.title)
        found.append(Column(name, title, one.unit, one.formula.replace("ERLANG", IDS[terms.formula])))
    return tuple(found)


def _rows(day: DayNeed, terms: Terms) -> list[Sequence[Value]]:
    return [
        (
            day.queue,
            day.found.day.isoformat(),
            clock(one.begin),
            clock(one.begin + terms.minutes),
            round(one.calls, 2),
            one.low,
            one.high,
            one.handling_s,
            round(one.callback_load, 2),
            round(one.load, 2),
            one.agents,
            one.other,
            one.rostered,
            one.then.served_within,
            one.then.abandoned,
            one.then.asa_s,
            one.then.occupancy,
        )
        for one in day.intervals
    ]


def for_terminal(sheet: Sheet, days: Sequence[DayNeed]) -> Sheet:
    """The same without what says the same in each line, and what fits no terminal."""
    hidden = {"to", "calls_low", "calls_high"}
    if len({one.queue for one in days}) == 1:
        hidden.add("queue")
    if len({one.found.day for one in days}) == 1:
        hidden.add("day")
    if not any(one.callback_load for day in days for one in day.intervals):
        hidden.add("callback_load")
    shown = [number for number, one in enumerate(sheet.columns) if one.name not in hidden]
    at = {one.name: number for number, one in enumerate(sheet.columns)}
    rows: list[Sequence[Value]] = []
    for row in sheet.rows:
        cells = list(row)
        cells[at["calls"]] = f"{row[at['calls']]:.1f} ({row[at['calls_low']]:.0f}-{row[at['calls_high']]:.0f})"
        rows.append([cells[number] for number in shown])
    columns = [sheet.columns[number] for number in shown]
    return Sheet(sheet.title, columns, rows, sheet.notes, sheet.remarks)


def _notes(days: Sequence[DayNeed], terms: Terms) -> list[str]:
    lines = []
    for one in days[:NAMED] if len(days) > NAMED + 1 else days:
        found = one.found
        name = f"{one.queue}, {found.day:%a} {found.day}: " if len(days) > 1 else ""
        if not found.total:
            lines.append(f"{name}nobody is expected: nobody called on {found.days} days of the kind.")
            continue
        kind = "other working days, for want of its own" if found.pooled else "the kind"
        grows = f" Calls {'grow' if found.a_week > 0 else 'fall'} by {abs(found.a_week):.1%} a week."
        lines.append(
            f"{name}{found.total:.0f} calls expected ({found.low:.0f} to {found.high:.0f} on nine of ten such days), "
            f"from {found.days} days of {kind}.{grows if found.a_week else ''}"
        )
    if len(days) > NAMED + 1:
        total = sum(one.found.total for one in days)
        lines.append(f"{total:.0f} calls expected on all {len(days)} days together.")
    for queue in dict.fromkeys(one.queue for one in days):
        newest = [one for one in days if one.queue == queue][-1]
        lines.append(f"{newest.customer.formula}; roster with {terms.shrinkage:.0%} shrinkage.")
        lines += _left_out(newest)
    return lines


def _left_out(one: DayNeed) -> list[str]:
    odd = sorted(one.found.left_out.items())
    lines = [f"Left out: {day} ({why})." for day, why in odd[-NAMED:]]
    if len(odd) > NAMED:
        lines.insert(0, f"{len(odd)} days are left out; the newest:")
    if one.found.gaps:
        filled = ", ".join(map(str, sorted(one.found.gaps)[-NAMED:]))
        lines.append(f"Hours without a call were filled with what is usual: {filled}.")
    return lines


def clock(minutes: int) -> str:
    """ "08:30"; the end of a day is 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def what_if_sheet(
    calls_per_h: float, agents: Sequence[int], customer: Customer, target: Target, prices: Prices
) -> Sheet:
    """The same hour with each number of agents."""
    sheet = Sheet(
        f"{calls_per_h:g} calls an hour, {target.share:.0%} within {target.within_s:g} s",
        WHAT_IF,
        notes=f"{customer.formula}. Cost = agents x {prices.agent_hour:g} + callers who give up x "
        f"{prices.lost_call:g}.",
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
