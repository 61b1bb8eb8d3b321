"""Follows the calls in the stream of events: turns events into journey rows and ended calls into their records."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from pbx.events import AgentStateChanged, CallEvent, Kind
from pbx.store import schema
from pbx.store.batch import Pending
from pbx.store.call_sources import CALL_SOURCES
from pbx.store.encode import CONTACT_KINDS, KIND_TEXT, clean, json_text, micros, seconds
from pbx.store.fold import CallFold
from pbx.store.intervals.bins import BIN_US
from pbx.store.intervals.marking import stale_bins
from pbx.store.intervals.states import LEFT_OUT, bins_of
from pbx.store.records import Part, QueueVisit, TrunkCall, keyed, row
from pbx.store.schema_intervals import interval_stale

# A call's fold stays in memory for this long after its end, for what is told late (the agent's leg, the recording's
# end).
LINGER_S = 5.0
_STARTED = Kind.CALL_STARTED.value
_BLOCK = Kind.FLOW_BLOCK.value
RUN_CALLS = 32  # ended calls whose records are derived without letting go of the GIL: about 0.3 ms
# An open call that said nothing for so long leaves memory; its next event reads it back from the journey.
FORGET_US = 24 * 3600 * 1_000_000

Reload = Callable[[str], "CallFold | None"]


class Deriver:
    """Used by the writer thread only. `reload` reads the fold of a call that is no longer in memory from the
    database.
    """

    def __init__(self, pending: Pending, *, zone: str, next_seq: int, next_log_seq: int, reload: Reload) -> None:
        self.pending = pending
        self._zone = zone
        self._next_seq = next_seq
        self._next_log_seq = next_log_seq
        self._reload = reload
        self._open: dict[str, CallFold] = {}
        self._ended: OrderedDict[str, tuple[float, CallFold]] = OrderedDict()
        self._agents: dict[str, tuple[str, str]] = {}  # agent -> call and reason of the present state
        self._changed: dict[str, CallFold] = {}
        self._stale: set[int] = set()  # numbers of quarters of an hour whose sums change

    @property
    def open_calls(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._open)

    def take(self, event: CallEvent, now: float) -> None:
        """Adds one event; `now` is monotonic seconds. Ids and leg names are our own, so they are stored as they are."""
        call_id, leg, data = event.call_id, event.leg, event.data
        at_us = int(event.at * 1e6 + 0.5)
        kind = KIND_TEXT.get(event.kind) or str(event.kind)
        seq = self._next_seq
        self._next_seq = seq + 1
        self.pending.add_journey((seq, call_id, at_us, kind, leg, json_text(data) if data else "{}"))
        fold = self._open.get(call_id)
        if fold is None:
            if kind in CONTACT_KINDS:  # the journey of a contact: no call, and so no record of one
                return
            fold = self._find(call_id, kind)
        fold.add(kind, leg, at_us, data)
        if kind == _BLOCK:
            self._stale.add(at_us // BIN_US)
        if fold.ended_us:
            self._changed[call_id] = fold
            if self._open.pop(call_id, None) is not None or call_id not in self._ended:
                self._ended[call_id] = (now, fold)

    def _find(self, call_id: str, kind: str) -> CallFold:
        late = self._ended.get(call_id)
        if late is not None:
            return late[1]
        fold = None if kind == _STARTED else self._reload(call_id)
        if fold is None:
            fold = CallFold(clean(call_id), zone=self._zone)
        if not fold.ended:
            self._open[call_id] = fold
        return fold

    def take_agent(self, event: AgentStateChanged, _now: float) -> None:
        """Keeps the agent's present state, and the interval that ended with the change."""
        agent, since_us = clean(event.agent), micros(event.since)
        # What an earlier process kept of the state that ends is told by the event itself.
        call_id, reason = self._agents.get(agent, ("", clean(event.previous_reason)))
        self._agents[agent] = clean(event.call_id), clean(event.reason)
        if event.previous == "wrapup":  # a break is entered for a reason, wrap-up is left with a code
            reason = clean(event.code)
        if event.previous and event.previous_s > 0:
            started_us = since_us - micros(event.previous_s)
            self.pending.add_agent_log(
                (
                    self._next_log_seq,
                    agent,
                    clean(event.previous),
                    started_us,
                    since_us,
                    seconds(since_us - started_us),
                    reason,
                    call_id or clean(event.call_id),
                )
            )
            self._next_log_seq += 1
            if event.previous != LEFT_OUT:
                self._stale.update(bins_of(started_us, since_us))
        state = (agent, clean(event.state), since_us, clean(event.reason), clean(event.call_id))
        self.pending.put(schema.agent_states.name, (agent,), state)

    def derive(self, now: float, pause: Callable[[], None]) -> None:
        """Puts the records of all calls that changed after their end among the pending rows; forgets what lingered
        enough.
        """
        for count, fold in enumerate(self._changed.values(), 1):
            self._put(fold)
            if count % RUN_CALLS == 0:
                pause()
        if self._changed:
            self._changed.clear()
        while self._ended:
            call_id, (ended, _fold) = next(iter(self._ended.items()))
            if now - ended < LINGER_S:
                break
            del self._ended[call_id]
        for number in self._stale:
            at_us = number * BIN_US
            self.pending.put(interval_stale.name, (at_us,), (at_us,))
        self._stale.clear()

    def _put(self, fold: CallFold) -> None:
        """The records of one call, and where they count."""
        put = self.pending.put
        visits = fold.visit_records()
        cdr = fold.cdr(visits)
        put(schema.cdrs.name, (cdr.id,), row(cdr))
        parts: list[QueueVisit | Part | TrunkCall] = [*visits]
        for visit in visits:
            put(schema.queue_visits.name, (visit.call_id, visit.visit), row(visit))
        if visits or fold.rung is not None:
            for wait in fold.wait_records():
                put(*keyed(wait))
                parts.append(wait)
        if fold.callback is not None:
            put(*keyed(fold.callback))
        if fold.origin is not None:
            source = fold.source_record()
            if source is not None:
                put(CALL_SOURCES, source[:1], source)
        for seizure in fold.trunk_records():
            put(schema.trunk_calls.name, (seizure.call_id, seizure.leg), row(seizure))
            parts.append(seizure)
        self._stale |= stale_bins(cdr, parts)

    def checkpoint(self) -> None:
        """Notes which calls are open and what the next row is: after a crash nothing else has to be looked at."""
        newest_us = max((fold.last_us for fold in self._open.values()), default=0)
        for call_id in [name for name, fold in self._open.items() if fold.last_us < newest_us - FORGET_US]:
            del self._open[call_id]
        value = json_text({"next": self._next_seq, "open": list(self._open)})
        self.pending.put(schema.meta.name, (schema.META_CHECKPOINT,), (schema.META_CHECKPOINT, value))
