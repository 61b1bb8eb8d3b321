"""The bridge of two legs: both hear each other until one is gone, recorded when asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.display import show_each_other
from pbx.call.errors import DialFailed
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg

log = logging.getLogger("centrala.call")
# Bound here: a member of an enumeration is looked up thirty times slower than a name of the module.
_BRIDGE_STARTED, _BRIDGE_ENDED = Kind.BRIDGE_STARTED, Kind.BRIDGE_ENDED


class BridgeResult(NamedTuple):
    """How a bridge ended: `ended_by` is "callee" (the other leg's far end) or "pbx"."""

    talk_s: float
    ended_by: str
    cause: str = "normal"


async def join(call: Call, leg: OutgoingLeg, *, record: bool) -> BridgeResult:
    """Answers the caller, if nobody has, and bridges him with `leg`, which must have been answered; returns when that
    is over.
    """
    if not call.answered_at:
        await call.answer()
    if leg.is_ended:
        raise DialFailed(480, f"leg {leg.name} is over already", leg.cause if leg.cause != "normal" else "lost")
    if not leg.answered_at:
        raise RuntimeError(f"call {call.id}: leg {leg.name} is not answered: await leg.answered() before the bridge")
    loop = call.loop
    call.a.join(leg)
    began = loop.time()
    call.emit(_BRIDGE_STARTED, with_leg=leg.name)
    if call.transfer is not None:
        if leg is not call.transfer.leg:
            call.transfer.connected()
        if call.transfer.is_done:
            show_each_other(call.a, leg)
    elif leg.came_from_elsewhere:
        show_each_other(call.a, leg)
    if record or call.recording or call.services.recorder.is_wanted(call):
        call.services.recorder.start(call, leg)
    try:
        if call.nothing_follows:
            call.last_wait = leg
        while not leg.is_ended and not (call.nothing_follows and call.a.is_ended):
            await leg.change()
        by = "callee" if leg.by_far_end else "pbx"
        result = BridgeResult(loop.time() - began, by, leg.cause)
        call.note_bridge(result)
        return result
    finally:
        call.last_wait = None
        call.a.part()
        call.emit(_BRIDGE_ENDED, with_leg=leg.name, talk_s=loop.time() - began)
        call.services.recorder.rest(call)
