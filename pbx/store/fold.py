"""Folds the journey of one call, event by event, into its CDR, its queue visits and its trunk seizures.

The same code runs on live events and on rows read back, so a CDR can be derived again at any time. It accepts events
in any state: an end without a beginning or a beginning without an end yields the best record there is, never an
error.
"""

# ruff: noqa: ARG002 - every handler of an event kind takes the same arguments
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pbx.events import Kind
from pbx.store.bulk import Row
from pbx.store.call_sources import source_row
from pbx.store.calling_back import CALLING_BACK
from pbx.store.encode import clean, number, seconds
from pbx.store.records import Cdr, QueueVisit, TrunkCall
from pbx.store.talks import Talks
from pbx.store.visits import Seizure, Visit

Data = dict[str, Any]

# What CALL_STARTED tells beyond its PLAIN fields of every call, when there is something to tell.
PLAIN = 6
NUMBER = ("tag", "campaign", "medium", "caller_country", "caller_region", "caller_type")


class CallFold(Talks):
    """The state of one call; `add` takes its events in order, the three `..._records` may be read after any of them."""

    __slots__ = (
        "answered_us",
        "application",
        "call_id",
        "callee",
        "caller",
        "cause",
        "contact",
        "cost",
        "did",
        "direction",
        "ended_by",
        "ended_us",
        "forwarded_to",
        "jitter_ms",
        "last_us",
        "legs",
        "lost_packets",
        "mos",
        "number",
        "origin",
        "recording",
        "recording_s",
        "rx_packets",
        "seizures",
        "setup_s",
        "sip_status",
        "source",
        "started_us",
        "test",
        "tries",
        "trunk",
        "zone",
    )

    def __init__(self, call_id: str, *, zone: str = "UTC") -> None:
        self.callback = None
        self.rung = None
        self.call_id = call_id
        self.zone = zone
        self.started_us = self.answered_us = self.ended_us = self.last_us = 0
        self.direction = self.caller = self.callee = self.did = self.trunk = self.source = ""
        self.application = self.forwarded_to = self.agent = self.contact = self.test = ""
        self.cause = self.ended_by = self.recording = ""
        self.sip_status = self.legs = self.tries = self.rx_packets = self.lost_packets = 0
        self.setup_s: float | None = None
        self.mos: float | None = None
        self.recording_s = self.jitter_ms = self.cost = 0.0
        self.origin: Data | None = None  # what CALL_ATTRIBUTED said
        self.number: dict[str, str] = {}  # the columns of NUMBER that CALL_STARTED told
        self.bridges: dict[tuple[str, str], int] = {}
        self.bridged_us = self.first_bridge_us = 0
        self.held_legs: set[str] = set()
        self.held_since_us = self.held_us = 0
        self.held_by, self.parted = "", None
        self.visits: list[Visit] = []
        self.seizures: dict[str, Seizure] = {}

    @property
    def ended(self) -> bool:
        """CALL_ENDED has come; later events may still refine the record."""
        return self.ended_us != 0

    def add(self, kind: str, leg: str, at_us: int, data: Data) -> None:
        """Takes the next event; a kind that says nothing about the record is only a sign of life."""
        if not self.started_us:
            self.started_us = at_us
        if at_us > self.last_us:
            self.last_us = at_us
        handler = _HANDLERS.get(kind)
        if handler is not None:
            handler(self, leg, at_us, data)

    def cdr(self, visits: Sequence[QueueVisit] | None = None) -> Cdr:
        """The call's record as far as it is known; a call without an end ends at its last event.

        `visits` are the fold's own `visit_records`, for a caller who needs them as well.
        """
        ended_us = max(self.ended_us or self.last_us, self.started_us)
        bridged_us, held_us = self._bridged(ended_us), self._held(ended_us)
        last = self.visits[-1] if self.visits else None
        if visits is None:
            visits = self.visit_records()
        billed_us = max(ended_us - self.answered_us, 0) if self.answered_us else 0
        record = Cdr(  # in the order of its fields: by name it costs three times as much
            self.call_id,
            self.started_us,
            self.answered_us or None,
            ended_us,
            self.zone,
            self.direction,
            self.caller,
            self.callee,
            self.did,
            self.trunk,
            self.source,
            self.application,
            self.forwarded_to,
            last.queue if last else "",
            self.agent,
            sum(visit.wait_s for visit in visits) if visits else 0.0,
            seconds(max(bridged_us - held_us, 0)),
            seconds(held_us),
            seconds(ended_us - self.started_us),
            seconds(billed_us),
            self._setup(),
            self.cause,
            self.sip_status,
            self.ended_by,
            bool(visits) and visits[-1].outcome == "abandoned",
            self.recording,
            self.recording_s,
            self.legs,
            self.rx_packets,
            self.lost_packets,
            self.jitter_ms,
        )
        record.cost, record.contact, record.test = self.cost, self.contact, self.test
        record.bridged_us, record.mos = self.first_bridge_us or None, self.mos
        for name, value in self.number.items():
            setattr(record, name, value)
        return record

    def visit_records(self) -> list[QueueVisit]:
        """One record per stay in a queue. A stay that nobody ended was left by whoever ended the call."""
        if not self.visits or self.test:
            return []
        ended_us = self.ended_us or self.last_us
        open_end = "abandoned" if self.ended_by == "caller" else (self.cause or "ended")
        records = []
        for count, visit in enumerate(self.visits, 1):
            open_bridge_us, open_hold_us = self._open_of(visit, ended_us) if count == len(self.visits) else (0, 0)
            records.append(
                visit.record(
                    self.call_id,
                    count,
                    call_end_us=ended_us,
                    open_end=open_end,
                    open_bridge_us=open_bridge_us,
                    open_hold_us=open_hold_us,
                    contact=self.contact,
                )
            )
        return records

    def trunk_records(self) -> list[TrunkCall]:
        """One record per seizure of a trunk."""
        if not self.seizures:
            return []
        call_end_us = self.ended_us or self.last_us
        return [seizure.record(self.call_id, leg, call_end_us) for leg, seizure in self.seizures.items()]

    def source_record(self) -> Row | None:
        """Where the call comes from; None for one that nobody was asked about, and for a test."""
        return None if self.origin is None or self.test else source_row(self.call_id, self.origin)

    def _setup(self) -> float | None:
        if self.setup_s is None and self.answered_us:
            return seconds(max(self.answered_us - self.started_us, 0))
        return self.setup_s

    # One method per kind of event, in the order in which a call meets them.

    def _call_started(self, leg: str, at_us: int, data: Data) -> None:
        self.started_us = at_us
        self.direction = clean(data.get("direction"))
        self.caller = clean(data.get("caller"))
        self.callee = clean(data.get("callee"))
        self.did = clean(data.get("did"))
        self.trunk = clean(data.get("trunk"))
        self.source = clean(data.get("source"))
        if len(data) > PLAIN:
            self.number = {name: clean(data[name]) for name in NUMBER if name in data}
            self.contact = clean(data.get("contact"))

    def _call_routed(self, leg: str, at_us: int, data: Data) -> None:
        if not self.application:
            self.application = clean(data.get("application"))

    def _call_answered(self, leg: str, at_us: int, data: Data) -> None:
        if not self.answered_us:
            self.answered_us = at_us

    def _call_ended(self, leg: str, at_us: int, data: Data) -> None:
        self.ended_us = at_us
        self.cause = clean(data.get("cause"))
        self.sip_status = int(number(data.get("sip_status")))
        self.ended_by = clean(data.get("ended_by"))
        if data.get("setup_s") is not None and self.answered_us:
            self.setup_s = number(data["setup_s"])

    def _forwarded(self, leg: str, at_us: int, data: Data) -> None:
        self.forwarded_to = clean(data.get("to"))

    def _call_attributed(self, leg: str, at_us: int, data: Data) -> None:
        self.origin = data

    def _test_call(self, leg: str, at_us: int, data: Data) -> None:
        self.test = clean(data.get("test"))

    def _leg_started(self, leg: str, at_us: int, data: Data) -> None:
        self.legs += 1
        trunk = clean(data.get("trunk"))
        if trunk and not data.get("moved"):  # an inbound caller's leg is never started by us
            self.seizures[leg] = Seizure(trunk, clean(data.get("target")), at_us)

    def _leg_ringing(self, leg: str, at_us: int, data: Data) -> None:
        seizure = self.seizures.get(leg)
        if seizure is not None and not seizure.ringing_us:
            seizure.ringing_us = at_us

    def _leg_answered(self, leg: str, at_us: int, data: Data) -> None:
        seizure = self.seizures.get(leg)
        if seizure is not None and not seizure.answered_us:
            seizure.answered_us = at_us
        if self.rung is not None:
            self._callback_taken(leg, at_us)

    def _leg_ended(self, leg: str, at_us: int, data: Data) -> None:
        self._release_hold(leg, at_us)
        if leg == "a":
            self.rx_packets = int(number(data.get("rx_packets")))
            self.lost_packets = int(number(data.get("lost_packets")))
            self.jitter_ms = number(data.get("jitter_ms"))
            self.mos = number(data.get("mos")) or None
        if (seizure := self.seizures.get(leg)) is not None:
            seizure.end(at_us, int(number(data.get("sip_status"))), number(data.get("mos")))

    def _trunk_failed(self, leg: str, at_us: int, data: Data) -> None:
        """The leg goes on by another trunk: what it was so far is a seizure of its own, "b1.1", "b1.2"..."""
        seizure = self.seizures.pop(leg, None)
        if seizure is None:
            return
        seizure.ended_us = at_us
        seizure.sip_status = int(number(data.get("sip_status")))
        self.tries += 1
        self.seizures[f"{leg}.{self.tries}"] = seizure
        self.seizures[leg] = Seizure(clean(data.get("next_trunk")), seizure.target, at_us)

    def _trunk_continued(self, leg: str, at_us: int, data: Data) -> None:
        """A far end that was called before goes on in this leg: no seizure, but its time and cost count."""
        former = self.seizures.pop(leg, None)
        if former is not None:
            former.ended_us = former.ended_us or at_us
            self.tries += 1
            self.seizures[f"{leg}.{self.tries}"] = former
        seizure = self.seizures[leg] = Seizure(clean(data.get("trunk")), clean(data.get("target")), at_us)
        seizure.answered_us = at_us
        seizure.continued = True

    def _leg_charged(self, leg: str, at_us: int, data: Data) -> None:
        charged = number(data.get("cost"))
        self.cost += charged
        seizure = self.seizures.get(leg)
        if seizure is not None:
            seizure.cost += charged

    def _recording_started(self, leg: str, at_us: int, data: Data) -> None:
        self.recording = clean(data.get("path"))

    def _recording_ended(self, leg: str, at_us: int, data: Data) -> None:
        self.recording_s += number(data.get("duration_s"))
        self.recording = clean(data.get("path")) or self.recording  # a conversion has changed the name

    def _recording_deleted(self, leg: str, at_us: int, data: Data) -> None:
        if clean(data.get("path")) == self.recording:
            self.recording = ""


# Plain texts are found faster than members of an enumeration.
_HANDLERS: dict[str, Callable[[CallFold, str, int, Data], None]] = {
    Kind.CALL_STARTED.value: CallFold._call_started,
    Kind.CALL_ROUTED.value: CallFold._call_routed,
    Kind.CALL_ANSWERED.value: CallFold._call_answered,
    Kind.CALL_ENDED.value: CallFold._call_ended,
    Kind.FORWARDED.value: CallFold._forwarded,
    Kind.TEST_CALL.value: CallFold._test_call,
    Kind.CALL_ATTRIBUTED.value: CallFold._call_attributed,
    Kind.LEG_STARTED.value: CallFold._leg_started,
    Kind.LEG_RINGING.value: CallFold._leg_ringing,
    Kind.LEG_ANSWERED.value: CallFold._leg_answered,
    Kind.LEG_ENDED.value: CallFold._leg_ended,
    Kind.TRUNK_FAILED.value: CallFold._trunk_failed,
    Kind.TRUNK_CONTINUED.value: CallFold._trunk_continued,
    Kind.LEG_CHARGED.value: CallFold._leg_charged,
    Kind.BRIDGE_STARTED.value: CallFold._bridge_started,
    Kind.BRIDGE_ENDED.value: CallFold._bridge_ended,
    Kind.HOLD_STARTED.value: CallFold._hold_started,
    Kind.HOLD_ENDED.value: CallFold._hold_ended,
    Kind.QUEUE_JOINED.value: CallFold._queue_joined,
    Kind.QUEUE_OFFERED.value: CallFold._queue_offered,
    Kind.QUEUE_OFFER_ENDED.value: CallFold._queue_offer_ended,
    Kind.QUEUE_ANNOUNCED.value: CallFold._queue_announced,
    Kind.QUEUE_ANSWERED.value: CallFold._queue_answered,
    Kind.QUEUE_ABANDONED.value: CallFold._queue_abandoned,
    Kind.QUEUE_LEFT.value: CallFold._queue_left,
    **CALLING_BACK,
    Kind.WRAPUP_NOTED.value: CallFold._wrapup_noted,
    Kind.WRAPUP_ENDED.value: CallFold._wrapup_ended,
    Kind.RECORDING_STARTED.value: CallFold._recording_started,
    Kind.RECORDING_ENDED.value: CallFold._recording_ended,
    Kind.RECORDING_DELETED.value: CallFold._recording_deleted,
}
