"""What other systems are told of one call: a fold of its events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pbx.events import CallEvent, Kind

Data = dict[str, Any]


class CallNote:
    """One call; `add` takes its events in order. Instants are UTC seconds, 0 for none."""

    # What a call has not told yet.
    answered_at = bridged_at = ended_at = talk_s = 0.0
    queue = agent = rang = cause = ""
    test = screened = recorded = transferred = False

    def __init__(self, started: CallEvent) -> None:
        data = started.data
        self.id = started.call_id
        self.at = started.at
        self.direction: str = data.get("direction") or ""
        self.caller: str = "" if data.get("withheld") else data.get("caller") or ""
        self.callee: str = data.get("callee") or ""
        self.did: str = data.get("did") or ""
        self.contact: str = data.get("contact") or ""
        self.number = ""  # of the customer, as E.164; set by who keeps the note
        self.told: Data = {name: data[name] for name in ("tag", "campaign", "medium") if data.get(name)}
        self.visit: Data = {}  # what tracking says of it

    @property
    def outbound(self) -> bool:
        return self.direction == "outbound"

    @property
    def heard(self) -> str:
        """The customer's number as the call has it."""
        return self.callee if self.outbound else self.caller

    @property
    def answered(self) -> bool:
        """Somebody spoke with the customer."""
        return self.answered_at > 0.0

    @property
    def duration_s(self) -> float:
        return max(self.ended_at - self.at, 0.0)

    @property
    def wait_s(self) -> float:
        """From the call to the talk, or to its end."""
        return max((self.answered_at or self.ended_at) - self.at, 0.0)

    def source(self) -> Data:
        """Where the call came from, as CRM systems keep it; what is not known is not there."""
        names = ("source", "medium", "campaign", "term", "content", "click_id", "click_kind", "landing", "site")
        found = {name: self.visit[name] for name in names if self.visit.get(name)}
        if not found:
            found = {"source" if name == "tag" else name: value for name, value in self.told.items()}
        return found

    def add(self, event: CallEvent) -> None:
        """Takes the next event; kinds that tell nothing are passed over."""
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event.data, event.at)

    def _attributed(self, data: Data, _at: float) -> None:
        self.visit = data

    def _joined(self, data: Data, _at: float) -> None:
        self.queue = str(data.get("queue") or "")

    def _leg_started(self, data: Data, _at: float) -> None:
        if data.get("role") == "callee":
            self.rang = str(data.get("target") or "")

    def _agent(self, data: Data, _at: float) -> None:
        self.agent = str(data.get("agent") or self.agent)

    def _bridge_started(self, _data: Data, at: float) -> None:
        self.answered_at = self.answered_at or at
        self.bridged_at = self.bridged_at or at
        if not self.agent:
            self.agent = self.caller if self.outbound and not self.contact else self.rang

    def _bridge_ended(self, data: Data, at: float) -> None:
        told = data.get("talk_s")
        self.talk_s += float(told) if told is not None else max(at - self.bridged_at, 0.0)
        self.bridged_at = 0.0

    def _recording(self, _data: Data, _at: float) -> None:
        self.recorded = True

    def _transferred(self, _data: Data, _at: float) -> None:
        self.transferred = True

    def _screened(self, _data: Data, _at: float) -> None:
        self.screened = True

    def _test(self, _data: Data, _at: float) -> None:
        self.test = True

    def _ended(self, data: Data, at: float) -> None:
        self.ended_at, self.cause = at, str(data.get("cause") or "")
        if self.bridged_at:
            self.talk_s += max(at - self.bridged_at, 0.0)
            self.bridged_at = 0.0


_HANDLERS: dict[str, Callable[[CallNote, Data, float], None]] = {
    Kind.CALL_ATTRIBUTED: CallNote._attributed,
    Kind.QUEUE_JOINED: CallNote._joined,
    Kind.LEG_STARTED: CallNote._leg_started,
    Kind.QUEUE_ANSWERED: CallNote._agent,
    Kind.CALLBACK_BRIDGED: CallNote._agent,
    Kind.BRIDGE_STARTED: CallNote._bridge_started,
    Kind.BRIDGE_ENDED: CallNote._bridge_ended,
    Kind.RECORDING_STARTED: CallNote._recording,
    Kind.TRANSFER_COMPLETED: CallNote._transferred,
    Kind.SCREENED: CallNote._screened,
    Kind.TEST_CALL: CallNote._test,
    Kind.CALL_ENDED: CallNote._ended,
}
STEPS = tuple(Kind(kind) for kind in _HANDLERS if kind != Kind.CALL_ENDED)
