"""Moving parties between calls: a dialog and its stream change the leg, and so the call, that they belong to.

Pickup, park, transfer and three-way calls are made of these. The far end notices nothing but who it hears; no SIP goes
out. The leg that gives its dialog away ends with a cause of its own, the one that takes it goes on as answered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.call.call import Call
from pbx.call.errors import CallEnded
from pbx.call.outgoing import Dialled, OutgoingLeg
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.events import Kind
from pbx.ids import new_id

if TYPE_CHECKING:
    from pbx.call.application import Application


def detach(leg: OutgoingLeg, application: Application, name: str, *, callee: str, cause: str) -> Call:
    """The answered `leg` leaves its call and becomes the caller of a new one that runs `application`.

    `name` is what the new call was routed to, `callee` what its record says was called, `cause` how the leg left.
    What its talk costs goes on being charged. Raises CallEnded when the leg is over.
    """
    session = leg.session
    if leg.is_ended or session is None or not leg.answered_at:
        raise CallEnded(f"leg {leg.name} is not answered or over already")
    old = leg.live_call
    services = old.services
    keys, meter = leg.limit_keys, leg.meter
    extension = leg.target if not leg.trunk and leg.target in services.dialplan.extensions else ""
    setup = Setup(
        caller=leg.target,
        callee=callee,
        application=name,
        trunk=leg.trunk,
        direction="internal" if extension else "outbound",
        extension=extension,
        max_forwards=old.setup.max_forwards,
        source=old.setup.source,
        limit_keys=keys,
    )
    leg.keep_limits()
    call = Call(services, session, setup, new_id(services.clock.unix()))
    call.language = old.language
    leg.give(call.a, cause)
    call.a.early = True  # nothing that is meant for a ringing caller may be sent in this dialog any more
    call.answered_at = call.a.answered_at
    services.running.start(call, application)
    if meter is not None:
        call.charge(meter)
    call.emit(Kind.CALL_ANSWERED)
    return call


def take_caller(call: Call, into: OutgoingLeg, cause: str) -> None:
    """The caller of `call` becomes the far end of `into`, which rings or was made for it; `call` ends with `cause`.

    What `into` rang stops ringing and is told that the call was completed elsewhere. Raises CallEnded when either is
    over, or when the caller was not answered yet.
    """
    if call.ended or call.a.is_ended or not call.answered or into.is_ended or into.answered_at:
        raise CallEnded(f"call {call.id} or leg {into.name} is over already")
    setup = call.setup
    keys = tuple(key for key in setup.limit_keys if key != TOTAL)
    call.setup = replace(setup, limit_keys=tuple(key for key in setup.limit_keys if key == TOTAL))
    dialled = Dialled(setup.caller, (), "", "", trunk=setup.trunk, limit_keys=keys)
    into.take_over(call.a, dialled, cause)


def new_leg(call: Call, target: str, role: str = "callee") -> OutgoingLeg:
    """A leg of `call` without a dialog, to be filled by `take_caller`."""
    leg = OutgoingLeg(call, call.next_leg_name(), role, target)
    call.legs.append(leg)
    call.emit(Kind.LEG_STARTED, leg.name, role=role, target=target, trunk="")
    return leg
