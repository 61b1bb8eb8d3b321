"""Which agents serve which queues, and how many of them were at work: queues that share an agent share a line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from pbx.config import Config
from pbx.config_queue import members_of
from pbx.reporting.intervals import Interval
from pbx.twin.past import at_work, read_log

Pools = list[tuple[frozenset[str], list[int]]]


def lines_of(members: Mapping[str, Collection[str]]) -> list[tuple[frozenset[str], frozenset[str]]]:
    """(queues, agents) of each line; `members` are agents by queue."""
    found: list[tuple[frozenset[str], frozenset[str]]] = []
    for name, agents in members.items():
        queues, people = frozenset({name}), frozenset(agents)
        apart = []
        for others, theirs in found:
            if theirs & people:
                queues, people = queues | others, people | theirs
            else:
                apart.append((others, theirs))
        found = [*apart, (queues, people)]
    return found


def pools_of(connection: Connection, config: Config, interval: Interval) -> Pools:
    """Each line with its people at work by quarter hour of that day."""
    members = {entry.name: members_of(entry, config.team) for entry in config.queue}
    return [(queues, at_work(read_log(connection, interval, agents), interval)) for queues, agents in lines_of(members)]


def with_agents(pools: Pools, queue: str, agents: Sequence[int]) -> Pools:
    """The line of that queue has other people."""
    return [(queues, list(agents) if queue in queues else there) for queues, there in pools]
