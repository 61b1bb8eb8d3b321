"""Who was at work on a past day, what else he had to do, and how offers rang: from the journey."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from pbx.config import Config
from pbx.config_queue import members_of
from pbx.reporting.intervals import Interval
from pbx.store import schema
from pbx.twin.house import Offers, Shift, Span
from pbx.twin.past import NOT_AT_WORK, PastDay, Visitor, read_day

LOST = "lost"  # an offer that ended without blame: the caller was gone, or somebody else was first
SERVING = frozenset({"talking", "hold", "wrapup", "outbound", "busy", "callback_preview"})
GAP_S = 1.0  # between two states of one person, which are one stay at work


@dataclass(frozen=True, slots=True)
class _State:
    agent: str
    state: str
    begin: float
    end: float
    call_id: str


def read_shifts(connection: Connection, config: Config, interval: Interval, served: Collection[str]) -> list[Shift]:
    """Of every agent of a queue who was at work. `served` are the calls that are lived through again: what agents did
    beside them is other work, at its time."""
    agents = {name for entry in config.queue for name in members_of(entry, config.team)}
    found: dict[str, tuple[list[Span], dict[str, list[float]]]] = {}
    for row in _states(connection, interval):
        if row.agent not in agents:
            continue
        spans, work = found.setdefault(row.agent, ([], {}))
        if row.state not in NOT_AT_WORK:
            if spans and row.begin - spans[-1][1] <= GAP_S:
                spans[-1] = (spans[-1][0], max(row.end, spans[-1][1]))
            else:
                spans.append((row.begin, row.end))
        if row.state in SERVING and row.call_id not in served:
            key = row.call_id or f"{row.begin}"
            work.setdefault(key, [row.begin, 0.0])[1] += row.end - row.begin
    return [
        Shift(agent, spans, [(at, seconds) for at, seconds in work.values()])
        for agent, (spans, work) in sorted(found.items())
        if spans
    ]


def _states(connection: Connection, interval: Interval) -> Iterator[_State]:
    table = schema.agent_log.c
    query = (
        select(table.agent, table.state, table.started_us, table.ended_us, table.call_id)
        .where(table.started_us < interval.end_us, table.ended_us > interval.start_us)
        .order_by(table.started_us, table.seq)
    )
    for agent, state, started_us, ended_us, call_id in connection.execute(query):
        begin = max((started_us - interval.start_us) / 1e6, 0.0)
        end = min((ended_us - interval.start_us) / 1e6, interval.duration_s)
        yield _State(agent, state, begin, end, call_id or "")


def read_offers(connection: Connection, interval: Interval) -> Offers:
    """Of all queues on that day."""
    table = schema.queue_offers.c
    query = select(table.outcome, table.alert_s).where(
        table.offered_us >= interval.start_us, table.offered_us < interval.end_us
    )
    rang: list[float] = []
    missed = 0
    for outcome, alert_s in connection.execute(query):
        if outcome == "accepted":
            rang.append(alert_s or 0.0)
        elif outcome not in ("", LOST):
            missed += 1
    return Offers(rang, missed / (missed + len(rang)) if rang else 0.0)


def read_staff(
    connection: Connection, config: Config, queue: str, when: tuple[date, Interval], past: PastDay
) -> tuple[list[Shift], Offers, list[tuple[str, Visitor]]]:
    """(people, how offers rang, callers of the other queues that they serve)"""
    day, interval = when
    agents = {entry.name: set(members_of(entry, config.team)) for entry in config.queue}
    beside = [name for name, people in agents.items() if name != queue and people & agents[queue]]
    others = [(name, one) for name in beside for one in read_day(connection, name, day, interval, ()).visitors]
    served = {one.call_id for one in past.visitors if one.answered} | {one.call_id for _, one in others if one.answered}
    return read_shifts(connection, config, interval, served), read_offers(connection, interval), others
