"""The outbox: takes what features want to be told elsewhere, and sees to it that it is.

One task reads what is due, writes what became of what was tried, and rests until there is more to do; each attempt is a
task of its own. Memory holds the next few entries of each target, never all.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from pbx.clock import Clock
from pbx.config_outbox import Outbox as Settings
from pbx.events import Alarm, EventBus
from pbx.ids import new_id
from pbx.outbox.attempt import Attempts
from pbx.outbox.entry import MAX_BODY, MAX_NAME, MAX_REPORT, Entry, State
from pbx.outbox.ports import Deliverer, Verdict
from pbx.outbox.shelf import Shelf, Want
from pbx.outbox.target import Target
from pbx.outbox.watch import Watch
from pbx.web.client import Web

log = logging.getLogger("centrala.outbox")
PAUSE_S = 0.2  # between two rounds: what is put within it is read together
STORE_RETRY_S = 2.0
IDLE_S = 3600.0
GRACE_S = 2.0  # at the end, for attempts that are under way
MAX_SOON = 32 * 1024 * 1024  # octets of `put_soon` that the database has not taken
OVERFLOW = "outbox_overflow"


class Outbox:
    """An OutboxPort. `start` before the first put, `stop` before the store's."""

    def __init__(
        self, settings: Settings, shelf: Shelf, web: Callable[[], Web], *, bus: EventBus, clock: Clock
    ) -> None:
        self.settings = settings
        self.targets: dict[str, Target] = {}
        self.lost = 0  # put soon, and not kept
        self.shelf = shelf
        self.watch = Watch(settings, shelf, bus, clock)
        self._attempts = Attempts(settings, web, clock, random.Random())
        self._bus, self._clock = bus, clock
        self._seq = 0
        self._numbers: dict[str, int] = {}
        self._soon_bytes = 0
        self._settled: list[Entry] = []
        self._dropped: set[int] = set()  # under way, and not wanted any more
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """From now on what is put is delivered; an earlier process's entries as soon as their targets register."""
        self._seq, self._numbers = self.shelf.load()
        self._runner = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Gives attempts that are under way a moment; what they came to is written."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        runner.cancel()
        await asyncio.gather(runner, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE_S)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.shelf.turn(self._settled, (), self._clock.unix())
        except Exception as error:  # they are delivered again by the next process, under the same ids
            log.warning("what became of %d deliveries is not kept: %s", len(self._settled), error)
        await self._attempts.close()

    # -- OutboxPort ----------------------------------------------------------------------------------------------

    def register(
        self,
        target: str,
        deliverer: Deliverer,
        *,
        parallel: int | None = None,
        max_age_s: float | None = None,
        told: Callable[[Entry, Verdict], None] | None = None,
    ) -> None:
        """See OutboxPort."""
        _fits(target, "a target")
        known = self.targets.get(target)
        if known is None:
            known = self.targets[target] = Target(target, deliverer, 1, 1.0)
        known.deliverer = deliverer
        known.parallel = parallel or self.settings.parallel
        known.max_age_s = max_age_s or self.settings.max_age_h * 3600.0
        known.told = told or (lambda _entry, _verdict: None)
        known.next_due = self._clock.unix()
        self._wake.set()

    def unregister(self, target: str) -> None:
        """See OutboxPort. What is under way goes on."""
        self.targets.pop(target, None)

    async def put(
        self,
        target: str,
        kind: str,
        key: str,
        body: bytes | Mapping[str, Any],
        *,
        call_id: str = "",
        after: float = 0.0,
        most: int = MAX_BODY,
    ) -> None:
        """See OutboxPort."""
        entry = self._entry(target, kind, key, body, call_id, after, min(most, MAX_REPORT))
        if await self.shelf.put(entry):
            self._came(entry)

    def put_soon(
        self,
        target: str,
        kind: str,
        key: str,
        body: bytes | Mapping[str, Any],
        *,
        call_id: str = "",
        after: float = 0.0,
    ) -> None:
        """See OutboxPort."""
        entry = self._entry(target, kind, key, body, call_id, after)
        if self._soon_bytes > MAX_SOON and self.shelf.unwritten:
            self.lost += 1
            self._overflow(True)
            return
        self._soon_bytes += len(entry.body)
        self.shelf.put_soon(entry)
        self._came(entry)

    # -- people --------------------------------------------------------------------------------------------------

    async def change(self, ids: list[str], state: State) -> int:
        """Entries are to be tried again (PENDING) or not any more (DROPPED); returns how many are."""
        held = {entry.id: entry for target in self.targets.values() for entry in target.under_way.values()}
        count = await self.shelf.change(ids, state, self._clock.unix())
        for name in ids:
            entry = held.get(name)
            if entry is not None and state is State.DROPPED:
                self._dropped.add(entry.seq)
        for target in self.targets.values():
            target.forget(ids)
            target.next_due = self._clock.unix()
        self.watch.stale = True
        self._wake.set()
        return count

    def try_now(self, target: str) -> None:
        """A person says that the target is back."""
        found = self.targets.get(target)
        if found is not None:
            found.paused_until, found.next_due = 0.0, self._clock.unix()
            self._wake.set()

    # -- the task ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._round()
                await self.watch.look(self.targets, self._held())
                pause_s = PAUSE_S
            except Exception as error:  # the database takes nothing: everything is still known
                log.warning("the outbox waits: %s", error)
                pause_s = STORE_RETRY_S
            await asyncio.sleep(pause_s)
            await self._rest()

    async def _rest(self) -> None:
        """Returns when something was put, settled, or is due."""
        due = [at for at in (*(target.wakes_at() for target in self.targets.values()), self.watch.next_look) if at]
        if self._settled or self._soon_bytes:
            return
        left = min(due) - self._clock.unix() if due else IDLE_S
        if left > 0 and not self._wake.is_set():
            try:
                async with asyncio.timeout(left):
                    await self._wake.wait()
            except TimeoutError:
                pass
        self._wake.clear()

    async def _round(self) -> None:
        """Writes what is settled, reads what may be tried, begins with it."""
        now = self._clock.unix()
        asked = self._asked(now)
        settled, self._settled = self._settled, []
        try:
            turn = await self.shelf.turn(settled, asked, now)
        except BaseException:
            self._settled = settled + self._settled
            for want in asked:
                self._ask_by(want.target, now)
            raise
        unwritten = self.shelf.unwritten
        if not unwritten:
            self._soon_bytes = 0
            self._overflow(False)
        found = Counter(entry.target for entry in turn.entries)
        for entry in turn.entries:
            if entry.target in self.targets:
                self.targets[entry.target].waiting.append(entry)
        for want in asked:
            more = unwritten or found[want.target] >= want.limit
            self._ask_by(want.target, now if more else turn.next_due.get(want.target, 0.0))
        for target in list(self.targets.values()):
            self._begin(target)

    def _asked(self, now: float) -> list[Want]:
        """What to read. Whatever is put from here on asks again."""
        asked = []
        for name, target in self.targets.items():
            room = target.room(now)
            if room and target.next_due and target.next_due <= now:
                asked.append(Want(name, room, target.held))
                target.next_due = 0.0
        return asked

    def _ask_by(self, target: str, at: float) -> None:
        if target in self.targets:
            self.targets[target].ask_by(at)

    def _begin(self, target: Target) -> None:
        while (entry := target.next(self._clock.unix())) is not None:
            task = asyncio.get_running_loop().create_task(self._attempt(target, entry))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attempt(self, target: Target, entry: Entry) -> None:
        try:
            verdict, back = await self._attempts.make(target, entry)
        finally:
            target.under_way.pop(entry.seq, None)
        if entry.seq in self._dropped:
            self._dropped.discard(entry.seq)
            entry.state = State.DROPPED if entry.state is not State.DELIVERED else entry.state
        self._settled.append(entry)
        self.watch.count(target.name, entry, verdict)
        target.next_due = self._clock.unix()  # what it held up may be due now
        target.told(entry, verdict)
        if back:
            await self._hasten(target.name)
        self._begin(target)
        self._wake.set()

    async def _hasten(self, target: str) -> None:
        try:
            await self.shelf.hasten(target, self._clock.unix())
        except Exception as error:  # they come at their own time
            log.warning("the outbox cannot hasten what waits for %s: %s", target, error)

    # -- parts ---------------------------------------------------------------------------------------------------

    def _entry(
        self,
        target: str,
        kind: str,
        key: str,
        body: bytes | Mapping[str, Any],
        call_id: str,
        after: float,
        most: int = MAX_BODY,
    ) -> Entry:
        for text, name in ((target, "a target"), (kind, "a kind"), (key, "a key"), (call_id or "-", "a call id")):
            _fits(text, name)
        octets = body if isinstance(body, bytes) else orjson.dumps(body)
        if len(octets) > most:
            raise ValueError(f"a body is at most {most} octets, not {len(octets)}")
        now = self._clock.unix()
        self._seq += 1
        number = self._numbers[target] = self._numbers.get(target, 0) + 1
        return Entry(
            new_id(now), target, kind, key, call_id, octets, self._seq, number, now, max(now, after), max(now, after)
        )

    def _came(self, entry: Entry) -> None:
        self.watch.stale = True
        self._ask_by(entry.target, entry.due)
        self._wake.set()

    def _held(self) -> list[int]:
        return [seq for target in self.targets.values() for seq in target.held]

    def _overflow(self, active: bool) -> None:
        if active != self.watch.overflows:
            self.watch.overflows = active
            text = "the database takes no deliveries and memory for them is used up: new ones are being lost"
            over = f"the database takes deliveries again; {self.lost} were lost since the start"
            self._bus.publish(Alarm(OVERFLOW, text if active else over, active, self._clock.unix()))


def _fits(text: str, what: str) -> None:
    if not text or len(text) > MAX_NAME:
        raise ValueError(f"{what} is a text of 1 to {MAX_NAME} characters, not {text[:60]!r}")
