"""Follows the calls: one that nobody served becomes an item, a talk with the customer, in either direction, ends it.

The calls of phones and trunks cost a look into a table; only those of customers are followed. What is to be written
goes into a list that one task works off, several numbers at a time and each number in order: a call never waits for
the database. What the database refuses is tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from pbx.config import Config
from pbx.contact.book import ContactBook, ContactError
from pbx.contact.facts import STEPS, CallFacts
from pbx.contact.item import Attempt, ContactItem, End, OpenRequest, WrongState
from pbx.contact.rules import Rules
from pbx.events import Alarm, CallEvent, EventBus, Kind

log = logging.getLogger("centrala.contact")

BATCH = 64  # steps that go to the database together
MAX_BACKLOG = 20_000  # steps that wait while it takes nothing; more are lost, and counted
RETRY_S = 2.0
JUDGED_AGAIN_S = 900.0  # longer than steps wait for a database that was away
INTERRUPTED = "interrupted"
ALARM = "contacts_lost"

Step = Callable[[], Awaitable[None]]
_OUTCOMES = {"no_answer": "no_answer", "busy": "busy", "cancelled": "no_answer", "unavailable": "no_answer"}


class MissedContacts:
    """`numbers` gives, for what an extension dialled, the numbers that it may mean."""

    def __init__(
        self, config: Config, bus: EventBus, book: ContactBook, numbers: Callable[[str], Iterable[str]] = lambda n: (n,)
    ) -> None:
        self.lost = 0  # steps that could not be kept
        self._losing = False
        self._settings = config.contacts
        self._bus = bus
        self._book = book
        self._numbers = numbers
        self._rules = Rules(config)
        self._calls: dict[str, CallFacts] = {}
        self._lines: dict[str, int] = {}  # numbers we are on a call with, or are being called by
        self._work: deque[tuple[str, Step]] = deque()
        self._queued: dict[str, int] = {}  # steps of each number that wait or are under way
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._stopping = False

    def configure(self, config: Config) -> None:
        """From now on as `config` says, for calls that run as well."""
        self._settings = config.contacts
        self._rules.configure(config)

    def ask_flows(self, queue_of: Callable[[str], str]) -> None:
        """`queue_of` tells from now on which queue a flow leads to ("" for none): that may change while we run."""
        self._rules.flow_queue = queue_of

    def start(self) -> None:
        """Listens from now on, to calls that begin from now on."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work_off())
        listen = self._bus.subscribe
        self._unsubscribe = [
            listen(CallEvent, self._started, (Kind.CALL_STARTED,)),
            listen(CallEvent, self._step, STEPS),
            listen(CallEvent, self._bridged, (Kind.BRIDGE_STARTED,)),
            listen(CallEvent, self._over, (Kind.CALL_ENDED,)),
        ]
        self._book.on_line = self.on_line

    def rest(self) -> None:
        """Follows no call any more, until `start`; what was to be written is written."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        self._calls.clear()
        self._lines.clear()

    async def stop(self) -> None:
        """Writes what waits, as far as the database takes it."""
        self.rest()
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    async def caught_up(self, timeout_s: float) -> bool:
        """Whether all that was to be written is written, within `timeout_s`."""
        if not self._queued:
            return True
        self._idle.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def on_line(self, number: str) -> bool:
        """Whether a call with this number runs: nobody should dial it now."""
        return self._book.number(number) in self._lines

    async def replay(self, journeys: Iterable[Iterable[CallEvent]]) -> None:
        """Judges calls that an earlier process cut off or that ended shortly before it did, in the order of their ends.
        What was done then already is recognised: opening by its key, closing by there being nothing that is older.
        """
        found = self._ended_of(journeys)
        requests = {facts.call_id: self._rules.request(facts) for facts in found}
        known = await self._book.known([request.key for request in requests.values() if request is not None])
        for facts in found:
            if facts.served:
                self._came_back(facts)
            request = requests[facts.call_id]
            if request is not None and request.key not in known:
                self._do(request.number, self._opening(request))

    def _ended_of(self, journeys: Iterable[Iterable[CallEvent]]) -> list[CallFacts]:
        """The calls of customers that are to be judged again, in the order of their ends."""
        found: list[CallFacts] = []
        for journey in journeys:
            facts: CallFacts | None = None
            for event in journey:
                if event.kind is Kind.CALL_STARTED:
                    facts = self._begin(event)
                elif facts is not None:
                    facts.add(event)
            if facts is not None and facts.ended and facts.direction != "outbound":
                found.append(facts)
        # Older ones were written long before, or are of a time when nobody kept contacts.
        since = max((facts.ended for facts in found), default=0.0) - JUDGED_AGAIN_S
        recent = [facts for facts in found if facts.cause == INTERRUPTED or facts.ended >= since]
        return sorted(recent, key=lambda facts: facts.ended)

    # -- events --------------------------------------------------------------------------------------------------

    def _started(self, event: CallEvent) -> None:
        facts = self._begin(event)
        if facts is not None:
            self._calls[event.call_id] = facts
            number = facts.number
            self._lines[number] = self._lines.get(number, 0) + 1

    def _step(self, event: CallEvent) -> None:
        facts = self._calls.get(event.call_id)
        if facts is not None:
            facts.add(event)

    def _bridged(self, event: CallEvent) -> None:
        facts = self._calls.get(event.call_id)
        if facts is not None:
            facts.add(event)
            if facts.direction != "outbound":
                self._came_back(facts)

    def _over(self, event: CallEvent) -> None:
        facts = self._calls.pop(event.call_id, None)
        if facts is None:
            return
        facts.add(event)
        left = self._lines.pop(facts.number) - 1
        if left:
            self._lines[facts.number] = left
        if facts.direction == "outbound":
            self._called(facts)
        elif facts.missed or not facts.served:
            self._ended(facts)

    def _begin(self, event: CallEvent) -> CallFacts | None:
        """The facts of a call that is to be followed."""
        facts = CallFacts(event)
        if self._rules.counts(facts):
            facts.number = "" if facts.withheld else self._book.number(facts.caller)
            return facts
        if facts.direction == "outbound" and not facts.contact:
            for number in self._numbers(facts.callee):
                if self._book.of_number(number):
                    facts.number = self._book.number(number)
                    return facts
        return None

    def _came_back(self, facts: CallFacts) -> None:
        """Somebody speaks with the customer: what was open before is answered."""
        if not facts.number or not (facts.number in self._queued or self._book.of_number(facts.number)):
            return
        at, queue = facts.served_at, facts.queue if self._settings.came_back == "queue" else None

        async def step() -> None:
            for item in self._book.of_number(facts.number):
                if item.since <= at and queue in (None, item.queue):
                    await self._close(item, End.CUSTOMER_CAME_BACK, f"call:{facts.call_id}", "")

        self._do(facts.number, step)

    def _ended(self, facts: CallFacts) -> None:
        request = self._rules.request(facts)
        if request is not None:
            self._do(request.number, self._opening(request))

    def _opening(self, request: OpenRequest) -> Step:
        async def step() -> None:
            await self._book.open(request)

        return step

    def _called(self, facts: CallFacts) -> None:
        """A phone called the customer of an open item."""
        reached = facts.served and facts.talk_s >= self._settings.reached_talk_s
        outcome = "reached" if reached else "short_talk" if facts.served else _OUTCOMES.get(facts.cause, "failed")
        by = f"agent:{facts.caller}"

        async def step() -> None:
            for item in self._book.of_number(facts.number):
                if item.since <= facts.ended:
                    attempt = Attempt(facts.at, facts.call_id, outcome, facts.ended, by)
                    with contextlib.suppress(WrongState):
                        await self._book.note_attempt(item.id, attempt, End.REACHED if reached else "")

        self._do(facts.number, step)

    async def _close(self, item: ContactItem, end: End, by: str, reason: str) -> None:
        with contextlib.suppress(WrongState):  # somebody else was faster: it has its end
            await self._book.close(item.id, end, by, reason)

    # -- the work ------------------------------------------------------------------------------------------------

    def _do(self, number: str, step: Step) -> None:
        if len(self._work) >= MAX_BACKLOG:
            self._lose("the database takes nothing, and memory for contacts is used up: see the alarm store_write")
            return
        self._work.append((number, step))
        self._queued[number] = self._queued.get(number, 0) + 1
        self._wake.set()

    def _lose(self, why: str) -> None:
        self.lost += 1
        self._losing = True
        self._alarm(f"missed contacts are not kept: {why}", True)

    def _kept_again(self) -> None:
        if self._losing and self._book.has_room:
            self._losing = False
            self._alarm(f"missed contacts are kept again; {self.lost} were not since the start", False)

    def _alarm(self, text: str, active: bool) -> None:
        self._bus.publish(Alarm(ALARM, text, active, self._book.clock.unix()))

    async def _work_off(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._work:
                batch = [self._work.popleft() for _ in range(min(BATCH, len(self._work)))]
                by_number: dict[str, list[tuple[str, Step]]] = {}
                for number, step in batch:
                    by_number.setdefault(number, []).append((number, step))
                left = await asyncio.gather(*(self._in_order(steps) for steps in by_number.values()))
                again = [entry for steps in left for entry in steps]
                if again:
                    self._work.extendleft(reversed(again))
                    if self._stopping:
                        log.error("%d contacts could not be written before the end", len(self._work))
                        return
                    await asyncio.sleep(RETRY_S)
            self._idle.set()
            if self._stopping:
                return

    async def _in_order(self, steps: list[tuple[str, Step]]) -> list[tuple[str, Step]]:
        """Those that have to be tried again: the first that the store refused, and all after it."""
        for at, (number, step) in enumerate(steps):
            try:
                await step()
                self._kept_again()
            except RuntimeError as error:  # what the store raises
                log.warning("a contact could not be written and is tried again: %s", error)
                return steps[at:]
            except ContactError as error:
                self._lose(str(error))
            except Exception:
                log.exception("a contact could not be kept")
                self._lose("an error of the program, see the log")
            left = self._queued.pop(number) - 1
            if left:
                self._queued[number] = left
        return []
