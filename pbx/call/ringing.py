"""Several phones for one caller: all at once, one after the other, or as their delays say. The first who takes the call
has it; the others stop ringing and are told that it was completed elsewhere.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.call.confirmation import confirmed
from pbx.call.errors import DialFailed

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg

AFTER = math.inf  # a delay: when nothing rings any more
MAX_MEMBERS = 64


@dataclass(slots=True, frozen=True)
class Member:
    """One who is rung: `delay_s` after the beginning, or as soon as nobody else rings."""

    target: str
    delay_s: float = 0.0
    ring_s: float = 20.0
    confirm: bool = False  # whoever answers has to press a key
    account: str = ""  # the extension that pays for a target outside


class Ringing:
    """Use: `leg = await Ringing(call, members, timeout_s=45).first()`."""

    __slots__ = ("_call", "_headers", "_legs", "_members", "_tasks", "_timeout_s")

    def __init__(self, call: Call, members: Sequence[Member], *, timeout_s: float, headers: Sequence[str] = ()) -> None:
        self._call = call
        self._members = sorted(members[:MAX_MEMBERS], key=lambda member: member.delay_s)
        self._timeout_s = timeout_s
        self._headers = headers
        self._tasks: set[asyncio.Task[OutgoingLeg]] = set()
        self._legs: list[OutgoingLeg] = []

    async def first(self) -> OutgoingLeg:
        """The leg of who took the call. DialFailed when nobody did: busy when all were, else what says most."""
        call = self._call
        before, call.rings_all = call.rings_all, True
        winner: OutgoingLeg | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                winner = await self._run()
        except TimeoutError:
            raise DialFailed(480, "No answer", "no_answer") from None
        finally:
            call.rings_all = before
            for task in self._tasks:
                task.cancel()
            for leg in self._legs:
                if leg is not winner:
                    leg.cancel("elsewhere" if winner is not None else "")
            if winner is None and call.a.media is not None:
                call.a.media.stop_play()  # the ringback tone that the caller may hear
        return winner

    async def _run(self) -> OutgoingLeg:
        loop = self._call.loop
        began = loop.time()
        waiting = list(self._members)
        failures: list[DialFailed] = []
        while waiting or self._tasks:
            while waiting and (not self._tasks or waiting[0].delay_s <= loop.time() - began):
                self._tasks.add(loop.create_task(self._ring(waiting.pop(0))))
            due = waiting[0].delay_s if waiting else AFTER
            pause = None if due == AFTER else max(0.0, began + due - loop.time())
            done, _ = await asyncio.wait(self._tasks, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._tasks.discard(task)
                error = task.exception()
                if error is None:
                    return task.result()
                if not isinstance(error, DialFailed):
                    raise error
                failures.append(error)
        raise _best(failures)

    async def _ring(self, member: Member) -> OutgoingLeg:
        call = self._call
        leg = call.originate(member.target, timeout_s=member.ring_s, headers=self._headers, account=member.account)
        self._legs.append(leg)
        await leg.answered()
        if member.confirm and not await confirmed(call, leg):
            leg.hangup()
            raise DialFailed(480, f"{member.target} did not confirm", "no_answer")
        return leg


def _best(failures: Sequence[DialFailed]) -> DialFailed:
    """No answer says more than busy, and busy more than what never rang."""
    for cause in ("no_answer", "busy", "limit", "do_not_disturb"):
        for failure in failures:
            if failure.cause == cause:
                return DialFailed(failure.status, failure.reason, failure.cause)
    if failures:
        return DialFailed(failures[0].status, failures[0].reason, failures[0].cause)
    return DialFailed(480, "nobody to ring", "unavailable")
