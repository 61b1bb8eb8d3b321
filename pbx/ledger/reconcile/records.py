"""What is compared: calls as the PBX knows them, and records of other systems."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class System(StrEnum):
    PBX = "pbx"
    TRACKING = "tracking"
    GA = "ga"
    CRM = "crm"


class Reason(StrEnum):
    """Why a call is not in a system, or a record is in it that is no call of ours. The order is that of reports."""

    TEST_CALL = "test_call"  # a test of the lines, or of a number that is used for tests
    AGENT_PLACED = "agent_placed"  # our people called: no visitor and no advert behind it
    SPAM = "spam"  # refused, or on a list
    SHORT = "short"  # ended without a talk before it counts
    STATIC_NUMBER = "static_number"  # a number of a channel, not of a visitor
    POOL_SHORTAGE = "pool_shortage"  # the pool had no number left for the visitor
    POOL_COLLISION = "pool_collision"  # more than one visitor had the number
    NO_CONSENT = "no_consent"  # the visitor allowed no cookie
    NO_CLIENT = "no_client"  # the visit has no client of that system: its script was blocked or is not on the page
    SAME_SESSION = "same_session"  # another call of the same session was counted
    LATE_EVENT = "late_event"  # told after more than 72 hours
    BLOCKED = "blocked"  # it was refused, or could not be told: a dead letter
    NOT_SENT = "not_sent"  # it waits to be told, or is not told by configuration
    PERIOD_CUT = "period_cut"  # the other clock or zone puts it into another period
    DUPLICATE = "duplicate"  # the system has it twice
    TRANSFER_SPLIT = "transfer_split"  # the system has each part of a transferred call
    NO_CALL = "no_call"  # a tap on the number, or an entry by hand, that no call followed
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Span:
    """A period, in UTC microseconds; the end is not in it."""

    start_us: int
    end_us: int

    def holds(self, at_us: int) -> bool:
        return self.start_us <= at_us < self.end_us


@dataclass(slots=True)
class Call:
    """A call of the PBX; `number` is the customer's as E.164, or as it was heard."""

    id: str
    at_us: int
    number: str
    ended_us: int = 0
    direction: str = "inbound"
    answered: bool = False
    test: bool = False
    spam: bool = False
    short: bool = False
    transferred: bool = False
    contact: str = ""  # the item that it was placed for
    method: str = ""  # of its attribution: "session", "pool", "static"...; "" where tracking knows nothing of it
    probability: float = 0.0
    rivals: int = 0  # visitors who may have called
    visit: str = ""
    session: str = ""  # GA's client and session
    told: dict[str, str] = field(default_factory=dict)  # system to why it was not told, or "sent"


@dataclass(slots=True)
class Record:
    """A row of another system's export. `place` is its line. What it does not tell is ""."""

    at_us: int
    number: str = ""
    call_id: str = ""
    session: str = ""
    place: str = ""
    no_call: bool = False  # by what it says itself: a tap, not a call

    @property
    def content(self) -> tuple[int, str, str, str]:
        """By which records are ordered, whatever their order in the file."""
        return self.at_us, self.number, self.call_id, self.session


@dataclass(slots=True)
class Export:
    """One system's records, and the period that its own clock covers with them."""

    system: System
    records: list[Record]
    span: Span
    by_session: bool = False  # it counts a session's calls once
    sent_by_us: bool = False  # it knows what we told it, and nothing else
