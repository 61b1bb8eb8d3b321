"""Figures of agents: what they were offered and took, what it took of them, and what they did with their time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, exists, func, not_, select

from pbx.reporting.codes import codes_text
from pbx.reporting.intervals import Interval
from pbx.reporting.opened.team import NOBODY, Span, teams_of
from pbx.reporting.per.grid import Grid, whole
from pbx.reporting.service_level import share
from pbx.reporting.sheet import Column, Measure, Sheet, Unit
from pbx.store import schema
from pbx.store.intervals.bins import count, total
from pbx.store.intervals.families import AGENTS, OFFERS, STATES
from pbx.store.intervals.reading import sums
from pbx.store.intervals.states import LEFT_OUT
from pbx.store.outliers import inside, is_outlier
from pbx.store.schema_intervals import STATES as KNOWN

WORKING = ("talking", "hold", "wrapup")
ABSENT = ("offline", "unreachable")
MICRO = 1_000_000
NOTES = (
    "Occupancy = (talk + hold + wrap-up) / (talk + hold + wrap-up + available); breaks, ringing, own calls left out.\n"
    "Utilisation = (talk + hold + wrap-up) / signed in. RONA = offers not accepted / offers; one that ended because\n"
    "the caller went or another agent was faster counts as an offer only.\n"
    "AHT = (talk + hold + wrap-up) / calls, without calls whose talk nobody ended: over 4 h."
)


@dataclass(slots=True)
class AgentFigures:
    """One agent in an interval. Durations are seconds; `states` are those spent in each state within the interval."""

    agent: str
    states: dict[str, float] = field(default_factory=dict)
    offers: int = 0
    accepted: int = 0
    missed: int = 0
    alert_s: float = 0.0  # sum, of accepted offers
    answered: int = 0
    callbacks: int = 0  # customers called back whom he spoke with
    codes: dict[str, int] = field(default_factory=dict)  # of wrap-up, after callers and callbacks
    talk_s: float = 0.0
    hold_s: float = 0.0
    left_out: int = 0  # calls whose talk nobody ended (pbx.store.outliers): not in AHT
    left_out_s: float = 0.0  # their talk and hold

    @property
    def seen(self) -> bool:
        """Signed in, or did or was offered something."""
        return bool(self.signed_in_s or self.offers or self.answered or self.callbacks)

    @property
    def working_s(self) -> float:
        return sum(self.states.get(state, 0.0) for state in WORKING)

    @property
    def signed_in_s(self) -> float:
        return sum(seconds for state, seconds in self.states.items() if state not in ABSENT)

    @property
    def occupancy(self) -> float | None:
        return share(self.working_s, self.working_s + self.states.get("available", 0.0))

    @property
    def utilisation(self) -> float | None:
        return share(self.working_s, self.signed_in_s)

    @property
    def rona(self) -> float | None:
        return share(self.missed, self.offers)

    @property
    def aht_s(self) -> float | None:
        """Talk and hold of the calls answered, and the wrap-up of the interval, over the calls answered."""
        handled_s = self.talk_s + self.hold_s - self.left_out_s + self.states.get("wrapup", 0.0)
        return share(handled_s, self.answered + self.callbacks - self.left_out)


def agent_figures(connection: Connection, interval: Interval, now_us: int) -> list[AgentFigures]:
    """Of every agent who was signed in, was offered or answered anything in the interval, by extension."""
    return agent_course(connection, whole(interval), now_us)[0]


Of = Callable[[int, str], AgentFigures]  # the figures of an interval's number and an agent


def agent_course(connection: Connection, grid: Grid, now_us: int) -> list[list[AgentFigures]]:
    """The same of each interval."""
    course: list[dict[str, AgentFigures]] = [{} for _ in grid.cells]

    def of(at: int, agent: str) -> AgentFigures:
        return course[at].setdefault(agent, AgentFigures(agent))

    _states(connection, grid, of)
    _present(connection, grid, now_us, of)
    _offers(connection, grid, of)
    table = sums(connection, AGENTS, grid.period.start_us, grid.period.end_us).c
    query = select(
        grid.first(table.bin_us),
        *(table.agent, table.callback, total(table.calls), total(table.talk_us), total(table.hold_us)),
        *(total(table.left_out), total(table.left_out_us)),
    ).group_by(*grid.group(table.bin_us), table.agent, table.callback)
    for row in connection.execute(query):
        at, (agent, callback, count, talk_us, hold_us, left_out, left_out_us) = grid.split(row)
        figures = of(at, agent)
        if callback:
            figures.callbacks += count
        else:
            figures.answered += count
        figures.talk_s += talk_us / MICRO
        figures.hold_s += hold_us / MICRO
        figures.left_out += left_out
        figures.left_out_s += left_out_us / MICRO
    _callbacks(connection, grid, of)
    _codes(connection, grid, of)
    return [sorted((one for one in found.values() if one.seen), key=lambda figures: figures.agent) for found in course]


Known = dict[tuple[int, int], list[AgentFigures]]  # figures of intervals that were added up already


def agents_of(connection: Connection, interval: Interval, now_us: int, known: Known) -> list[AgentFigures]:
    """The same, added up once for all who share `known`."""
    key = interval.start_us, interval.end_us
    if key not in known:
        known[key] = agent_figures(connection, interval, now_us)
    return known[key]


def _callbacks(connection: Connection, grid: Grid, of: Of) -> None:
    """Customers who were called back and spoke with an agent, where no visit of a queue tells it."""
    attempt, cdr, visit = schema.callback_calls.c, schema.cdrs.c, schema.queue_visits.c
    out = is_outlier(cdr.talk_s, cdr.hold_s)
    query = (
        select(
            *(grid.first(attempt.started_us), attempt.agent, func.count(), func.sum(cdr.talk_s), func.sum(cdr.hold_s)),
            *(count(out), func.sum(inside(cdr.talk_s + cdr.hold_s, not_(out)))),
        )
        .join_from(schema.callback_calls, schema.cdrs, cdr.id == attempt.call_id)
        .where(
            attempt.agent != "",
            attempt.started_us >= grid.period.start_us,
            attempt.started_us < grid.period.end_us,
            not_(exists().where(visit.call_id == attempt.call_id, visit.agent == attempt.agent)),
        )
        .group_by(*grid.group(attempt.started_us), attempt.agent)
    )
    for row in connection.execute(query):
        at, (agent, calls, talk_s, hold_s, left_out, left_out_s) = grid.split(row)
        figures = of(at, agent)
        figures.callbacks += calls
        figures.left_out += left_out
        figures.left_out_s += left_out_s
        figures.talk_s += talk_s
        figures.hold_s += hold_s


def _codes(connection: Connection, grid: Grid, of: Of) -> None:
    """How often each agent gave each code of wrap-up."""
    visit, attempt = schema.queue_visits.c, schema.callback_calls.c
    for code, agent, began_us in (
        (visit.wrapup_code, visit.agent, visit.joined_us),
        (attempt.wrapup_code, attempt.agent, attempt.started_us),
    ):
        query = (
            select(grid.first(began_us), agent, code, func.count())
            .where(code != "", began_us >= grid.period.start_us, began_us < grid.period.end_us)
            .group_by(*grid.group(began_us), agent, code)
        )
        for row in connection.execute(query):
            at, (name, given, count) = grid.split(row)
            codes = of(at, name).codes
            codes[given] = codes.get(given, 0) + count


def _states(connection: Connection, grid: Grid, of: Of) -> None:
    """How long each agent was in each state that is over within the interval."""
    table = sums(connection, STATES, grid.period.start_us, grid.period.end_us).c
    query = select(grid.first(table.bin_us), table.agent, *(total(table[f"{state}_us"]) for state in KNOWN)).group_by(
        *grid.group(table.bin_us), table.agent
    )
    for row in connection.execute(query):
        at, (agent, *spent) = grid.split(row)
        states = of(at, agent).states
        for state, us in zip(KNOWN, spent, strict=True):
            if us:
                states[state] = states.get(state, 0.0) + us / MICRO


def _present(connection: Connection, grid: Grid, now_us: int, of: Of) -> None:
    """The present state of each agent, for as long as it has lasted within the interval."""
    present, period = schema.agent_states.c, grid.period
    now = select(present.agent, present.state, present.since_us).where(
        present.since_us < period.end_us, present.state != LEFT_OUT
    )
    for agent, state, since_us in connection.execute(now):
        for at in range(grid.index(max(since_us, period.start_us)), len(grid.cells)):
            start_us, end_us = grid.cells[at].span
            inside_us = min(now_us, end_us) - max(since_us, start_us)
            if inside_us <= 0:
                break
            states = of(at, agent).states
            states[state] = states.get(state, 0.0) + inside_us / MICRO


def _offers(connection: Connection, grid: Grid, of: Of) -> None:
    table = sums(connection, OFFERS, grid.period.start_us, grid.period.end_us).c
    query = select(
        grid.first(table.bin_us), table.agent, table.outcome, total(table.offers), total(table.alert_us)
    ).group_by(*grid.group(table.bin_us), table.agent, table.outcome)
    for row in connection.execute(query):
        at, (agent, outcome, count, alert_us) = grid.split(row)
        figures = of(at, agent)
        figures.offers += count
        if outcome == "accepted":
            figures.accepted += count
            figures.alert_s += alert_us / MICRO
        elif outcome != "lost":
            figures.missed += count


COLUMNS = (
    Column("interval", "From", Unit.TEXT),
    Column("agent", "Agent", Unit.TEXT),
    Column("teams", "Teams", Unit.TEXT),
    Column("offers", "Offers", formula="OFFERS"),
    Column("missed", "Not\naccepted", formula="OFFERS.MISSED"),
    Column("rona", "RONA", Unit.SHARE, "RONA"),
    Column("alert_s", "Alert", Unit.SECONDS, "ALERT"),
    Column("answered", "An-\nswered", formula="AGENT.ANSWERED"),
    Column("callbacks", "Call-\nbacks", formula="AGENT.CALLBACKS"),
    Column("aht_s", "AHT", Unit.SECONDS, "AGENT.AHT", Measure.EACH),
    Column("talk_s", "Talk", Unit.SECONDS, "AGENT.TALK", Measure.SUM),
    Column("hold_s", "Hold", Unit.SECONDS, "AGENT.HOLD", Measure.SUM),
    Column("wrapup_s", "Wrap-\nup", Unit.SECONDS, "STATE.WRAPUP", Measure.SUM),
    Column("available_s", "Avail-\nable", Unit.SECONDS, "STATE.AVAILABLE", Measure.SUM),
    Column("break_s", "Break", Unit.SECONDS, "STATE.BREAK", Measure.SUM),
    Column("signed_in_s", "Signed\nin", Unit.SECONDS, "STATE.SIGNED_IN", Measure.SUM),
    Column("occupancy", "Occu-\npancy", Unit.SHARE, "OCC", Measure.RATIO),
    Column("utilisation", "Utili-\nsation", Unit.SHARE, "UTIL", Measure.RATIO),
    Column("codes", "Codes", Unit.TEXT),
)


def agents_sheet(
    connection: Connection,
    intervals: list[Interval],
    now_us: int,
    teams: Sequence[Span] = (),
    team: str = "",
    known: Known | None = None,
) -> Sheet:
    """The report, of each interval in turn; with `team` only of who was in it then."""
    title = intervals[0].label if len(intervals) == 1 else f"{intervals[0].label} to {intervals[-1].label}"
    sheet = Sheet(f"Agents, {title}", COLUMNS, notes=NOTES)
    for interval in intervals:
        for one in agents_of(connection, interval, now_us, known if known is not None else {}):
            mine = teams_of(teams, one.agent, interval.start_us, interval.end_us)
            if team and team not in (mine or (NOBODY,)):
                continue
            sheet.rows.append(
                (
                    interval.label,
                    one.agent,
                    ", ".join(mine),
                    one.offers,
                    one.missed,
                    one.rona,
                    share(one.alert_s, one.accepted),
                    one.answered,
                    one.callbacks,
                    one.aht_s,
                    one.talk_s,
                    one.hold_s,
                    one.states.get("wrapup", 0.0),
                    one.states.get("available", 0.0),
                    one.states.get("break", 0.0),
                    one.signed_in_s,
                    one.occupancy,
                    one.utilisation,
                    codes_text(one.codes),
                )
            )
    return sheet
