"""Intercom: the called phone answers by itself, if it is not on a call and may be called so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.causes import for_caller
from pbx.call.errors import DialFailed
from pbx.sip.ring_headers import Ring, ring_lines

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.call import Call

RING_S = 15.0  # of a phone that does not answer by itself


def auto_answer(domain: str, tone: str = "") -> list[str]:
    """The headers that make a phone answer by itself, or ring with `tone` if it does not."""
    return ring_lines(Ring(0, tone), domain)


def intercom_application(target: str) -> Application | None:
    """The application of "intercom:101"."""

    async def intercom(call: Call) -> None:
        services = call.services
        extension = services.dialplan.extensions.get(target)
        if extension is None:
            await call.hangup("not_found", 404)
            return
        if not extension.intercom:
            await call.hangup("forbidden", 403)
            return
        if services.limits.in_use(f"extension:{target}"):  # nobody's talk is broken into
            await call.hangup("busy", 486)
            return
        headers = auto_answer(services.config.sip.domain, services.config.ring.intercom)
        leg = call.originate(target, timeout_s=RING_S, headers=headers)
        call.dialling = leg
        try:
            await leg.answered()
        except DialFailed as failure:
            await call.hangup(failure.cause, for_caller(failure.status), by="callee")
            return
        finally:
            call.dialling = None
        await call.bridge(leg, record=extension.record)

    return intercom
