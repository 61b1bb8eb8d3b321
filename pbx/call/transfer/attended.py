"""Attended transfer: the two parties that a transferor talks to, each in a call of its own, are joined.

The call of whoever called in goes on and tells the whole story; the other call ends with the cause "transferred".
Where the transferor's second call leads to no party yet (a queue, a menu, a phone that rings), the transferred party
takes the transferor's place in it and keeps that place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded, RouteError
from pbx.call.moving import detach, new_leg, take_caller, take_leg, take_place
from pbx.call.outgoing import OutgoingLeg
from pbx.call.transfer.transfer import Transfer, stay

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg

CAUSE = "transferred"


def join(transfer: Transfer, leg: Leg, other: Leg) -> None:
    """Joins the party that `leg`, the transferor's, talks to with what the transferor has at `other`, in another call.

    RouteError when there is nobody to join.
    """
    party, target = leg.peer, other.peer
    if party is None or leg.call is other.call or not leg.answered_at:
        raise RouteError(403, "rejected", "a transfer joins two calls, and the first of them must be talked in")
    try:
        if target is None:
            _hand_place(transfer, leg, party, other)
        elif isinstance(leg, OutgoingLeg):
            _adopt(transfer, leg.live_call, leg, target)
        elif isinstance(other, OutgoingLeg):
            _adopt(transfer, other.live_call, other, party)
        else:
            assert isinstance(party, OutgoingLeg)
            _detach(transfer, leg, party, target)
    except CallEnded as error:
        raise RouteError(481, "lost", str(error)) from None


def _adopt(transfer: Transfer, host: Call, mine: OutgoingLeg, party: Leg) -> None:
    """`party` comes into `host`, in place of the transferor's leg `mine`."""
    transfer.begin(host)
    into = _take(host, party)
    transfer.leg, transfer.into = mine, into

    async def joined(call: Call) -> None:
        await call.bridge(into, record=transfer.record)

    host.redirect(joined, host.application)
    transfer.connected()  # now: the transferor's other call ends with this turn, and takes the dialog along


def _detach(transfer: Transfer, leg: Leg, party: OutgoingLeg, target: Leg) -> None:
    """Both calls are the transferor's own: the first party gets a call of its own, the second comes into it."""

    async def joined(call: Call) -> None:
        assert transfer.into is not None
        await call.bridge(transfer.into, record=transfer.record)

    mine = leg.live_call
    mine.redirect(stay, mine.application)
    call = detach(party, joined, mine.application, callee=transfer.target, cause=CAUSE)
    transfer.begin(call, mine)
    transfer.into = _take(call, target)
    transfer.connected()


def _take(host: Call, party: Leg) -> OutgoingLeg:
    """A leg of `host` that has `party` at its far end."""
    if isinstance(party, OutgoingLeg):
        into = new_leg(host, party.target, trunk=party.trunk)
        take_leg(party, into, CAUSE)
    else:
        into = new_leg(host, party.live_call.caller, trunk=party.live_call.trunk)
        take_caller(party.live_call, into, CAUSE)
    return into


def _hand_place(transfer: Transfer, leg: Leg, party: Leg, other: Leg) -> None:
    """`party` takes the transferor's place in the other call, whose application goes on undisturbed."""
    call = other.live_call
    if other is not call.a:
        raise RouteError(403, "rejected", "the second call is held by its other side")
    mine = leg.live_call
    reached = call.answered and call.dialling is None
    if leg is mine.a:
        mine.redirect(stay, mine.application)
    transfer.begin(call, mine)
    take_place(party, other, CAUSE)
    if reached:
        transfer.connected()
