"""Teams and sites: what their agents were offered and took, what it took of them, and whom they lost.

Who belongs to what is what held then: the period is cut where memberships begin and end, which are quarters of an hour,
and each piece is added up by the members of that time. An agent of two teams counts in both, in "all" once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, not_, select

from pbx.reporting.agents import MICRO, AgentFigures, Known, agent_course, agents_of
from pbx.reporting.intervals import Interval
from pbx.reporting.lost import lost_course
from pbx.reporting.opened.team import NOBODY, TEAM, Span, spans
from pbx.reporting.per.grid import Grid, whole
from pbx.reporting.proportion import Share
from pbx.reporting.request import Request
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store.intervals.bins import total
from pbx.store.intervals.families import AGENTS
from pbx.store.intervals.reading import sums

ALL = "all"
NOTES = (
    "By who belonged to the team then; an agent of two teams counts in both, in all of them together once. Without a\n"
    "team: -. Occupancy, utilisation, RONA, AHT: as of agents. Lost: the caller gave up after an offer that was not\n"
    "accepted / offers, with the 95 % interval (Wilson)."
)


@dataclass(slots=True)
class TeamFigures:
    """One team, site, or all. `queues`: by queue the answered calls and the microseconds of (wait, talk, hold, ACW)."""

    name: str
    sums: AgentFigures = field(default_factory=lambda: AgentFigures(""))
    agents: set[str] = field(default_factory=set)
    lost: int = 0
    queues: dict[str, list[int]] = field(default_factory=dict)


def team_figures(
    connection: Connection, request: Request, kind: str = TEAM, known: Known | None = None
) -> list[TeamFigures]:
    """By name, those without any before the last, which is all of them."""
    return team_course(connection, request, whole(request.period), kind, known)[0]


def team_course(
    connection: Connection, request: Request, grid: Grid, kind: str = TEAM, known: Known | None = None
) -> list[list[TeamFigures]]:
    """The same of each interval."""
    members = spans(connection, request, kind)
    pieces = grid.cut([at for span in members for at in (span.from_us, span.until_us)])
    course: list[dict[str, TeamFigures]] = [{} for _ in grid.cells]
    numbers = [grid.index(cell.span[0]) if len(grid.cells) > 1 else 0 for cell in pieces.cells]
    teams = [_members(members, cell.span[0]) for cell in pieces.cells]

    def of(at: int, agent: str) -> Iterator[TeamFigures]:
        """Those of whom the agent is in this piece."""
        for name in (*teams[at].get(agent, (NOBODY,)), ALL):
            yield course[numbers[at]].setdefault(name, TeamFigures(name))

    lost = lost_course(connection, pieces)
    for at, agents in enumerate(_agents(connection, pieces, request.now_us, known)):
        for one in agents:
            for mine in of(at, one.agent):
                mine.agents.add(one.agent)
                _add(mine.sums, one)
                mine.lost += lost[at].get(one.agent, 0)
    for at, agent, queue, figures in _answered(connection, pieces):
        for mine in of(at, agent):
            before = mine.queues.get(queue, [0] * len(figures))
            mine.queues[queue] = [a + b for a, b in zip(before, figures, strict=True)]
    return [sorted(found.values(), key=lambda one: (one.name == ALL, one.name == NOBODY, one.name)) for found in course]


def _agents(connection: Connection, pieces: Grid, now_us: int, known: Known | None) -> list[list[AgentFigures]]:
    if known is not None and len(pieces.cells) == 1:
        return [agents_of(connection, pieces.cells[0].interval, now_us, known)]
    return agent_course(connection, pieces, now_us)


def _members(members: Sequence[Span], at_us: int) -> dict[str, list[str]]:
    """What each agent belongs to at an instant."""
    found: dict[str, list[str]] = {}
    for span in members:
        if span.from_us <= at_us < span.until_us:
            found.setdefault(span.agent, []).append(span.name)
    return found


def _answered(connection: Connection, pieces: Grid) -> Iterator[tuple[int, str, str, list[int]]]:
    """(piece, agent, queue, [answered, wait, talk, hold, wrap-up, outliers]) of callers; durations are microseconds."""
    table = sums(connection, AGENTS, pieces.period.start_us, pieces.period.end_us).c
    names = ("calls", "wait_us", *(f"averaged_{one}_us" for one in ("talk", "hold", "wrapup")), "not_averaged")
    query = select(
        pieces.first(table.bin_us), table.agent, table.queue, *(total(table[name]) for name in names)
    ).group_by(*pieces.group(table.bin_us), table.agent, table.queue)
    for row in connection.execute(query.where(not_(table.callback))):
        at, (agent, queue, *figures) = pieces.split(row)
        yield at, agent, queue, figures


ADDED_UP = (
    *("offers", "accepted", "missed", "alert_s", "answered", "callbacks", "talk_s", "hold_s"),
    *("left_out", "left_out_s"),
)


def _add(to: AgentFigures, one: AgentFigures) -> None:
    for state, seconds in one.states.items():
        to.states[state] = to.states.get(state, 0.0) + seconds
    for name in (
        "offers",
        "accepted",
        "missed",
        "alert_s",
        "answered",
        "callbacks",
        "talk_s",
        "hold_s",
        "left_out",
        "left_out_s",
    ):
        setattr(to, name, getattr(to, name) + getattr(one, name))


def columns(kind: str) -> tuple[Column, ...]:
    return (
        Column(kind, kind.capitalize(), Unit.TEXT),
        Column("agents", "Agents"),
        Column("offers", "Offers", formula="OFFERS"),
        Column("missed", "Not\naccepted", formula="OFFERS.MISSED"),
        Column("rona", "RONA", Unit.SHARE, "RONA"),
        Column("lost_share", "Lost,\nshare", Unit.SHARE, "LOST"),
        Column("lost_low", "from", Unit.SHARE),
        Column("lost_high", "to", Unit.SHARE),
        Column("answered", "An-\nswered", formula="AGENT.ANSWERED"),
        Column("callbacks", "Call-\nbacks", formula="AGENT.CALLBACKS"),
        Column("aht_s", "AHT", Unit.SECONDS, "AGENT.AHT", Measure.EACH),
        Column("talk_s", "Talk", Unit.SECONDS, "AGENT.TALK", Measure.SUM),
        Column("available_s", "Avail-\nable", Unit.SECONDS, "STATE.AVAILABLE", Measure.SUM),
        Column("break_s", "Break", Unit.SECONDS, "STATE.BREAK", Measure.SUM),
        Column("signed_in_s", "Signed\nin", Unit.SECONDS, "STATE.SIGNED_IN", Measure.SUM),
        Column("occupancy", "Occu-\npancy", Unit.SHARE, "OCC", Measure.RATIO),
        Column("utilisation", "Utili-\nsation", Unit.SHARE, "UTIL", Measure.RATIO),
    )


def queue_columns(kind: str) -> tuple[Column, ...]:
    return (
        Column(kind, kind.capitalize(), Unit.TEXT),
        Column("queue", "Queue", Unit.TEXT),
        Column("answered", "An-\nswered", formula="ANS"),
        Column("asa_s", "ASA", Unit.SECONDS, "ASA"),
        Column("aht_s", "AHT", Unit.SECONDS, "AHT"),
        Column("average_talk_s", "Talk", Unit.SECONDS, "TALK"),
        Column("average_hold_s", "Hold", Unit.SECONDS, "HOLD"),
        Column("average_wrapup_s", "ACW", Unit.SECONDS, "ACW"),
    )


def teams_sheet(connection: Connection, request: Request, known: Known | None = None) -> list[Sheet]:
    """Teams, or with by=site their offices; and what of each queue they answered."""
    return teams_sheets(connection, request, whole(request.period), known)[0]


def teams_sheets(connection: Connection, request: Request, grid: Grid, known: Known | None = None) -> list[list[Sheet]]:
    """The same of each interval."""
    kind, only = request.filter("by") or TEAM, request.filter(TEAM)
    course = team_course(connection, request, grid, kind, known)
    return [
        _sheets(cell.interval, [one for one in found if only in ("", one.name)], kind)
        for cell, found in zip(grid.cells, course, strict=True)
    ]


def _sheets(interval: Interval, found: Sequence[TeamFigures], kind: str) -> list[Sheet]:
    sheet = Sheet(f"Teams, {interval.label}", columns(kind), notes=NOTES)
    queues = Sheet(f"Teams, {interval.label}", queue_columns(kind))
    for one in found:
        did, lost = one.sums, Share(one.lost, one.sums.offers)
        counts = (one.name, len(one.agents), did.offers, did.missed, did.rona)
        bounds = (lost.value, *lost.interval) if lost.whole else (None, None, None)
        times = (did.aht_s, did.talk_s, did.states.get("available", 0.0), did.states.get("break", 0.0), did.signed_in_s)
        sheet.rows.append((*counts, *bounds, did.answered, did.callbacks, *times, did.occupancy, did.utilisation))
        for queue, (answered, wait, talk, hold, acw, out) in sorted(one.queues.items()):
            means = (share(us / MICRO, answered - out) for us in (talk + hold + acw, talk, hold, acw))
            queues.rows.append((one.name, queue, answered, share(wait / MICRO, answered), *means))
    return [sheet, queues]
