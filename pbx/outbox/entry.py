"""One delivery: what it is, and what became of it so far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_BODY = 65_536  # octets
MAX_REPORT = 1_048_576  # of the few that are put to be awaited and say so
MAX_NAME = 200  # characters of a target, a kind, a key
MAX_EXCERPT = 500  # characters of a response or of a reason


class State(StrEnum):
    """A delivery is pending until it has one of the other three."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # refused, or too old: `centrala outbox retry` sends it again
    DROPPED = "dropped"  # by a person


@dataclass(slots=True)
class Entry:
    """Instants are UTC seconds, 0 for none. `id` is the same at every attempt: whoever receives it twice knows by it.

    Entries of one target and one `call_id` (a call's, a contact's; "" for none) are delivered in the order of `seq`.
    `number` counts the entries of the target: 1, 2, 3...
    """

    id: str
    target: str
    kind: str
    key: str  # one per delivery of the target: what is put again under it is not sent again
    call_id: str
    body: bytes
    seq: int = 0
    number: int = 0
    created: float = 0.0
    queued: float = 0.0  # put, or made to be tried again: its age counts from here
    due: float = 0.0  # not tried before
    state: State = State.PENDING
    attempts: int = 0
    ended: float = 0.0
    status: int = 0  # HTTP's, of the last answer; 0: there was none
    error: str = ""  # of the last attempt
    excerpt: str = ""  # of the last answer's body
    took_ms: int = 0  # the last attempt
