"""What a past day would have been with other people at work, beside what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pbx.reporting.sheet import Column, Sheet, Unit
from pbx.twin.past import QUARTER_S, PastDay
from pbx.twin.peopled import Staff, replay_people
from pbx.twin.replay import Replayed, as_it_was, replay
from pbx.twin.scenarios import Price

COLUMNS = (
    Column("roster", "Roster", Unit.TEXT),
    Column("agent_hours", "Agent\nhours"),
    Column("answered", "Answered"),
    Column("within", "In\ntime", Unit.SHARE),
    Column("within_low", "from", Unit.SHARE),
    Column("within_high", "to", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE),
    Column("abandoned_low", "from", Unit.SHARE),
    Column("abandoned_high", "to", Unit.SHARE),
    Column("asa_s", "ASA", Unit.SECONDS),
    Column("longest_s", "Longest", Unit.SECONDS),
    Column("occupancy", "Occu-\npancy", Unit.SHARE),
    Column("cost", "Cost"),
)
TAIL = 0.05  # of the replays are below the range, and as many above


def replay_sheet(
    day: PastDay,
    rosters: Sequence[tuple[str, Sequence[int]]],
    *,
    patience_s: float,
    within_s: float,
    times: int,
    seed: int,
    price: Price,
    staff: Mapping[str, Staff] | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Sheet:
    """The day as it was, then each roster, `times` replays of each with the same dice; `staff` by roster, where its
    people are known one by one. Raises ValueError."""
    calls = len(day.visitors)
    sheet = Sheet(f"{day.queue} on {day.day:%A} {day.day}: {calls} calls", COLUMNS)
    sheet.rows.append(_row("as it was", day.agents, [as_it_was(day, within_s)], calls, price))
    for number, (name, agents) in enumerate(rosters):
        lived = []
        for one in range(times):
            dice = seed * 1_000_003 + one
            if staff is None:
                lived.append(replay(day, agents, patience_s, within_s, dice))
            else:
                lived.append(replay_people(day, staff[name], patience_s, within_s, dice))
            progress(number * times + one + 1, len(rosters) * times)
        sheet.rows.append(_row(name, agents, lived, calls, price))
    sheet.notes = (
        f"{times} replays of each roster: the same callers and talks; patience that is not known is drawn anew (mean "
        f"{patience_s:.0f} s). From, to: nine of ten replays. In time: within {within_s:g} s, of all calls. How near "
        "'replayed' comes to 'as it was' says how far the rest can be believed."
    )
    return sheet


def _row(
    name: str, agents: Sequence[int], lived: Sequence[Replayed], calls: int, price: Price
) -> list[str | int | float | None]:
    hours = sum(agents) * QUARTER_S / 3600
    count, answered = len(lived), sum(one.answered for one in lived)
    within = sorted(one.within / calls for one in lived) if calls else []
    lost = sorted(one.abandoned / calls for one in lived) if calls else []
    ranges: list[float | None] = [None] * 4
    if count > 1 and calls:
        low, high = int(TAIL * count), min(int((1 - TAIL) * count), count - 1)
        ranges = [within[low], within[high], lost[low], lost[high]]
    gone = sum(one.abandoned for one in lived) / count
    return [
        name,
        hours,
        round(answered / count, 1),
        sum(within) / count if calls else None,
        *ranges[:2],
        sum(lost) / count if calls else None,
        *ranges[2:],
        sum(one.wait_s for one in lived) / answered if answered else None,
        sum(one.longest_s for one in lived) / count,
        sum(one.busy_s for one in lived) / (count * hours * 3600) if hours else None,
        round(hours * price.agent_hour + gone * price.lost_call, 2),
    ]
