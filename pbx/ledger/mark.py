"""What became of telling another system of a contact."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"  # it waits in the outbox
    SENT = "sent"  # the system has taken it
    SKIPPED = "skipped"  # it is not told: see the reason
    DEAD = "dead"  # the system refused it, or it became too old


class Why(StrEnum):
    """Why something is not told."""

    NO_VISIT = "no_visit"  # nobody knows the visitor
    NO_CONSENT = "no_consent"
    NO_CLIENT = "no_client"  # the visit has no client id of the system
    UNSURE = "unsure"  # several visitors may have called
    LATE = "late"  # older than the system takes
    OFF = "off"  # by configuration
    INVALID = "invalid"  # it would break the system's rules


@dataclass(frozen=True, slots=True)
class Mark:
    """`at` is UTC seconds. `target` is that of the outbox, `event` what was told."""

    call_id: str
    target: str
    event: str
    state: State
    reason: str
    at: float
