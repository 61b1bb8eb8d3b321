"""Stands between the interpreter and a draft's blocks: what a caller did then he does again, where he is asked again.

Blocks that decide by themselves (hours, conditions, texts) run as they are. What the caller or the world decided then
is decided again in the block of the same name and kind; a queue also by its own name. Where nothing of the kind
happened then, nobody can know: the replay of the call ends there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pbx.call.errors import CallEnded
from pbx.config import Queue
from pbx.config_queue import longest_wait_s
from pbx.flow.block import Block
from pbx.flow.model import Flow
from pbx.flow.rehearsal.ports import RehearsedCall
from pbx.flow.replay.past import HANGUP, PastCall, Visit

if TYPE_CHECKING:
    from pbx.flow.run import Run

OWN = frozenset(  # kinds that need neither the caller nor the world to decide
    {
        *("answer", "say", "play", "hours", "condition", "switch", "set_variable", "language", "loop", "flow"),
        *("return", "goto", "caller", "tag", "hangup", "record", "wait"),
    }
)
AS_LONG_S = 0.5  # a wait that ended at its limit is never measured to the millisecond


class Driver:
    """Of one call. `unknown` tells where and why nobody can know what would have come."""

    def __init__(self, past: PastCall, hang_up: Callable[[], None]) -> None:
        self._visits = list(past.visits)
        self._hang_up = hang_up
        self.unknown = ""
        self.served = False

    def lead(self, flow: Flow) -> Flow:
        """`flow` with this driver between its blocks and the interpreter."""
        wrapped = {name: cast("Block", _Driven(self, block)) for name, block in flow.blocks.items()}
        return replace(flow, blocks=wrapped)

    async def step(self, run: Run, block: Block) -> str:
        """Runs one block of the draft, as far as it can be known."""
        past = self._take(run.flow.name, run.block, block)
        if block.kind == "queue":
            return await self._queue(run, block, past)
        if past is not None and past.exit == HANGUP:
            return await self._hangs_up(past.duration_s)
        if block.kind in OWN:
            return await block.run(run)
        if past is None:
            return self._gives_up(run, f"{block.kind} {run.block!r} was not asked then")
        return await self._answers(run, block, past)

    def _take(self, flow: str, name: str, block: Block) -> Visit | None:
        """The next visit of this block, of the same flow where there is one; a queue's may have another name."""

        def first(fits: Callable[[Visit], bool]) -> Visit | None:
            found = next((visit for visit in self._visits if fits(visit)), None)
            if found is not None:
                self._visits.remove(found)
            return found

        queue = getattr(block, "queue", "")
        return (
            first(lambda visit: (visit.flow, visit.block, visit.kind) == (flow, name, block.kind))
            or first(lambda visit: (visit.block, visit.kind) == (name, block.kind))
            or first(lambda visit: block.kind == "queue" == visit.kind and visit.queue == queue)
        )

    async def _answers(self, run: Run, block: Block, past: Visit) -> str:
        if past.exit not in block.exits():
            return self._gives_up(run, f"{past.kind} {past.block!r} was left by {past.exit!r}, which is no exit now")
        await asyncio.sleep(past.duration_s)
        await run.call.answer()
        if block.kind == "menu":
            run.variables.set("menu.key", past.exit if past.exit in getattr(block, "keys", {}) else "")
        elif block.kind == "collect" and not getattr(block, "mask", False):
            run.variables.set(str(getattr(block, "into", "collect.digits")), past.digits.rstrip("#"))
        return past.exit

    async def _queue(self, run: Run, block: Block, past: Visit | None) -> str:
        queue = str(getattr(block, "queue", ""))
        if past is None or (past.queue and past.queue != queue):
            return self._gives_up(run, f"he never waited in queue {queue!r}")
        call = cast("RehearsedCall", run.call)
        await call.answer()
        limit_s = _limit(run, block, queue)
        if past.wait_s > limit_s - (AS_LONG_S if past.exit == "timeout" else 0.0):
            await asyncio.sleep(limit_s)
            return "timeout"
        await asyncio.sleep(past.wait_s)
        if past.exit == HANGUP and not past.served:
            call.variables["abandoned"] = queue
            return await self._hangs_up(0.0)
        if past.served:
            self.served = True
            await call.talk(queue, max(0.0, past.duration_s - past.wait_s))
            return "answered" if past.exit != HANGUP else await self._hangs_up(0.0)
        if past.exit == "timeout":
            return self._gives_up(run, f"nobody knows how long he would have waited in {queue!r} beyond the limit")
        return await self._answers(run, block, Visit(past.flow, past.block, past.kind, past.exit, 0.0))

    async def _hangs_up(self, after_s: float) -> str:
        await asyncio.sleep(after_s)
        self._hang_up()
        raise CallEnded("the caller hung up here")

    def _gives_up(self, run: Run, why: str) -> str:
        self.unknown = f"{run.block}: {why}"
        self._hang_up()
        raise CallEnded(why)


def _limit(run: Run, block: Block, queue: str) -> float:
    """Seconds of waiting that the draft allows."""
    known = next((entry for entry in run.call.services.config.queue if entry.name == queue), None)
    return longest_wait_s(getattr(block, "max_wait_s", None), known or Queue(name=queue))


class _Driven:
    """A block as the interpreter sees it; all but `run` is the block's own."""

    def __init__(self, driver: Driver, block: Block) -> None:
        self._driver = driver
        self._block = block

    def __getattr__(self, name: str) -> Any:
        return getattr(self._block, name)

    async def run(self, run: Run) -> str:
        return await self._driver.step(run, self._block)
