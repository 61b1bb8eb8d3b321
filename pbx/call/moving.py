"""Moving parties between calls: a dialog and its stream change the leg, and so the call, that they belong to.

Pickup, park, transfer and three-way calls are made of these. The far end notices nothing but who it hears; no SIP goes
out. The leg that gives its dialog away ends with a cause of its own, the one that takes it goes on as answered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pbx.call.call import Call
from pbx.call.causes import reason_header
from pbx.call.dialled import Dialled
from pbx.call.display import show_each_other
from pbx.call.errors import CallEnded
from pbx.call.outgoing import OutgoingLeg
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.events import Kind
from pbx.ids import new_id

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.leg import Leg
    from pbx.call.trunks.meter import Meter


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
    _continue_seizure(call.a)
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
    call.services.recorder.release(call.a)
    into.take_over(call.a, _dialled(setup.caller, setup.trunk, keys, call.give_meter()), cause)
    _continue_seizure(into)


def new_leg(call: Call, target: str, role: str = "callee", trunk: str = "") -> OutgoingLeg:
    """A leg of `call` without a dialog, to be filled by `take_caller` or `take_leg`."""
    leg = OutgoingLeg(call, call.next_leg_name(), role, target, trunk)
    call.legs.append(leg)
    call.emit(Kind.LEG_STARTED, leg.name, role=role, target=target, trunk=trunk, moved=True)
    return leg


def take_leg(leg: OutgoingLeg, into: OutgoingLeg, cause: str) -> None:
    """The far end of the answered `leg` becomes that of `into`, which was made for it; `leg` ends with `cause`.

    Its places in the limits go with it, and its talk goes on being charged. Raises CallEnded when either is over.
    """
    if leg.is_ended or not leg.answered_at or into.is_ended or into.answered_at:
        raise CallEnded(f"leg {leg.name} or {into.name} is not answered or over already")
    keys, meter = leg.limit_keys, leg.meter
    leg.keep_limits()
    leg.live_call.services.recorder.release(leg)
    into.take_over(leg, _dialled(leg.target, leg.trunk, keys, meter), cause)
    _continue_seizure(into)


def take_place(leg: Leg, place: Leg, cause: str) -> None:
    """The far end of the answered `leg` takes the place of that of `place`, which is hung up; `leg` ends with `cause`.

    Whatever `place` is part of goes on: its bridge, its application, its place in a queue. Raises CallEnded when
    either is over.
    """
    if leg.is_ended or not leg.answered_at or place.is_ended or leg.session is None:
        raise CallEnded(f"leg {leg.name} or {place.name} is over already")
    call, peer = place.live_call, place.peer
    meter = _hand_limits(leg, place)
    call.services.recorder.release(leg)
    session, place.session = place.session, None
    if session is not None:
        session.observer = None
        session.end(487, (reason_header("normal"),))
    place.forget_hold()
    place.seized = False
    trunk, target = leg.trunk, leg.target
    leg.give(place, cause)
    _continue_seizure(place, trunk, target)
    if place is call.a:
        call.taken_over()
        if meter is not None:
            call.charge(meter)
    if peer is not None and not peer.is_ended:
        place.join(peer)
        show_each_other(place, peer)
        if call.recording:
            call.services.recorder.start(call, peer if place is call.a else place)


def _continue_seizure(leg: Leg, trunk: str = "", target: str = "") -> None:
    """Reports go on billing a far end that we called by a trunk; another seizure it is not (metrics: D1)."""
    if leg.seized:
        leg.live_call.emit(Kind.TRUNK_CONTINUED, leg.name, trunk=trunk or leg.trunk, target=target or leg.target)


def _hand_limits(leg: Leg, place: Leg) -> Meter | None:
    """Places in the limits go with the far end; gives what charges it, when `place` is a caller."""
    call = place.live_call
    keys, meter, who = _limits_of(leg)
    if isinstance(place, OutgoingLeg):
        call.services.limits.release(place.limit_keys)
        place.rename(_dialled(who.caller, who.trunk, keys, meter))
        return None
    mine = call.setup.limit_keys
    call.services.limits.release(tuple(key for key in mine if key != TOTAL))
    kept = tuple(key for key in mine if key == TOTAL)
    call.setup = replace(
        call.setup,
        caller=who.caller,
        caller_name=who.caller_name,
        extension=who.extension,
        trunk=who.trunk,
        limit_keys=(*kept, *keys),
    )
    return meter


def _limits_of(leg: Leg) -> tuple[tuple[str, ...], Meter | None, Setup]:
    """What `leg` holds and gives up: limit keys and what charges it; and who is at its far end."""
    call = leg.live_call
    if isinstance(leg, OutgoingLeg):
        keys, meter = leg.limit_keys, leg.meter
        leg.keep_limits()
        extension = leg.extension
        known = call.services.dialplan.extensions.get(extension)  # None: removed from the settings meanwhile
        name = known.name if known is not None else ""
        return keys, meter, Setup(leg.target, "", caller_name=name, trunk=leg.trunk, extension=extension)
    setup = call.setup
    keys = tuple(key for key in setup.limit_keys if key != TOTAL)
    call.setup = replace(setup, limit_keys=tuple(key for key in setup.limit_keys if key == TOTAL))
    return keys, call.give_meter(), setup


def _dialled(target: str, trunk: str, keys: tuple[str, ...], meter: Meter | None) -> Dialled:
    return Dialled(target, (), "", "", trunk=trunk, limit_keys=keys, meter=meter)
