"""Tells GA and CRM systems of customers' calls, through the outbox, and notes of each what was told, or why not.

GA's events are put together with the end of the call. Whether a call is a customer's first for a CRM the database
knows, so those wait for it in a list that one task works off; what a dead process did not come to is done by the next,
under the same keys, so that nobody is told twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

import orjson

from pbx.clock import Clock
from pbx.events import Alarm, CallEvent, EventBus, Kind
from pbx.ledger.crm.message import TASK, Missed
from pbx.ledger.ga4 import event as ga
from pbx.ledger.ga4.deliverer import LATE
from pbx.ledger.mark import Mark, State, Why
from pbx.ledger.note import STEPS, CallNote
from pbx.ledger.ports import LedgerStore
from pbx.ledger.targets import GA4_AGE_S, CrmTarget, GaTarget, Targets
from pbx.outbox.entry import Entry
from pbx.outbox.entry import State as Sent
from pbx.outbox.ports import OutboxPort, Verdict

log = logging.getLogger("centrala.ledger")
MISSED = ("abandoned", "missed", "lead")  # kinds of contacts that make a task
ASKED = ("callback", "widget")  # and of those that GA is told of
MAX_BACKLOG = 20_000
MAX_VISITS = 20_000  # calls whose visit is remembered after their end, for what is told later
MAX_MARKS = 50_000
MARKS_S = 1.0
TOLD_AGAIN_S = 900.0  # longer than steps wait for a database that was away
INTERRUPTED = "interrupted"
DIRECTIONS = ("inbound", "outbound")
RETRY_S = 2.0
ALARM = "ledger_lost"
NOT_TOLD = ("blocked", "forbidden", "not_found")  # causes of calls that nobody wants to hear of

Step = Callable[[], Awaitable[None]]


class Telling:
    """`number` gives a number as E.164; `visit` what is known of a visit by
    its id: as CALL_ATTRIBUTED tells it, and `consent`, whether analytics are allowed;
    `tags` what a contact was asked with. All on the loop's thread."""

    def __init__(
        self, targets: Targets, store: LedgerStore, outbox: OutboxPort, bus: EventBus, clock: Clock,
        number: Callable[[str], str], visit: Callable[[str], dict[str, Any] | None] = lambda _id: None,
        tags: Callable[[str], Mapping[str, str]] = lambda _id: {},
    ) -> None:  # fmt: skip
        self.lost = 0
        self.told: dict[tuple[str, str], int] = {}  # (target, state or reason): how often, since the start
        self._targets, self._store, self._outbox, self._bus, self._clock = targets, store, outbox, bus, clock
        self._number, self._visit, self._tags = number, visit, tags
        self._calls: dict[str, CallNote] = {}
        self._visits: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._marks: dict[tuple[str, str, str], Mark] = {}
        self._work: deque[Step] = deque()
        self._wake = asyncio.Event()
        self._halt = asyncio.Event()
        self._losing = False
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._stopping = False

    def start(self) -> None:
        """Listens from now on, and speaks with the targets."""
        self._register()
        self._listen()
        self._task = asyncio.get_running_loop().create_task(self._work_off())

    def follow(self, targets: Targets) -> None:
        """From now on these are told; what waits for others dies of age."""
        for name in self._targets.names - targets.names:
            self._outbox.unregister(name)
        self._targets = targets
        self._register()
        self._listen()

    def _listen(self) -> None:
        """Where nobody is told, calls cost nothing here."""
        if self._unsubscribe or not self._targets:
            return
        listen = self._bus.subscribe
        self._unsubscribe = [
            listen(CallEvent, self._began, (Kind.CALL_STARTED,)),
            listen(CallEvent, self._step, STEPS),
            listen(CallEvent, self._over, (Kind.CALL_ENDED,), ahead=True),
            listen(CallEvent, self._contact, (Kind.CONTACT_OPENED,)),
        ]

    def _register(self) -> None:
        for target in self._targets.ga:
            self._outbox.register(target.name, target.deliverer, max_age_s=GA4_AGE_S, told=self._tried)
        for crm in self._targets.crm:
            self._outbox.register(crm.name, crm.adapter, told=self._tried)

    async def stop(self) -> None:
        """Writes what waits, as far as the database takes it."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        self._stopping = True
        self._halt.set()
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    def replay(self, journeys: Iterable[Iterable[CallEvent]]) -> None:
        """Calls that ended with an earlier process, or shortly before it: what is told already is not told again."""
        found = []
        for journey in journeys:
            note: CallNote | None = None
            for event in journey:
                if event.kind is Kind.CALL_STARTED:
                    note = CallNote(event)
                elif note is not None:
                    note.add(event)
            if note is not None and note.ended_at and note.direction in DIRECTIONS:
                found.append(note)
        since = max((note.ended_at for note in found), default=0.0) - TOLD_AGAIN_S
        for note in sorted(found, key=lambda note: note.ended_at):
            if note.cause == INTERRUPTED or note.ended_at >= since:
                self._tell(note)

    # -- events ---------------------------------------------------------------------------------------------------

    def _began(self, event: CallEvent) -> None:
        if event.data.get("direction") in DIRECTIONS:
            self._calls[event.call_id] = CallNote(event)

    def _step(self, event: CallEvent) -> None:
        note = self._calls.get(event.call_id)
        if note is not None:
            note.add(event)

    def _over(self, event: CallEvent) -> None:
        note = self._calls.pop(event.call_id, None)
        if note is not None:
            note.add(event)
            self._tell(note)

    def _contact(self, event: CallEvent) -> None:
        data = event.data
        kind, at = data.get("contact_kind"), float(data.get("since") or event.at)
        origin = str(data.get("origin_call") or "")
        if kind in ASKED:
            self._asked(event.call_id, self._visit_of(event.call_id, origin), event.at)
        elif kind in MISSED and data.get("number"):
            missed = Missed(
                event.call_id, origin, str(data["number"]), str(data.get("owner") or ""), at,
                float(data.get("promise") or 0.0), str(data.get("reason") or ""),
            )  # fmt: skip
            for crm in self._targets.crm:
                if crm.settings.tasks:
                    for name, body in crm.adapter.of_missed(missed).items():
                        self._do(partial(self._put, crm.name, name, event.call_id, body, origin or event.call_id))

    def _visit_of(self, contact: str, origin: str) -> dict[str, Any]:
        """The visit that a contact was asked in, or that of the call that it came from."""
        named = self._tags(contact).get("visit")
        found = self._visit(named) if named else None
        return found if found is not None else self._visits.get(origin, {})

    # -- what is told ---------------------------------------------------------------------------------------------

    def _tell(self, note: CallNote) -> None:
        if note.test or note.screened or note.cause in NOT_TOLD:
            return
        note.number = self._number(note.heard)
        if note.visit:
            self._visits[note.id] = note.visit
            if len(self._visits) > MAX_VISITS:
                self._visits.popitem(last=False)
        for target in self._targets.ga:
            self._tell_ga(target, note)
        for crm in self._targets.crm:
            self._do(partial(self._tell_crm, crm, note))

    def _tell_ga(self, target: GaTarget, note: CallNote) -> None:
        if note.outbound and not note.visit.get("visit"):
            return
        if note.visit.get("visit") and "consent" not in note.visit:
            known = self._visit(str(note.visit["visit"]))
            note.visit = note.visit | ({"consent": known["consent"]} if known is not None else {})
        why = ga.why_not(note.visit, note.at, self._clock.unix())
        found = ga.of_call(note, target.settings) if target.takes(str(note.visit.get("site") or "")) else {}
        if why is None and not found:
            why = Why.OFF
        if why is not None:
            self._note(note.id, target.name, ga.CALL, State.SKIPPED, why.value)
            return
        for name, body in found.items():
            self._outbox.put_soon(target.name, name, f"{note.id}:{name}", body, call_id=note.id)
            self._note(note.id, target.name, name, State.QUEUED)

    def _asked(self, contact: str, visit: dict[str, Any], at: float) -> None:
        for target in self._targets.ga:
            if not visit or not target.takes(str(visit.get("site") or "")):
                continue
            why = ga.why_not(visit, at, self._clock.unix())
            if why is not None:
                self._note(contact, target.name, ga.CALLBACK, State.SKIPPED, why.value)
                continue
            for name, body in ga.of_callback(visit, contact, at, target.settings).items():
                self._outbox.put_soon(target.name, name, f"{contact}:{name}", body, call_id=contact)
                self._note(contact, target.name, name, State.QUEUED)

    async def _tell_crm(self, crm: CrmTarget, note: CallNote) -> None:
        first = False
        if note.number and crm.settings.leads and not (note.outbound and not note.contact):
            again_s = crm.settings.lead_again_days * 86_400.0
            first = await self._store.first_of(crm.name, note.number, note.id, note.at, again_s)
        found = crm.adapter.of_call(note, first=first)
        if not found:
            self._note(note.id, crm.name, "call", State.SKIPPED, Why.OFF.value)
        for name, body in found.items():
            await self._put(crm.name, name, note.id, body, note.id)

    async def _put(self, target: str, name: str, about: str, body: Any, call_id: str) -> None:
        data = body if isinstance(body, dict) else orjson.dumps(body)
        await self._outbox.put(target, name, f"{about}:{name}", data, call_id=call_id)
        if name != TASK:
            self._note(about, target, name, State.QUEUED)

    def _tried(self, entry: Entry, verdict: Verdict) -> None:
        """The outbox has tried."""
        about, _, name = entry.key.partition(":")
        if verdict is Verdict.OK:
            self._note(about, entry.target, name, State.SENT)
        elif verdict is Verdict.DROP or entry.state is Sent.DEAD:
            reason = Why.LATE.value if entry.error.startswith(LATE) else entry.error
            self._note(about, entry.target, name, State.DEAD, reason)

    # -- notes, and the work --------------------------------------------------------------------------------------

    def _note(self, call_id: str, target: str, event: str, state: State, reason: str = "") -> None:
        counted = (target, reason if state is State.SKIPPED else state.value)
        self.told[counted] = self.told.get(counted, 0) + 1
        if event == TASK:
            return
        if len(self._marks) >= MAX_MARKS:
            self._lose("what was told of calls is not noted: the database takes nothing")
            return
        self._marks[call_id, target, event] = Mark(call_id, target, event, state, reason, self._clock.unix())
        self._wake.set()

    def _do(self, step: Step) -> None:
        if len(self._work) >= MAX_BACKLOG:
            self._lose("CRM systems are not told of calls: the database takes nothing")
            return
        self._work.append(step)
        self._wake.set()

    def _lose(self, why: str) -> None:
        self.lost += 1
        self._losing = True
        self._bus.publish(Alarm(ALARM, f"{why}; {self.lost} were lost since the start", True, self._clock.unix()))

    async def _work_off(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._work or self._marks:
                if not await self._turn() and self._stopping:
                    log.error("%d calls were not told of before the end", len(self._work))
                    return
            if self._stopping:
                return

    async def _turn(self) -> bool:
        """Does what waits; False when the database takes nothing."""
        try:
            while self._work:
                await self._one(self._work[0])
                self._work.popleft()
            if self._marks:
                marks, self._marks = self._marks, {}
                try:
                    await self._store.mark(*marks.values())
                except RuntimeError:
                    self._marks = {**marks, **self._marks}
                    raise
                await self._rest(MARKS_S)  # what is told meanwhile is noted together
        except RuntimeError as error:  # what the store raises
            log.warning("the ledger cannot be written and is tried again: %s", error)
            await self._rest(RETRY_S)
            return False
        if self._losing and not self._work:
            self._losing = False
            text = f"other systems are told of calls again; {self.lost} were lost since the start"
            self._bus.publish(Alarm(ALARM, text, False, self._clock.unix()))
        return True

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._halt.wait()

    async def _one(self, step: Step) -> None:
        try:
            await step()
        except RuntimeError:
            raise
        except Exception:
            log.exception("a call could not be told of")
            self._lose("a call was not told of: an error of the program, see the log")
