"""What can be followed, and the rows that each topic is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from pbx.accounts.rights import Permission, Principal

NONE: frozenset[str] = frozenset()


class Topic(StrEnum):
    CALLS = "calls"
    QUEUES = "queues"
    AGENTS = "agents"
    CONTACTS = "contacts"  # callbacks and all others who are owed an answer
    ALARMS = "alarms"
    TRUNKS = "trunks"
    TODAY = "today"  # the tiles of a wallboard
    SCREEN_POPS = "screen_pops"  # pages for agents to open

    # Enum's own is a function of Python.
    __hash__ = str.__hash__


RIGHTS = {
    Topic.CALLS: Permission.CALLS_READ,
    Topic.QUEUES: Permission.QUEUES_READ,
    Topic.AGENTS: Permission.AGENTS_READ,
    Topic.CONTACTS: Permission.CONTACTS_READ,
    Topic.ALARMS: Permission.ALARMS_READ,
    Topic.TRUNKS: Permission.TRUNKS_READ,
    Topic.TODAY: Permission.QUEUES_READ,
    Topic.SCREEN_POPS: Permission.CALLS_CONTROL,  # for who works with calls; a URL may hold what a caller typed
}


@dataclass(slots=True, frozen=True)
class Row:
    """`value` is JSON-ready and holds instants, never durations that grow: what does not change must be equal.
    `queue` and `extensions` say whose eyes it is for.
    """

    value: dict[str, Any]
    queue: str = ""
    extensions: frozenset[str] = NONE


class Source(Protocol):
    """Where a topic's rows come from; asked on the event loop's thread, and only while somebody watches."""

    topic: Topic

    def begin(self, mark: Callable[[str], None]) -> None:
        """From now on `mark(id)` is called when a row may have changed; it must cost next to nothing."""
        ...

    def end(self) -> None:
        """Nobody watches any more."""
        ...

    def rows(self) -> Mapping[str, Row]:
        """All of them."""
        ...

    def row(self, name: str) -> Row | None:
        """One of them; None when it is gone."""
        ...


@dataclass(slots=True, frozen=True)
class View:
    """What some people see alike, of the topics that they asked for. Encoded once for all of them.

    `everything`: of all queues and agents; otherwise `queues` (None: all) and, for an agent, himself by `extension`.
    """

    topics: frozenset[Topic]
    everything: bool
    agent: bool = False
    queues: frozenset[str] | None = None
    extension: str = ""

    def sees(self, topic: Topic, row: Row) -> bool:
        """Whether `row` is for these eyes."""
        if topic not in self.topics:
            return False
        if self.everything or topic in (Topic.ALARMS, Topic.TRUNKS):
            return True
        if topic is Topic.AGENTS:
            return not self.agent or (self.extension != "" and self.extension in row.extensions)
        own = self.extension != "" and self.extension in row.extensions
        return own or (row.queue != "" and row.queue in (self.queues or NONE))


def view_of(who: Principal, wanted: frozenset[Topic]) -> View:
    """What `who` sees of the topics `wanted`; those that he has no right for are left out."""
    topics = frozenset(topic for topic in wanted if who.may(RIGHTS[topic]))
    if who.sees_all:
        return View(topics, True)
    return View(topics, False, who.sees_agent("") is False, who.queues, who.extension)
