"""What a call's journey tells about a customer who wanted to speak with somebody: served, missed, or neither.

A fold like the one that makes CDRs: it takes live events and journeys that are read back alike, so that a call which
a crash cut off is judged as every other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pbx.events import CallEvent, Kind

OFF_HOURS = ("closed", "holiday")  # exits of a flow's block of hours
ANSWERED_BY_NOBODY = ("callback",)  # reasons to leave a queue after which the customer is in other hands already

OVERFLOW = "overflow"  # an agent of a queue that helps has answered


class CallFacts:
    """One call. `add` takes its events in order; instants are UTC seconds."""

    # What a call has not told yet; as attributes of the class they cost a plain call nothing.
    application = ""  # the last one
    off_hours = ""  # "closed" or "holiday"
    number = ""  # of the customer, as the book writes it; set by who keeps the facts
    queue = ""  # that the caller is in, or that he left unserved
    joined = 0.0
    wait_s = 0.0
    missed = ""  # "abandoned", or why a queue or group gave the caller back; "" since somebody spoke with him
    group = ""
    rang = ""  # an extension or number that was rung
    screened = handled = False
    served_at = bridged_at = 0.0  # the last bridge began; since when it runs
    talk_s = 0.0
    cause = ended_by = ""
    ended = 0.0

    def __init__(self, started: CallEvent) -> None:
        data = self.data = started.data
        self.call_id = started.call_id
        self.at = started.at
        self.direction: str = data.get("direction") or ""
        self.caller: str = data.get("caller") or ""
        self.withheld = bool(data.get("withheld"))
        self.wanted: str = data.get("off_hours") or ""  # where the number leads within its hours
        if self.wanted:
            self.off_hours = "closed"

    @property
    def callee(self) -> str:
        return self.data.get("callee") or ""

    @property
    def contact(self) -> str:
        """The item that the call was placed for: whoever placed it tells the outcome."""
        return self.data.get("contact") or ""

    @property
    def served(self) -> bool:
        """Somebody spoke with the customer."""
        return self.served_at > 0.0

    def add(self, event: CallEvent) -> None:
        """Takes the next event; kinds that tell nothing are passed over."""
        handler = _HANDLERS.get(event.kind)
        if handler is not None:
            handler(self, event.data, event.at)

    def _routed(self, data: dict[str, Any], _at: float) -> None:
        self.application = data.get("application") or ""

    def _flow_block(self, data: dict[str, Any], _at: float) -> None:
        if data.get("exit") in OFF_HOURS:
            self.off_hours = str(data["exit"])

    def _screened(self, _data: dict[str, Any], _at: float) -> None:
        self.screened = True

    def _test_call(self, _data: dict[str, Any], _at: float) -> None:
        self.handled = True  # by whoever tests: no customer waits

    def _leg_started(self, data: dict[str, Any], _at: float) -> None:
        if data.get("role") == "callee" and not self.rang:
            self.rang = str(data.get("target") or "")

    def _joined(self, data: dict[str, Any], at: float) -> None:
        if data.get("overflowed_from"):
            return  # an agent of another queue helps: the customer is still the one of his own queue
        self.queue, self.joined = str(data.get("queue") or ""), at
        self.missed = "interrupted"  # should nothing more be heard of it

    def _abandoned(self, data: dict[str, Any], at: float) -> None:
        self._unserved(data, at, "abandoned")

    def _left(self, data: dict[str, Any], at: float) -> None:
        reason = str(data.get("reason") or "left")
        if reason == OVERFLOW:
            return  # answered in this moment
        self._unserved(data, at, reason)
        if reason in ANSWERED_BY_NOBODY:
            self.missed, self.handled = "", True

    def _unserved(self, data: dict[str, Any], at: float, reason: str) -> None:
        self.queue = str(data.get("queue") or self.queue)
        self.wait_s = float(data.get("wait_s") or 0.0)
        self.joined = self.joined or at
        self.missed = reason

    def _group_rang(self, data: dict[str, Any], _at: float) -> None:
        self.group = str(data.get("group") or "")

    def _group_unanswered(self, data: dict[str, Any], _at: float) -> None:
        self.group = str(data.get("group") or "")
        self.missed = str(data.get("reason") or "no_answer")

    def _voicemail(self, data: dict[str, Any], _at: float) -> None:
        """A message in a box of a queue is an item of its own (pbx.voicemail)."""
        self.handled = self.handled or (data.get("outcome") == "recorded" and bool(data.get("queue")))

    def _bridge_started(self, _data: dict[str, Any], at: float) -> None:
        self.missed = ""
        self.served_at = at
        self.bridged_at = self.bridged_at or at

    def _bridge_ended(self, data: dict[str, Any], at: float) -> None:
        told = data.get("talk_s")
        self.talk_s += float(told) if told is not None else max(at - self.bridged_at, 0.0)
        self.bridged_at = 0.0

    def _ended(self, data: dict[str, Any], at: float) -> None:
        self.cause = str(data.get("cause") or "")
        self.ended_by = str(data.get("ended_by") or "")
        self.ended = at
        if self.bridged_at:
            self.talk_s += max(at - self.bridged_at, 0.0)
            self.bridged_at = 0.0


_HANDLERS: dict[str, Callable[[CallFacts, dict[str, Any], float], None]] = {
    Kind.CALL_ROUTED: CallFacts._routed,
    Kind.FLOW_BLOCK: CallFacts._flow_block,
    Kind.SCREENED: CallFacts._screened,
    Kind.LEG_STARTED: CallFacts._leg_started,
    Kind.QUEUE_JOINED: CallFacts._joined,
    Kind.QUEUE_ABANDONED: CallFacts._abandoned,
    Kind.QUEUE_LEFT: CallFacts._left,
    Kind.GROUP_RANG: CallFacts._group_rang,
    Kind.GROUP_UNANSWERED: CallFacts._group_unanswered,
    Kind.TEST_CALL: CallFacts._test_call,
    Kind.VOICEMAIL_RECORDED: CallFacts._voicemail,
    Kind.BRIDGE_STARTED: CallFacts._bridge_started,
    Kind.BRIDGE_ENDED: CallFacts._bridge_ended,
    Kind.CALL_ENDED: CallFacts._ended,
}
# What is told between the beginning and the end of a call, bridges apart.
STEPS = tuple(Kind(kind) for kind in _HANDLERS if kind not in (Kind.BRIDGE_STARTED, Kind.CALL_ENDED))
