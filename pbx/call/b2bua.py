"""The applications that dial on: "extension:101" rings a phone, "outbound:+48..." goes out by a trunk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.causes import for_caller

if TYPE_CHECKING:
    from pbx.call.application import Application, Applications
    from pbx.call.call import Call
    from pbx.call.dialplan import Dialplan

OUTBOUND_RING_S = 120.0


def register(applications: Applications, dialplan: Dialplan) -> None:
    """Adds the kinds "extension" and "outbound"."""

    def extension(number: str) -> Application | None:
        known = dialplan.extensions.get(number)
        return _dialler(number, known.ring_timeout_s) if known is not None else None

    def outbound(number: str) -> Application | None:
        return _dialler(number, OUTBOUND_RING_S) if number else None

    applications.register("extension", extension)

    def emergency(number: str) -> Application | None:
        return _emergency_dialler(number) if dialplan.outbound.emergency.find(number) else None

    applications.register("outbound", outbound, keep=False)
    applications.register("emergency", emergency)


def _emergency_dialler(number: str) -> Application:
    async def dial(call: Call) -> None:
        dialplan = call.services.dialplan
        emergency = dialplan.outbound.emergency
        try:
            await emergency.make_room(call, number)
            result = await call.dial(number, timeout_s=OUTBOUND_RING_S)
        finally:
            emergency.over(call)
        if not result.answered:
            await call.hangup(result.cause, for_caller(result.sip_status), by="callee")

    return dial


def _dialler(target: str, timeout_s: float) -> Application:
    async def dial(call: Call) -> None:
        caller = call.services.dialplan.extensions.get(call.extension)
        call.nothing_follows = True
        result = await call.dial(target, timeout_s=timeout_s, record=caller is not None and caller.record)
        call.nothing_follows = False
        if not result.answered:
            status = for_caller(result.sip_status)
            if 500 <= status <= 599 and target in call.services.dialplan.extensions:
                status = 480  # a phone's trouble is not the PBX's (RFC 3261 section 16.7, step 6)
            await call.hangup(result.cause, status, by="callee")

    return dial
