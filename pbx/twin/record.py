"""A call as somebody else's bill or log tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    IN = "in"
    OUT = "out"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


class TwinError(ValueError):
    """A file cannot be read; the text names file, line and remedy."""


@dataclass(slots=True)
class CallRecord:
    """Instants are UTC seconds, durations seconds; None is what the source does not tell."""

    at: float
    way: Way = Way.UNKNOWN
    number: str = ""  # of the customer, E.164 where its country is known
    other: str = ""  # our side: number, extension
    answered: bool = False
    wait_s: float | None = None  # to the answer, or to the hang-up of who gave up
    talk_s: float = 0.0
    queue: str = ""
    agent: str = ""
    call_id: str = ""
    sent_away: bool = False  # by a limit, a key or an empty queue: what he waited is not his patience
    exact: bool = False  # of a queue's own log, which keeps waiting and talk apart; a bill's line gives way to it
