"""What is remembered of calls and messages while they last, so that each event tells it whole."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any

from pbx.call.call import Call
from pbx.events import CallEvent, Kind
from pbx.webhooks.times import rfc3339

MOST = 20_000  # calls, and messages, that are remembered; the oldest go first
LATE = 500  # calls that have ended


@dataclass(slots=True)
class FollowedCall:
    """`targets`: whom a leg reached, by its name. Instants are UTC seconds."""

    id: str
    direction: str = ""
    caller: str = ""
    callee: str = ""
    did: str = ""
    trunk: str = ""
    tag: str = ""
    queue: str = ""
    agent: str = ""
    contact: str = ""
    source: str = ""
    medium: str = ""
    campaign: str = ""
    started: float = 0.0
    answered: float = 0.0
    talk_s: float = 0.0
    targets: dict[str, str] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """The fields that all events of calls have."""
        return {
            "call_id": self.id,
            "direction": self.direction,
            "caller": self.caller,
            "callee": self.callee,
            "did": self.did or None,
            "trunk": self.trunk or None,
            "tag": self.tag or None,
            "queue": self.queue or None,
            "agent": self.agent or None,
            "contact": self.contact or None,
            "source": self.source or None,
            "medium": self.medium or None,
            "campaign": self.campaign or None,
            "started": rfc3339(self.started),
        }


class FollowedCalls:
    """Fed with the events of FOLLOWED."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, FollowedCall] = OrderedDict()
        self._over: deque[str] = deque()
        self._numbers: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def call(self, call_id: str) -> FollowedCall:
        """What is known of a call: nothing but its id, when it began before anybody wanted to know."""
        found = self._calls.get(call_id)
        if found is None:
            found = self._calls[call_id] = FollowedCall(call_id)
            if len(self._calls) > MOST:
                self._calls.popitem(last=False)
        return found

    def begin_with(self, call: Call) -> None:
        """A call that runs already."""
        found = self.call(call.id)
        found.direction, found.caller, found.callee = call.direction, call.caller, call.callee
        found.trunk, found.queue, found.started = call.trunk, call.queue, call.started_at

    def over(self, call_id: str) -> None:
        """It has ended; its recording may still be told of, a while after."""
        self._over.append(call_id)
        if len(self._over) > LATE:
            self._calls.pop(self._over.popleft(), None)

    def take(self, event: CallEvent) -> None:
        """Before anybody is told of it."""
        follow = _TABLE.get(event.kind)
        if follow is not None:
            follow(self.call(event.call_id), event)

    def message(self, event: CallEvent) -> dict[str, Any]:
        """Number, template and source of a message, remembered since it was queued."""
        known = self._numbers.get(event.call_id)
        if known is None:
            known = self._numbers[event.call_id] = {}
            if len(self._numbers) > MOST:
                self._numbers.popitem(last=False)
        for name in ("number", "template", "source", "origin_call", "contact", "gateway"):
            if event.data.get(name):
                known[name] = event.data[name]
        names = ("number", "template", "source", "origin_call", "contact", "gateway")
        return {"message": event.call_id, **{name: known.get(name) for name in names}}


def _started(call: FollowedCall, event: CallEvent) -> None:
    data = event.data
    for name in ("direction", "caller", "callee", "did", "trunk", "tag", "contact", "medium", "campaign"):
        setattr(call, name, str(data.get(name) or ""))
    call.started = event.at


def _attributed(call: FollowedCall, event: CallEvent) -> None:
    for name in ("source", "medium", "campaign"):
        setattr(call, name, str(event.data.get(name) or getattr(call, name)))


def _leg(call: FollowedCall, event: CallEvent) -> None:
    call.targets[event.leg] = str(event.data.get("target") or "")


def _queue(call: FollowedCall, event: CallEvent) -> None:
    call.queue = str(event.data.get("queue") or "")


def _taken(call: FollowedCall, event: CallEvent) -> None:
    call.queue, call.agent = str(event.data.get("queue") or ""), str(event.data.get("agent") or "")


def _member(call: FollowedCall, event: CallEvent) -> None:
    call.agent = str(event.data.get("member") or "")


def _tagged(call: FollowedCall, event: CallEvent) -> None:
    call.tag = str(event.data.get("tag") or call.tag)


def _talked(call: FollowedCall, event: CallEvent) -> None:
    call.talk_s += float(event.data.get("talk_s") or 0.0)


_TABLE = {
    Kind.CALL_STARTED: _started,
    Kind.CALL_ATTRIBUTED: _attributed,
    Kind.LEG_STARTED: _leg,
    Kind.QUEUE_JOINED: _queue,
    Kind.QUEUE_ANSWERED: _taken,
    Kind.CALLBACK_BRIDGED: _taken,
    Kind.GROUP_ANSWERED: _member,
    Kind.CALL_TAGGED: _tagged,
    Kind.BRIDGE_ENDED: _talked,
}
FOLLOWED = frozenset(_TABLE)
