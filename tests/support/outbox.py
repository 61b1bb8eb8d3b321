"""An outbox with its rows in memory and a receiver that answers what the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pbx.clock import Clock
from pbx.config_outbox import Outbox as Settings
from pbx.events import Alarm, EventBus
from pbx.outbox.entry import Entry, State
from pbx.outbox.ports import Request, Verdict, by_status
from pbx.outbox.service import Outbox
from pbx.outbox.shelf import Left, Turn, Want, Wanted
from pbx.web.client import Answer, Ask, WebError

OK = Answer(200, {}, b"ok")


class MemoryShelf:
    """A pbx.outbox.shelf.Shelf; `failing` of its next writes are refused, `late` puts stay unwritten."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Entry] = {}
        self.failing = 0
        self.late: list[Entry] = []
        self.holds_back = False

    def load(self) -> tuple[int, dict[str, int]]:
        numbers: dict[str, int] = {}
        for row in self.rows.values():
            numbers[row.target] = max(numbers.get(row.target, 0), row.number)
        return max((row.seq for row in self.rows.values()), default=0), numbers

    def put_soon(self, entry: Entry) -> None:
        self.late.append(entry)

    @property
    def unwritten(self) -> int:
        return len(self.late)

    async def put(self, entry: Entry) -> bool:
        await self._commit()
        if (entry.target, entry.key) in self.rows:
            return False
        self.rows[entry.target, entry.key] = replace(entry)
        return True

    async def turn(self, settled: Sequence[Entry], wants: Sequence[Want], now: float) -> Turn:
        await self._commit()
        for entry in settled:
            self.rows[entry.target, entry.key] = replace(entry)
        turn = Turn()
        for want in wants:
            seen: set[str] = set()
            mine = [row for row in self._pending() if row.target == want.target]
            found = []
            for row in sorted(mine, key=lambda row: row.seq):
                first = not row.call_id or row.call_id not in seen
                seen.add(row.call_id)
                if first and row.due <= now and row.seq not in want.held:
                    found.append(replace(row))
            turn.entries += found[: want.limit]
            later = [row.due for row in mine if row.due > now]
            if len(found) < want.limit and later:
                turn.next_due[want.target] = min(later)
        return turn

    async def hasten(self, target: str, now: float) -> None:
        for row in self._pending():
            if row.target == target and row.attempts and row.due > now:
                row.due = now

    async def left(self) -> dict[str, Left]:
        found: dict[str, Left] = {}
        for row in self.rows.values():
            left = found.setdefault(row.target, Left())
            if row.state is State.PENDING:
                left.pending += 1
                left.oldest = min(left.oldest or row.queued, row.queued)
            left.dead += row.state is State.DEAD
        return found

    async def expire(self, limits: Mapping[str, float], usual: float, held: Collection[int], now: float) -> list[Entry]:
        gone = [row for row in self._pending() if row.queued < limits.get(row.target, usual) and row.seq not in held]
        for row in gone:
            row.state, row.ended = State.DEAD, now
        return gone

    async def prune(self, delivered: float, dead: float) -> int:
        return 0

    async def wanted(self, wanted: Wanted) -> list[Entry]:
        return [row for row in self.rows.values() if wanted.state in ("", row.state)]

    async def get(self, entry: str) -> Entry | None:
        return next((row for row in self.rows.values() if row.id == entry), None)

    async def change(self, ids: Sequence[str], state: State, now: float) -> int:
        rows = [row for row in self.rows.values() if row.id in ids and row.state is not state]
        for row in rows:
            row.state, row.ended = state, now
            if state is State.PENDING:
                row.attempts, row.queued, row.due, row.ended = 0, now, now, 0.0
        return len(rows)

    def _pending(self) -> list[Entry]:
        return [row for row in self.rows.values() if row.state is State.PENDING]

    async def _commit(self) -> None:
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise RuntimeError("the disk is full")
        if not self.holds_back:
            for entry in self.late:
                self.rows.setdefault((entry.target, entry.key), replace(entry))
            self.late.clear()


class Receiver:
    """A Web, and the deliverer of every target. `answers` are for the next requests, in order; then all is taken."""

    def __init__(self, takes_s: float = 0.05) -> None:
        self.takes_s = takes_s
        self.answers: list[Answer | Exception] = []
        self.always: dict[str, Answer | Exception] = {}  # by target
        self.got: list[tuple[float, str, str, str]] = []  # (loop seconds, target, key, id), as requests begin
        self.most_at_once = 0
        self._under_way = 0
        self.hosts: Any = None

    def request(self, entry: Entry) -> Request:
        return Request(f"https://{entry.target}.example/", {"X-Key": entry.key, "X-Id": entry.id}, entry.body)

    def judge(self, entry: Entry, answer: Answer) -> Verdict:
        return by_status(answer)

    async def ask(self, ask: Ask) -> Answer:
        target = ask.url.removeprefix("https://").partition(".")[0]
        loop = asyncio.get_running_loop()
        self.got.append((loop.time(), target, ask.headers["X-Key"], ask.headers["X-Id"]))
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        answer = self.always.get(target) or (self.answers.pop(0) if self.answers else OK)
        try:
            await asyncio.sleep(
                ask.timeout_s if isinstance(answer, WebError) and answer.reason == "timeout" else self.takes_s
            )
        finally:
            self._under_way -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def keys(self) -> list[str]:
        return [key for _at, _target, key, _id in self.got]


class World:
    """One process; `killed` gives the next one on the same rows."""

    def __init__(
        self, clock: Clock, shelf: MemoryShelf | None = None, receiver: Receiver | None = None, **settings: Any
    ):
        self.clock, self.settings = clock, settings
        self.shelf = shelf or MemoryShelf()
        self.receiver = receiver or Receiver()
        self.bus = EventBus(on_error=self._failed)
        self.alarms: list[Alarm] = []
        self.bus.subscribe(Alarm, self.alarms.append)
        self.outbox = Outbox(
            Settings.model_validate(settings), self.shelf, lambda: self.receiver, bus=self.bus, clock=clock
        )

    def _failed(self, event: object, error: BaseException) -> None:
        raise error

    def register(self, *targets: str) -> World:
        for target in targets:
            self.outbox.register(target, self.receiver)
        return self

    async def __aenter__(self) -> World:
        self.outbox.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.outbox.stop()

    def kill(self) -> World:
        """Nothing of this process happens any more; the next one knows what was committed."""
        for task in (self.outbox._runner, *self.outbox._tasks):
            if task is not None:
                task.cancel()
        self.outbox._runner = None
        self.outbox._settled.clear()
        self.outbox._tasks.clear()
        self.shelf.late.clear()
        return World(self.clock, self.shelf, self.receiver, **self.settings)

    async def until(self, condition: Callable[[], object], timeout_s: float = 100_000.0) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not condition():
            waited_s = loop.time() - began
            assert waited_s < timeout_s, self.states()
            await asyncio.sleep(max(0.01, waited_s / 100))

    def states(self) -> dict[str, str]:
        return {row.key: row.state.value for row in self.shelf.rows.values()}
