"""Feeds the counters and histograms from the event bus: one dictionary look-up and one or two increments per event."""

# ruff: noqa: ARG002 - every handler of an event kind takes the event
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pbx.events import Alarm, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.metrics.cells import Cell, CellFamily
from pbx.metrics.instruments import Instruments
from pbx.store.outcome import Outcome, classify

DEFAULT_THRESHOLDS = (20.0, 5.0)  # T and S in seconds, for a queue that the configuration does not know
MAX_VALUES = 64  # distinct values of a label that code elsewhere makes up; more of them are counted as "other"
MAX_SEIZURES = 20_000
QUALITY_FAULTS = ("mos", "one_way", "dead_air", "clipping")
DIGIT_METHODS = ("rfc4733", "info", "inband")
EXITS = ("timeout", "full", "no_agents", "key", "shutdown", "overflow")
UNACCEPTED = ("no_answer", "busy", "rejected", "unreachable", "lost")


class EventMetrics:
    """Subscribes on construction. `thresholds`: queue -> (service level threshold, short abandon limit) in seconds."""

    def __init__(
        self,
        bus: EventBus,
        instruments: Instruments,
        thresholds: Mapping[str, tuple[float, float]],
        trunks: Iterable[str] = (),
    ) -> None:
        self._in = instruments
        self._active = instruments.calls_active.one
        self._setup = instruments.call_setup.one
        self._leg_mos = instruments.leg_mos.one
        self._duration = instruments.call_duration.one
        self._thresholds = dict(thresholds)
        self._times: dict[str, _Call] = {}
        self._seizures: dict[tuple[str, str], _Seizure] = {}
        self._contacts: set[tuple[str, str]] = set()
        self._queues: dict[str, _Queue] = {}
        self._calls = _Children(instruments.calls)
        self._answered = _Children(instruments.calls_answered)
        self._causes = _Children(instruments.calls_ended)
        self._methods = _Children(instruments.digits)
        self._secured = {method: instruments.media_secured.child(method) for method in ("sdes", "dtls")}
        self._alarms: dict[str, bool] = {}
        self._show_zeros(thresholds, trunks)
        for kind, handler in _HANDLERS.items():
            bus.subscribe(CallEvent, handler.__get__(self), (kind,))
        bus.subscribe(RegistrationChanged, self._registration)
        bus.subscribe(Alarm, self._alarm)

    def configure(self, thresholds: Mapping[str, tuple[float, float]], trunks: Iterable[str]) -> None:
        """Queues and trunks are others now: the series of new ones begin with 0; those of what is gone stay as they
        are until the next start, since a counter must not go back."""
        self._thresholds = dict(thresholds)
        for name, queue in self._queues.items():
            queue.limits = self._thresholds.get(name, queue.limits)
        self._show_zeros(thresholds, trunks)

    def _show_zeros(self, queues: Iterable[str], trunks: Iterable[str]) -> None:
        """Makes the series that are sure to come: Prometheus sees no increase in one that appears with its first 1."""
        for name in queues:
            self._queue(name)
        for method in DIGIT_METHODS:
            self._methods.get(method)
        for fault in QUALITY_FAULTS:
            self._in.quality_faults.child(fault)
        for trunk in trunks:
            self._in.trunk_seizures.child(trunk)
            self._in.trunk_pdd.child(trunk)
            self._in.trunk_billed.child(trunk)
            for outcome in Outcome:
                self._in.trunk_calls.child(trunk, outcome.value)

    def _call_started(self, event: CallEvent) -> None:
        call = self._times[event.call_id] = _Call(event.at, event.data.get("direction"))
        self._calls.get(call.direction).value += 1
        self._active.value += 1

    def _call_answered(self, event: CallEvent) -> None:
        call = self._times.get(event.call_id)
        if call is not None and not call.answered_at:
            call.answered_at = event.at
            self._setup.observe(event.at - call.started_at)
            self._answered.get(call.direction).value += 1

    def _call_ended(self, event: CallEvent) -> None:
        call = self._times.pop(event.call_id, None)
        if call is not None:
            self._active.value -= 1
            self._causes.get(event.data.get("cause")).value += 1
            if call.answered_at:
                self._duration.observe(event.at - call.answered_at)

    def _leg_started(self, event: CallEvent) -> None:
        trunk = event.data.get("trunk")
        if trunk and not event.data.get("moved"):
            self._in.trunk_seizures.child(trunk).value += 1
            if len(self._seizures) >= MAX_SEIZURES:  # legs whose end never came: the oldest goes
                del self._seizures[next(iter(self._seizures))]
            self._seizures[event.call_id, event.leg] = _Seizure(str(trunk), event.at)

    def _leg_ringing(self, event: CallEvent) -> None:
        if self._seizures:
            seizure = self._seizures.get((event.call_id, event.leg))
            if seizure is not None and not seizure.rang:
                seizure.rang = True
                self._reached(seizure, event.at)

    def _leg_answered(self, event: CallEvent) -> None:
        if self._seizures:
            seizure = self._seizures.get((event.call_id, event.leg))
            if seizure is not None and not seizure.answered_at:
                seizure.answered_at = event.at
                self._reached(seizure, event.at)

    def _trunk_failed(self, event: CallEvent) -> None:
        """The leg goes on by another trunk: one seizure ends, another begins."""
        seizure = self._seizures.pop((event.call_id, event.leg), None)
        if seizure is None:
            return
        outcome = classify(int(event.data.get("sip_status") or 0), answered=False, rang=seizure.rang)
        self._in.trunk_calls.child(seizure.trunk, outcome.value).value += 1
        following = str(event.data.get("next_trunk"))
        self._in.trunk_seizures.child(following).value += 1
        self._seizures[event.call_id, event.leg] = _Seizure(following, event.at)

    def _trunk_continued(self, event: CallEvent) -> None:
        """A far end that was called before goes on in this leg: its time is billed, a seizure it is not."""
        if (event.call_id, event.leg) in self._seizures:
            self._leg_ended(CallEvent(Kind.LEG_ENDED, event.call_id, event.leg, event.at, {"sip_status": 200}))
        if len(self._seizures) < MAX_SEIZURES:
            seizure = self._seizures[event.call_id, event.leg] = _Seizure(str(event.data.get("trunk")), event.at)
            seizure.answered_at = event.at
            seizure.continued = seizure.reached = True

    def _reached(self, seizure: _Seizure, at: float) -> None:
        if not seizure.reached:
            seizure.reached = True
            self._in.trunk_pdd.child(seizure.trunk).observe(at - seizure.started_at)

    def _leg_ended(self, event: CallEvent) -> None:
        mos = event.data.get("mos")
        if mos:
            self._leg_mos.observe(mos)
        seizure = self._seizures.pop((event.call_id, event.leg), None) if self._seizures else None
        if seizure is None:
            return
        status = event.data.get("sip_status")
        outcome = classify(
            status if isinstance(status, int) else 0, answered=bool(seizure.answered_at), rang=seizure.rang
        )
        if not seizure.continued:
            self._in.trunk_calls.child(seizure.trunk, outcome.value).value += 1
        if seizure.answered_at:
            self._in.trunk_billed.child(seizure.trunk).value += max(event.at - seizure.answered_at, 0.0)

    def _queue(self, name: str) -> _Queue:
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = _Queue(self._in, name, self._thresholds.get(name, DEFAULT_THRESHOLDS))
        return queue

    def _queue_joined(self, event: CallEvent) -> None:
        name = event.data["queue"]
        self._queue(name).offered.value += 1
        call = self._times.get(event.call_id)
        if call is not None:
            call.queue = name

    def _queue_offered(self, event: CallEvent) -> None:
        queue = self._queue(event.data["queue"])
        queue.offers.value += 1
        queue.choices.get(event.data.get("by")).value += 1

    def _queue_relaxed(self, event: CallEvent) -> None:
        self._queue(event.data["queue"]).relaxations.value += 1

    def _queue_overflowed(self, event: CallEvent) -> None:
        self._queue(event.data["queue"]).overflows.get(event.data.get("to")).value += 1

    def _queue_offer_ended(self, event: CallEvent) -> None:
        self._queue(event.data["queue"]).unaccepted.get(event.data.get("reason")).value += 1

    def _queue_answered(self, event: CallEvent) -> None:
        self._queue(event.data["queue"]).answered(float(event.data.get("wait_s") or 0.0))

    def _queue_abandoned(self, event: CallEvent) -> None:
        self._queue(event.data["queue"]).abandoned(float(event.data.get("wait_s") or 0.0))

    def _queue_left(self, event: CallEvent) -> None:
        queue = self._queue(event.data["queue"])
        queue.outcomes.get(event.data.get("reason")).value += 1
        call = self._times.get(event.call_id)
        if call is not None and call.queue != event.data["queue"]:  # turned away at the door: offered all the same
            queue.offered.value += 1

    def _digit(self, event: CallEvent) -> None:
        self._methods.get(event.data.get("method")).value += 1

    def _media_secured(self, event: CallEvent) -> None:
        self._secured[event.data["method"]].value += 1

    def _media_timeout(self, event: CallEvent) -> None:
        self._in.media_timeouts.one.value += 1

    def _quality_bad(self, event: CallEvent) -> None:
        for fault in event.data.get("faults", ()):
            self._in.quality_faults.child(str(fault)).value += 1

    def _registration(self, event: RegistrationChanged) -> None:
        change = self._contacts.add if event.registered else self._contacts.discard
        change((event.extension, event.contact))
        self._in.registrations.one.value = len(self._contacts)
        if event.reason:
            self._in.registrations_lost.child(event.reason).value += 1

    def _alarm(self, event: Alarm) -> None:
        raised = self._in.alarms.child(event.name)
        if event.active and not self._alarms.get(event.name):
            raised.value += 1
        self._alarms[event.name] = event.active
        self._in.alarm_active.child(event.name).value = 1 if event.active else 0


_HANDLERS: dict[Kind, Callable[[EventMetrics, CallEvent], None]] = {
    Kind.CALL_STARTED: EventMetrics._call_started,
    Kind.CALL_ANSWERED: EventMetrics._call_answered,
    Kind.CALL_ENDED: EventMetrics._call_ended,
    Kind.TRUNK_FAILED: EventMetrics._trunk_failed,
    Kind.TRUNK_CONTINUED: EventMetrics._trunk_continued,
    Kind.LEG_STARTED: EventMetrics._leg_started,
    Kind.LEG_RINGING: EventMetrics._leg_ringing,
    Kind.LEG_ANSWERED: EventMetrics._leg_answered,
    Kind.LEG_ENDED: EventMetrics._leg_ended,
    Kind.QUEUE_JOINED: EventMetrics._queue_joined,
    Kind.QUEUE_OFFERED: EventMetrics._queue_offered,
    Kind.QUEUE_RELAXED: EventMetrics._queue_relaxed,
    Kind.QUEUE_OVERFLOWED: EventMetrics._queue_overflowed,
    Kind.QUEUE_OFFER_ENDED: EventMetrics._queue_offer_ended,
    Kind.QUEUE_ANSWERED: EventMetrics._queue_answered,
    Kind.QUEUE_ABANDONED: EventMetrics._queue_abandoned,
    Kind.QUEUE_LEFT: EventMetrics._queue_left,
    Kind.DIGIT: EventMetrics._digit,
    Kind.MEDIA_TIMEOUT: EventMetrics._media_timeout,
    Kind.MEDIA_SECURED: EventMetrics._media_secured,
    Kind.QUALITY_BAD: EventMetrics._quality_bad,
}


class _Call:
    """What a running call is measured by."""

    __slots__ = ("answered_at", "direction", "queue", "started_at")

    def __init__(self, started_at: float, direction: object) -> None:
        self.started_at = started_at
        self.direction = direction
        self.answered_at = 0.0
        self.queue = ""  # the last one that was joined


class _Seizure:
    """An outgoing leg on a trunk until its end."""

    __slots__ = ("answered_at", "continued", "rang", "reached", "started_at", "trunk")

    def __init__(self, trunk: str, started_at: float) -> None:
        self.trunk = trunk
        self.started_at = started_at
        self.answered_at = 0.0
        self.rang = False
        self.reached = False
        self.continued = False  # the far end came from another leg: no seizure


class _Children:
    """The children of a metric by the value of its last label; the number of values is bounded."""

    __slots__ = ("_children", "_family", "_first")

    def __init__(self, family: CellFamily, *first: str) -> None:
        self._family = family
        self._first = first
        self._children: dict[object, Cell] = {}

    def get(self, value: object) -> Cell:
        cell = self._children.get(value)
        if cell is None:
            text = str(value) if value and len(self._children) < MAX_VALUES else "other"
            cell = self._family.child(*self._first, text)
            if len(self._children) < MAX_VALUES:
                self._children[value] = cell
        return cell


class _Queue:
    """The cached children of one queue."""

    __slots__ = (
        *("_ab", "_ab_short", "_ab_t", "_ab_wait", "_ans", "_ans_t", "_ans_wait", "limits"),
        *("choices", "offered", "offers", "outcomes", "overflows", "relaxations", "unaccepted"),
    )

    def __init__(self, to: Instruments, name: str, thresholds: tuple[float, float]) -> None:
        self.limits = thresholds  # seconds: of the service level, of short abandons
        self.offered = to.queue_offered.child(name)
        self.offers = to.queue_offers.child(name)
        self.choices = _Children(to.queue_choices, name)
        self.relaxations = to.queue_relaxations.child(name)
        self.overflows = _Children(to.queue_overflows, name)
        self.outcomes = _Children(to.queue_calls, name)
        self.unaccepted = _Children(to.queue_unaccepted, name)
        self._ans = self.outcomes.get("answered")
        self._ab = self.outcomes.get("abandoned")
        for reason in EXITS:
            self.outcomes.get(reason)
        for reason in UNACCEPTED:
            self.unaccepted.get(reason)
        self._ans_t = to.queue_in_time.child(name, "answered")
        self._ab_t = to.queue_in_time.child(name, "abandoned")
        self._ab_short = to.queue_short.child(name)
        self._ans_wait = to.queue_wait.child(name, "answered")
        self._ab_wait = to.queue_wait.child(name, "abandoned")

    def answered(self, wait_s: float) -> None:
        self._ans.value += 1
        self._ans_wait.observe(wait_s)
        if wait_s <= self.limits[0]:
            self._ans_t.value += 1

    def abandoned(self, wait_s: float) -> None:
        self._ab.value += 1
        self._ab_wait.observe(wait_s)
        if wait_s <= self.limits[0]:
            self._ab_t.value += 1
        if wait_s <= self.limits[1]:
            self._ab_short.value += 1
