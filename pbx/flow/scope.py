"""A scope that ends when the caller hangs up, and what may still be done for him afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded

if TYPE_CHECKING:
    from pbx.call.call import Call

AFTER_S = 30.0  # what is done for a caller who has gone has an end
log = logging.getLogger("centrala.flow")


class HangupScope:
    """What `hangup_scope` gives: whether the caller is gone."""

    __slots__ = ("hung_up",)

    def __init__(self) -> None:
        self.hung_up = False


@asynccontextmanager
async def hangup_scope(call: Call, *, after_s: float = AFTER_S) -> AsyncIterator[HangupScope]:
    """Its body is left where it stands when the caller hangs up; what follows it goes on, for `after_s` at most.

        async with flow.hangup_scope(call) as line:
            await flow.queue(call, "sales")
        if line.hung_up:
            await flow.run_block(call, "sms", template="sorry")

    The call's record is closed when the flow ends, so what follows should be short. A shutdown, or somebody who takes
    the call over, ends all of it.
    """
    scope = HangupScope()
    try:
        yield scope
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or not _caller_left(call):
            raise
        task.uncancel()
        scope.hung_up = True
    except CallEnded:
        if not _caller_left(call):
            raise
        scope.hung_up = True
    if scope.hung_up:
        _limit(call, after_s)


def _caller_left(call: Call) -> bool:
    return call.a.is_ended and call.ended_by == "caller"


def _limit(call: Call, after_s: float) -> None:
    """Ends the flow's task when it is still busy after `after_s`."""
    task = asyncio.current_task()
    assert task is not None

    def too_long() -> None:
        log.warning("call %s: what its flow does after the caller hung up was ended after %g s", call.id, after_s)
        task.cancel()

    timer = call.loop.call_later(after_s, too_long)
    task.add_done_callback(lambda _: timer.cancel())
