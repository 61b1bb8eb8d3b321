"""A past day beside what it would have been with a drafted flow: one line for each roster, with ranges."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbx.reporting.sheet import Column, Sheet, Unit, Value
from pbx.twin.drafted.guests import Guest
from pbx.twin.drafted.lived import HOURS, Lived
from pbx.twin.past import QUARTER_S, PastDay
from pbx.twin.replay import Replayed
from pbx.twin.scenarios import Price

COLUMNS = (
    Column("scenario", "What", Unit.TEXT),
    Column("agent_hours", "Agent\nhours"),
    Column("joined", "Came to\na queue"),
    Column("in_flow", "Ended\nin the flow"),
    Column("answered", "Answered"),
    Column("within", "In\ntime", Unit.SHARE),
    Column("within_low", "from", Unit.SHARE),
    Column("within_high", "to", Unit.SHARE),
    Column("abandoned", "Give\nup", Unit.SHARE),
    Column("abandoned_low", "from", Unit.SHARE),
    Column("abandoned_high", "to", Unit.SHARE),
    Column("callbacks", "Call-\nbacks"),
    Column("called_back", "Reached\nthat day"),
    Column("elsewhere", "Served\nelsewhere"),
    Column("asa_s", "ASA", Unit.SECONDS),
    Column("longest_s", "Longest", Unit.SECONDS),
    Column("occupancy", "Occu-\npancy", Unit.SHARE),
    Column("lost", "Lost"),
    Column("cost", "Cost"),
    Column("cost_low", "from"),
    Column("cost_high", "to"),
)
TAIL = 0.05  # of the replays are below the range, and as many above
Figure = Callable[[Lived], float]


def as_told(guests: Sequence[Guest], within_s: float) -> Lived:
    """The day as its journey tells it."""
    found = Lived(calls=len(guests))
    for one in guests:
        if not one.queue:
            found.in_flow += 1
            continue
        found.joined += 1
        found.answered += one.answered
        found.within += one.answered and one.wait_s <= within_s
        found.abandoned += one.gave_up
        found.unserved += not one.answered
        found.wait_s += one.wait_s if one.answered else 0.0
        found.longest_s = max(found.longest_s, one.wait_s)
        found.busy_s += one.talk_s + one.wrapup_s
        hour = found.hours[min(int(one.at // 3600), HOURS - 1)]
        for at, value in enumerate((1.0, float(not one.answered), one.wait_s)):
            hour[at] += value
    return found


def as_replayed(day: PastDay, one: Replayed, calls: int) -> Lived:
    """A replay of the queue alone in the same terms."""
    joined = len(day.visitors)
    return Lived(
        *(calls, joined, one.answered, one.within, one.abandoned, one.abandoned),
        in_flow=calls - joined,
        wait_s=one.wait_s,
        longest_s=one.longest_s,
        busy_s=one.busy_s,
    )


def row(name: str, agents: Sequence[int], lived: Sequence[Lived], price: Price) -> list[Value]:
    """Means of the replays; `agents` are all people at work by quarter hour."""
    hours = sum(agents) * QUARTER_S / 3600

    def cost(one: Lived) -> float:
        return hours * price.agent_hour + one.lost * price.lost_call + one.elsewhere_s / 60 * price.partner_minute

    answered = sum(one.answered for one in lived)
    return [
        name,
        hours,
        *(round(mean(lived, figure), 1) for figure in (_joined, lambda one: one.in_flow, lambda one: one.answered)),
        *_share(lived, lambda one: one.within),
        *_share(lived, lambda one: one.abandoned),
        *(round(mean(lived, figure), 1) for figure in _BACK),
        sum(one.wait_s for one in lived) / answered if answered else None,
        mean(lived, lambda one: one.longest_s),
        sum(one.busy_s for one in lived) / (len(lived) * hours * 3600) if hours else None,
        round(mean(lived, lambda one: one.lost), 1),
        round(mean(lived, cost), 2),
        *((round(value, 2) for value in spread(lived, cost)) if len(lived) > 1 else (None, None)),
    ]


def _joined(one: Lived) -> float:
    return one.joined


_BACK: tuple[Figure, ...] = (lambda one: one.callbacks, lambda one: one.called_back, lambda one: one.elsewhere)


def _share(lived: Sequence[Lived], figure: Figure) -> list[float | None]:
    """Of those who came to a queue: mean, and the range of nine of ten replays."""
    known = [one for one in lived if one.joined]
    if not known:
        return [None] * 3
    share = sum(map(figure, known)) / sum(one.joined for one in known)
    return [share, *(spread(known, lambda one: figure(one) / one.joined) if len(known) > 1 else (None, None))]


def mean(lived: Sequence[Lived], figure: Figure) -> float:
    return sum(map(figure, lived)) / len(lived)


def spread(lived: Sequence[Lived], figure: Figure) -> tuple[float, float]:
    """Between which nine of ten replays lie."""
    ordered = sorted(map(figure, lived))
    last = len(ordered) - 1
    return ordered[int(TAIL * last)], ordered[-1 - int(TAIL * last)]


def sheet(title: str, rows: Sequence[Sequence[Value]], notes: str) -> Sheet:
    return Sheet(title, COLUMNS, list(rows), notes)
