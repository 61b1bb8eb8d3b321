"""INVITE with Replaces (RFC 3891): another phone takes over a leg, one that rings or one that is talked on.

Only an authenticated extension may, and only what rings in its pickup groups, or its own calls (advisory row 24).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.errors import CallEnded, RouteError
from pbx.call.leg import Leg
from pbx.call.moving import take_caller, take_place
from pbx.call.outgoing import OutgoingLeg
from pbx.call.pickup_rights import may_pick_up
from pbx.call.router import Routed
from pbx.events import Kind

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call
    from pbx.call.services import Services
    from pbx.sip.refer import Replaces

NAME = "replace"
CAUSE = "replaced"


def alias(leg: Leg) -> str:
    """What watchers of `leg` are told as its Call-ID: the true one, and its tags, are not theirs to know."""
    return f"{leg.live_call.id}.{leg.name}"


def replacing(services: Services, replaces: Replaces, account: str) -> tuple[Routed, Application]:
    """The application of an INVITE of `account` that replaces a dialog. RouteError 481, 486 or 403."""
    leg = _find(services, replaces)
    if leg is None or leg.is_ended:
        raise RouteError(481, "not_found", "Replaces names no dialog")
    if not _may(services, account, leg):
        raise RouteError(403, "forbidden", f"extension {account!r} may not take over leg {leg.name}")
    if leg.answered_at and replaces.early_only:
        raise RouteError(486, "busy", "early-only, but the dialog is confirmed")
    if not leg.answered_at and not isinstance(leg, OutgoingLeg):
        raise RouteError(481, "not_found", "a caller who is not answered yet cannot be replaced (RFC 3891 section 3)")

    async def replace(call: Call) -> None:
        await call.answer()
        take(call, leg, account)

    return Routed(NAME, "internal"), replace


def take(call: Call, leg: Leg, account: str) -> None:
    """The caller of `call` takes `leg` over; `call` ends."""
    if leg.is_ended or leg.call is None:
        raise RouteError(481, "lost", "the replaced dialog is over")
    early = not leg.answered_at
    leg.call.emit(Kind.LEG_REPLACED, leg.name, by=account, early=early)
    try:
        if early:
            assert isinstance(leg, OutgoingLeg)
            take_caller(call, leg, CAUSE)
        else:
            take_place(call.a, leg, CAUSE)
    except CallEnded as error:
        raise RouteError(481, "lost", str(error)) from None


def _find(services: Services, replaces: Replaces) -> Leg | None:
    session = services.agent.find_replaced(replaces.call_id, replaces.to_tag, replaces.from_tag)
    if session is not None:
        return session.observer if isinstance(session.observer, Leg) else None
    call_id, _, name = replaces.call_id.partition("@")[0].partition(".")
    call = services.running.calls.get(call_id)
    if call is None:
        return None
    return next((leg for leg in (call.a, *call.legs) if leg.name == name), None)


def _may(services: Services, account: str, leg: Leg) -> bool:
    watched = leg.extension
    if not account or not watched:
        return False
    if account == watched:
        return True
    known = services.dialplan.extensions
    return not leg.answered_at and may_pick_up(known[account], known[watched])
