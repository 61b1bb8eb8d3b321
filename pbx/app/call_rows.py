"""Running calls as values for lists and single looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg

AGENT = "agent"  # the role of a leg that a queue rang


def call_row(call: Call, now: float) -> dict[str, Any]:
    """`now` and instants are UTC seconds; `extensions` are all whose phones take part."""
    extensions = [leg.target for leg in call.legs if not leg.trunk]
    if call.extension:
        extensions.insert(0, call.extension)
    return {
        "id": call.id,
        "started": call.started_at,
        "answered": now - (call.loop.time() - call.answered_at) if call.answered else None,
        "caller": call.caller,
        "caller_name": call.caller_name,
        "callee": call.callee,
        "did": call.did,
        "trunk": call.trunk,
        "state": call.state,
        "application": call.application,
        "queue": call.queue,
        "agent": next((leg.target for leg in call.legs if leg.role == AGENT and leg.answered_at), ""),
        "tag": str(call.variables.get("tag") or call.setup.tag),
        "direction": call.direction,
        "held": _is_held(call),
        "recording": _recording(call),
        "extensions": extensions,
        "age_s": round(now - call.started_at, 1),
    }


def call_detail(call: Call, now: float) -> dict[str, Any]:
    """The same with its legs."""
    return {**call_row(call, now), "legs": [_leg(leg) for leg in (call.a, *call.legs) if not leg.is_ended]}


def _recording(call: Call) -> str:
    if call.tape is None:
        return ""
    return "paused" if call.tape.paused else "recording"


def _is_held(call: Call) -> bool:
    return any(leg.hold_since for leg in (call.a, *call.legs))


def _leg(leg: Leg) -> dict[str, Any]:
    call = leg.live_call
    answered = call.answered if leg is call.a else bool(getattr(leg, "answered_at", 0))
    return {
        "name": leg.name,
        "role": leg.role,
        "target": call.caller if leg is call.a else leg.target,
        "trunk": call.trunk if leg is call.a else leg.trunk,
        "state": "answered" if answered else "ringing",
        "held": bool(leg.hold_since),
        "talks_with": leg.peer.name if leg.peer is not None else "",
    }
