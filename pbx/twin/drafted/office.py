"""The queues of a replayed day: `services.queues` for a flow's blocks, limits, keys and conditions, over the simulated
house of agents with their skills, priorities and ring times.

Who has accepted a callback waits in his queue for an agent, with the age of his request, as he does in the PBX.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pbx.call.call import Call
from pbx.call.errors import CallEnded
from pbx.config import Config
from pbx.config_queue import Queue as QueueEntry
from pbx.config_queue import longest_wait_s
from pbx.flow.rehearsal.ports import RehearsedCall, Stay
from pbx.queue.wishes import NONE, Wishes
from pbx.twin.house import House

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


class _Ticket:
    """Of a caller who waits."""

    def __init__(self, visitor: Visitor) -> None:
        loop = asyncio.get_running_loop()
        self.visitor = visitor
        self.since = loop.time()
        self.turn: asyncio.Future[None] = loop.create_future()

    def taken(self) -> float:
        """The agent is busy until his wrap-up is over, whoever hangs up."""
        if not self.turn.done():
            self.turn.set_result(None)
        return self.visitor.talk_s + self.visitor.wrapup_s

    @property
    def has_turn(self) -> bool:
        """An agent has taken him, be it in the instant in which he left."""
        return self.turn.done() and not self.turn.cancelled()


class _Callback:
    """Of somebody who wants to be called."""

    def __init__(self, visitor: Visitor, delays: list[float]) -> None:
        self._visitor = visitor
        self._delays = delays
        self._asked = asyncio.get_running_loop().time()

    def taken(self) -> float:
        visitor = self._visitor
        self._delays.append(asyncio.get_running_loop().time() - self._asked)
        reached = visitor.reached()
        visitor.called_back = "reached" if reached else "missed"
        return RING_S + (visitor.talk_s + visitor.wrapup_s if reached else 0.0)


class SimulatedQueues:
    """`visitor_of` finds who a call is; `handled_s` is the day's mean."""

    def __init__(self, config: Config, house: House, visitor_of: Callable[[Call], Visitor], handled_s: float) -> None:
        self._entries: dict[str, QueueEntry] = {entry.name: entry for entry in config.queue}
        self._house = house
        self._visitor_of = visitor_of
        self._handled_s = handled_s
        self.callback_delays: list[float] = []

    @staticmethod
    def wish(priority: int, skills: tuple[str, ...], preferred: str) -> Wishes:
        """What a flow asks for a caller."""
        return Wishes(priority, skills, preferred)

    def figure(self, name: str, figure: str) -> float | int | None:
        """What conditions ask; the promise is the mean of the line's rest at the day's handling time."""
        if name not in self._house:
            return None
        waiting, free = self._house.waiting(name), self._house.free(name)
        if figure == "waiting":
            return waiting
        if figure == "agents_free":
            return free
        there = self._house.there(name)
        if not there:
            return None
        return 0.0 if free else (waiting + 1) * self._handled_s / there

    async def join(
        self,
        call: Call,
        name: str,
        *,
        max_wait_s: float | None = None,
        exits: Sequence[str] = (),
        wishes: Wishes | None = None,
    ) -> Stay:
        """See pbx.queue.service.QueueService.join."""
        entry, visitor = self._entries[name], self._visitor_of(call)
        await call.answer()
        visitor.joined = True
        if entry.max_length and self._house.waiting(name) >= entry.max_length:
            return Stay("full", 0.0)
        if entry.when_no_agents == "leave" and not self._house.there(name):
            return Stay("no_agents", 0.0)
        limit_s = longest_wait_s(max_wait_s, entry)
        return await self._wait(call, (name, visitor, wishes or NONE), limit_s, self._offered(entry, exits))

    @staticmethod
    def _offered(entry: QueueEntry, exits: Sequence[str]) -> dict[str, str]:
        """Keys that may be pressed while waiting, with what comes of them."""
        own = {key: act for key, act in entry.keys.items() if act == "callback"}
        return {**own, **dict.fromkeys(exits, "key")}

    async def _wait(
        self, call: Call, where: tuple[str, Visitor, Wishes], limit_s: float, offered: Mapping[str, str]
    ) -> Stay:
        name, visitor, wishes = where
        ticket = _Ticket(visitor)
        asked = {"priority": wishes.priority, "skills": wishes.skills, "preferred": wishes.preferred}
        waits = self._house.join(name, ticket, **asked)  # type: ignore[arg-type]
        key, after_s = visitor.presses(tuple(offered)) if offered and not ticket.turn.done() else ("", 0.0)
        ends = {"abandoned": max(visitor.patience_s - visitor.wait_s, 0.0), "timeout": limit_s}
        if key:
            ends["key"] = after_s
        end = min(ends, key=lambda one: ends[one])
        call.variables["abandoned"] = name
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(ends[end]):
                await ticket.turn
        except TimeoutError:
            if not ticket.has_turn:
                self._left(waits, ticket)
                return await self._leaves(call, (name, visitor), end if end != "key" else f"key {key}", offered)
        except asyncio.CancelledError:
            self._left(waits, ticket)
            raise
        call.variables.pop("abandoned", None)
        waited = loop.time() - ticket.since
        visitor.wait_s += waited
        visitor.served = True
        assert isinstance(call, RehearsedCall)
        await call.talk(name, visitor.talk_s)
        return Stay("answered", waited, agent="agent", talk_s=visitor.talk_s)

    def _left(self, waits: int, ticket: _Ticket) -> None:
        if not ticket.has_turn:
            self._house.leave(waits)
            ticket.visitor.wait_s += asyncio.get_running_loop().time() - ticket.since

    async def _leaves(self, call: Call, where: tuple[str, Visitor], how: str, offered: Mapping[str, str]) -> Stay:
        name, visitor = where
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

    def ask_back(self, name: str, visitor: Visitor) -> None:
        """He will be called back by an agent of that queue, when it is his turn."""
        visitor.called_back = "asked"
        self._house.join(name, _Callback(visitor, self.callback_delays))

    async def turn_away(self, call: Call) -> None:
        """The queue's own apology takes a moment."""
        del call
        await asyncio.sleep(3.0)
