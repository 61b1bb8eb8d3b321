"""The queues of a replayed day, all callers in one house: who is free talks with who has waited longest.

Queues that share an agent share one line. Who has accepted a callback is rung when an agent is free and nobody waits.
It stands for `services.queues`, so that a flow's queue blocks, limits, keys and conditions run as they do in the PBX.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pbx.call.call import Call
from pbx.call.errors import CallEnded
from pbx.config import Config
from pbx.config_queue import Queue as QueueEntry
from pbx.flow.rehearsal.ports import RehearsedCall, Stay
from pbx.twin.past import QUARTER_S

RING_S = 12.0  # until a callback is answered, or not


class Visitor(Protocol):
    """What the office asks of a caller."""

    at: float
    patience_s: float
    talk_s: float
    wrapup_s: float
    joined: bool
    served: bool
    gave_up: bool
    called_back: str  # "asked", "reached", "missed"
    wait_s: float

    def hang_up(self) -> None: ...

    def presses(self, keys: Sequence[str]) -> tuple[str, float]:
        """The key that he presses while he waits, "" for none, and after how many seconds."""

    def reached(self) -> bool: ...


@dataclass(eq=False, slots=True)
class _Ticket:
    visitor: Visitor
    since: float
    turn: asyncio.Future[None]


@dataclass(slots=True)
class Pool:
    """Agents of one or more queues, in people at work by quarter hour."""

    agents: Sequence[int]
    there: int = 0
    busy: int = 0
    busy_s: float = 0.0
    waiting: deque[_Ticket] = field(default_factory=deque)
    callbacks: deque[tuple[float, Visitor]] = field(default_factory=deque)
    most: int = 0
    callback_delays: list[float] = field(default_factory=list)


class SimulatedQueues:
    """`visitor_of` finds who a call is; `pools` by queue."""

    def __init__(
        self, config: Config, pools: Mapping[str, Pool], visitor_of: Callable[[Call], Visitor], handled_s: float
    ) -> None:
        self._entries: dict[str, QueueEntry] = {entry.name: entry for entry in config.queue}
        self._pools = pools
        self._visitor_of = visitor_of
        self._handled_s = handled_s

    def start(self) -> None:
        """Sets a timer for each quarter hour in which the number of people changes."""
        loop = asyncio.get_running_loop()
        for pool in {id(pool): pool for pool in self._pools.values()}.values():
            before = 0
            for slot, count in enumerate(pool.agents):
                if count != before:
                    loop.call_at(loop.time() + slot * QUARTER_S, self._change, pool, count)
                before = count

    def _change(self, pool: Pool, count: int) -> None:
        pool.there = count
        self._next(pool)

    @staticmethod
    def wish(_priority: int, _skills: tuple[str, ...], _preferred: str) -> None:
        """Skills and priorities are not part of the replay."""

    def figure(self, name: str, figure: str) -> float | int | None:
        """What conditions ask; the promise is the mean of the line's rest at the day's handling time."""
        pool = self._pools.get(name)
        if pool is None:
            return None
        waiting, free = len(pool.waiting), max(pool.there - pool.busy, 0)
        if figure == "waiting":
            return waiting
        if figure == "agents_free":
            return free
        if not pool.there:
            return None
        return 0.0 if free else (waiting + 1) * self._handled_s / pool.there

    async def join(
        self, call: Call, name: str, *, max_wait_s: float | None = None, exits: Sequence[str] = (), wishes: Any = None
    ) -> Stay:
        """See pbx.queue.service.QueueService.join."""
        del wishes
        pool, entry, visitor = self._pools[name], self._entries.get(name), self._visitor_of(call)
        await call.answer()
        visitor.joined = True
        if entry is not None and entry.max_length and len(pool.waiting) >= entry.max_length:
            return Stay("full", 0.0)
        if entry is not None and entry.when_no_agents == "leave" and not pool.there:
            return Stay("no_agents", 0.0)
        limit_s = max_wait_s if max_wait_s is not None else entry.max_wait_s if entry is not None else 0.0
        return await self._wait(call, (name, pool, visitor), limit_s, self._offered(entry, exits))

    @staticmethod
    def _offered(entry: QueueEntry | None, exits: Sequence[str]) -> dict[str, str]:
        """Keys that may be pressed while waiting, with what comes of them."""
        own = {} if entry is None else {key: act for key, act in entry.keys.items() if act == "callback"}
        return {**own, **dict.fromkeys(exits, "key")}

    async def _wait(
        self, call: Call, where: tuple[str, Pool, Visitor], limit_s: float, offered: Mapping[str, str]
    ) -> Stay:
        name, pool, visitor = where
        loop = asyncio.get_running_loop()
        ticket = _Ticket(visitor, loop.time(), loop.create_future())
        pool.waiting.append(ticket)
        pool.most = max(pool.most, len(pool.waiting))
        self._next(pool)
        key, after_s = visitor.presses(tuple(offered)) if offered and not ticket.turn.done() else ("", 0.0)
        ends = {"abandoned": max(visitor.patience_s - visitor.wait_s, 0.0)}
        if limit_s:
            ends["timeout"] = limit_s
        if key:
            ends["key"] = after_s
        end = min(ends, key=lambda one: ends[one])
        call.variables["abandoned"] = name
        try:
            async with asyncio.timeout(ends[end]):
                await ticket.turn
        except TimeoutError:
            if not _has_turn(ticket):
                self._left(pool, ticket)
                return await self._leaves(call, where, end if end != "key" else f"key {key}", offered)
        except asyncio.CancelledError:
            self._left(pool, ticket)
            if _has_turn(ticket):
                self._free(pool)
            raise
        call.variables.pop("abandoned", None)
        waited = loop.time() - ticket.since
        visitor.wait_s += waited
        visitor.served = True
        await self._talk(call, where)
        return Stay("answered", waited, agent="agent", talk_s=visitor.talk_s)

    def _left(self, pool: Pool, ticket: _Ticket) -> None:
        if ticket in pool.waiting:
            pool.waiting.remove(ticket)
            ticket.visitor.wait_s += asyncio.get_running_loop().time() - ticket.since

    async def _leaves(self, call: Call, where: tuple[str, Pool, Visitor], how: str, offered: Mapping[str, str]) -> Stay:
        name, _, visitor = where
        if how == "abandoned":
            visitor.gave_up = True
            visitor.hang_up()
            raise CallEnded("the caller hung up here")
        call.variables.pop("abandoned", None)
        if how == "timeout":
            return Stay("timeout", visitor.wait_s)
        key = how.removeprefix("key ")
        if offered[key] == "callback":
            self.ask_back(name, visitor)
            return Stay("callback", visitor.wait_s)
        return Stay("key", visitor.wait_s, key=key)

    async def _talk(self, call: Call, where: tuple[str, Pool, Visitor]) -> None:
        """The agent is busy until his wrap-up is over, whoever hangs up."""
        name, pool, visitor = where
        assert isinstance(call, RehearsedCall)
        self._busy(pool, visitor.talk_s + visitor.wrapup_s)
        await call.talk(name, visitor.talk_s)

    def _busy(self, pool: Pool, seconds: float) -> None:
        pool.busy_s += seconds
        asyncio.get_running_loop().call_later(seconds, self._free, pool)

    def _free(self, pool: Pool) -> None:
        pool.busy -= 1
        self._next(pool)

    def ask_back(self, name: str, visitor: Visitor) -> None:
        """He will be called back by an agent of that queue."""
        visitor.called_back = "asked"
        pool = self._pools[name]
        pool.callbacks.append((asyncio.get_running_loop().time(), visitor))
        self._next(pool)

    def _next(self, pool: Pool) -> None:
        while pool.busy < pool.there:
            if pool.waiting:
                ticket = pool.waiting.popleft()
                if not ticket.turn.done():
                    pool.busy += 1
                    ticket.turn.set_result(None)
            elif pool.callbacks:
                asked, visitor = pool.callbacks.popleft()
                pool.busy += 1
                pool.callback_delays.append(asyncio.get_running_loop().time() - asked)
                reached = visitor.reached()
                visitor.called_back = "reached" if reached else "missed"
                self._busy(pool, RING_S + (visitor.talk_s + visitor.wrapup_s if reached else 0.0))
            else:
                return

    async def turn_away(self, call: Call) -> None:
        """The queue's own apology takes a moment."""
        del call
        await asyncio.sleep(3.0)


def _has_turn(ticket: _Ticket) -> bool:
    """An agent has been given to him, be it in the instant in which he left."""
    return ticket.turn.done() and not ticket.turn.cancelled()
