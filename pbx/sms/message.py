"""One message to a customer, and its state machine as a table. Only this file moves the state.

Two rules. A message is SUBMITTING on disk before the gateway sees anything of it; and what was SUBMITTING when nobody
could tell any more whether the gateway took it (the process died, the connection broke before the answer) is IN_DOUBT
and is not sent again unless the gateway itself says that it has it not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"  # by the gateway
    DELIVERED = "delivered"
    FAILED = "failed"  # the network could not deliver it
    EXPIRED = "expired"  # not handed over, or without a receipt, in time
    REFUSED = "refused"  # no gateway takes it
    IN_DOUBT = "in_doubt"


class Trigger(StrEnum):
    SUBMIT = "submit"
    ACCEPT = "accept"
    REQUEUE = "requeue"  # certainly not taken
    DOUBT = "doubt"
    DELIVER = "deliver"
    FAIL = "fail"
    EXPIRE = "expire"
    REFUSE = "refuse"


S, T = State, Trigger
TABLE: dict[State, dict[Trigger, State]] = {
    S.QUEUED: {T.SUBMIT: S.SUBMITTING, T.EXPIRE: S.EXPIRED, T.REFUSE: S.REFUSED},
    S.SUBMITTING: {
        T.ACCEPT: S.ACCEPTED,
        T.REQUEUE: S.QUEUED,
        T.DOUBT: S.IN_DOUBT,
        T.REFUSE: S.REFUSED,
    },
    S.ACCEPTED: {T.DELIVER: S.DELIVERED, T.FAIL: S.FAILED, T.EXPIRE: S.EXPIRED},
    S.IN_DOUBT: {
        T.ACCEPT: S.ACCEPTED,
        T.REQUEUE: S.QUEUED,
        T.DELIVER: S.DELIVERED,
        T.FAIL: S.FAILED,
        T.EXPIRE: S.EXPIRED,
        T.REFUSE: S.REFUSED,
    },
    S.EXPIRED: {T.DELIVER: S.DELIVERED, T.FAIL: S.FAILED},  # a receipt that came late after all
    S.DELIVERED: {},
    S.FAILED: {},
    S.REFUSED: {},
}
OPEN = (S.QUEUED, S.SUBMITTING, S.ACCEPTED, S.IN_DOUBT)


class WrongState(Exception):
    """The trigger does not fit the message's state: nothing has changed."""


@dataclass(slots=True)
class SentPart:
    """A part as the gateway knows it; `state` is "" until a receipt tells "delivered" or "failed"."""

    id: str
    state: str = ""


@dataclass(slots=True)
class Message:
    """See the module. Instants are UTC seconds, 0 for none. Only the outbox changes a message."""

    id: str
    key: str
    number: str  # E.164
    text: str
    coding: str  # pbx.sms.parts.Coding
    parts: int
    created: float
    expires: float
    sender: str = ""
    template: str = ""
    language: str = ""
    source: str = ""
    reason: str = ""
    origin_call: str = ""
    contact: str = ""
    not_before: float = 0.0
    state: State = State.QUEUED
    gateway: str = ""  # that has it, or had it last
    pinned: bool = False  # only that gateway may get it again: it knows the message by its id
    attempts: int = 0
    submitted: float = 0.0
    accepted: float = 0.0
    ended: float = 0.0
    error: str = ""  # why it failed, expired, was refused or is in doubt
    cost: float = 0.0
    currency: str = ""
    sent: list[SentPart] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    def fire(self, trigger: Trigger) -> None:
        """Moves the state. Raises WrongState."""
        then = TABLE[self.state].get(trigger)
        if then is None:
            raise WrongState(f"message {self.id} is {self.state}: {trigger} does not fit")
        self.state = then

    def draft(self) -> Message:
        """A copy to change; `take` makes the changes the message's own."""
        copy = Message(**{name: getattr(self, name) for name in _FIELDS})
        copy.sent = [SentPart(part.id, part.state) for part in self.sent]
        return copy

    def take(self, draft: Message) -> None:
        """All of `draft` is now the message's."""
        for name in _FIELDS:
            setattr(self, name, getattr(draft, name))


_FIELDS = tuple(entry.name for entry in fields(Message))


@dataclass(slots=True)
class Inbound:
    """A message from a customer. `what` is "text", "stop" or "start"; `gateway_id` is "" where gateways give none."""

    id: str
    gateway: str
    gateway_id: str
    number: str
    to: str
    text: str
    received: float
    what: str = "text"
    contact: str = ""
