"""The reports: what coming days will bring and need, and what one agent more or less would change in an hour."""

from __future__ import annotations

from collections.abc import Sequence

from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.staffing.demand import DayNeed, Terms
from pbx.staffing.requirement import Customer, Outcome, Prices, Target, outcome
from pbx.staffing.words import ENGLISH, Say

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


def need_sheet(days: Sequence[DayNeed], terms: Terms, say: Say = ENGLISH) -> Sheet:
    """Agents by interval; of several queues and days, one below the other."""
    first, last = days[0].found.day, days[-1].found.day
    when = f"{say.weekday(first)} {first}" if first == last else say("span", first=first, last=last)
    target = terms.target
    give_up = say("need_give_up", share=target.abandoned) if terms.formula == "erlang-a" else ""
    title = say("need", when=when, share=target.share, within=target.within_s, give_up=give_up)
    sheet = Sheet(title, say.columns("need", _columns(terms)))
    for one in days:
        sheet.rows += _rows(one, terms)
    sheet.notes = "\n".join(_notes(days, terms, say))
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


def _notes(days: Sequence[DayNeed], terms: Terms, say: Say) -> list[str]:
    lines = []
    for one in days[:NAMED] if len(days) > NAMED + 1 else days:
        found = one.found
        name = f"{one.queue}, {say.short(found.day)} {found.day}: " if len(days) > 1 else ""
        if not found.total:
            lines.append(say("nobody", name=name, days=found.days))
            continue
        grows = say("grow" if found.a_week > 0 else "fall", share=abs(found.a_week)) if found.a_week else ""
        given = {"name": name, "total": found.total, "low": found.low, "high": found.high, "days": found.days}
        lines.append(say("expected", **given, kind=say("kind_pooled" if found.pooled else "kind"), grows=grows))
    if len(days) > NAMED + 1:
        lines.append(say("together", total=sum(one.found.total for one in days), days=len(days)))
    for queue in dict.fromkeys(one.queue for one in days):
        newest = [one for one in days if one.queue == queue][-1]
        lines.append(say("rostered", formula=newest.customer.formula(say), shrinkage=terms.shrinkage))
        lines += _left_out(newest, say)
    return lines


def _left_out(one: DayNeed, say: Say) -> list[str]:
    odd = sorted(one.found.left_out.items())
    lines = [say("left_out", day=day, why=say(why.key, calls=why.calls, usual=why.usual)) for day, why in odd[-NAMED:]]
    if len(odd) > NAMED:
        lines.insert(0, say("left_out_many", count=len(odd)))
    if one.found.gaps:
        lines.append(say("gaps", days=", ".join(map(str, sorted(one.found.gaps)[-NAMED:]))))
    return lines


def clock(minutes: int) -> str:
    """ "08:30"; the end of a day is 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def what_if_sheet(
    calls_per_h: float,
    agents: Sequence[int],
    customer: Customer,
    target: Target,
    prices: Prices,
    say: Say = ENGLISH,
) -> Sheet:
    """The same hour with each number of agents."""
    money = {"agent_hour": prices.agent_hour, "lost_call": prices.lost_call}
    sheet = Sheet(
        say("hour", calls=calls_per_h, share=target.share, within=target.within_s),
        say.columns("hour", WHAT_IF),
        notes=say("hour_notes", formula=customer.formula(say), **money),
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
                say("met" if met else "missed"),
            )
        )
    return sheet
