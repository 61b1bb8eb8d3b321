"""Pickup: taking a call that rings at somebody else's phone, named (**101) or any of the own pickup groups (*8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded
from pbx.call.moving import take_caller
from pbx.call.pickup_rights import may_pick_up
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.outgoing import OutgoingLeg
    from pbx.call.services import Services
    from pbx.config import Extension


def pickup_application(target: str) -> Application | None:
    """The application of "pickup:101", or "pickup" for the groups."""

    async def pickup(call: Call) -> None:
        leg = _ringing(call, target)
        if leg is None:
            await call.hangup("not_found", 404)
            return
        await call.answer()
        there = leg.call
        rang_at = leg.target
        if there is None or leg.answered_at:  # somebody was faster while the answer went out
            await call.hangup("elsewhere")
            return
        there.emit(Kind.PICKED_UP, leg.name, by=call.extension, from_extension=rang_at)
        try:
            take_caller(call, leg, "picked_up")
        except CallEnded:
            await call.hangup("elsewhere")

    return pickup


def _ringing(call: Call, target: str) -> OutgoingLeg | None:
    """The leg that rang first, of those that the caller may take."""
    services = call.services
    me = services.dialplan.extensions.get(call.extension)
    if me is None:
        return None
    wanted = {target} if target else _group(services, me)
    if target and not may_pick_up(me, services.dialplan.extensions.get(target)):
        return None
    for leg in services.running.ringing(wanted):
        if leg.call is not call and leg.role != "agent":  # a queue's offer is its agent's, and counted so
            return leg
    return None


def _group(services: Services, me: Extension) -> set[str]:
    groups = set(me.pickup_groups)
    return {
        number
        for number, other in services.dialplan.extensions.items()
        if number != me.number and not groups.isdisjoint(other.call_groups)
    }
