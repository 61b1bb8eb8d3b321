"""Click-to-dial: rings A, and when A has answered, dials B as if A had dialled it: A's rights, limits and number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.call import Call
from pbx.call.errors import RouteError
from pbx.call.identity import address, clean_number
from pbx.call.originated import OriginatedLeg
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.features.intercom import auto_answer
from pbx.ids import new_id

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.services import Services

RING_S = 30.0


class OriginateError(Exception):
    """The call cannot be begun: `status` is SIP's, the text says why and what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def originate(services: Services, caller: str, target: str, *, answer: bool = False, timeout_s: float = RING_S) -> Call:
    """Begins the call; `answer` asks the phone of `caller` to answer by itself. Raises OriginateError.

    What goes wrong later ends the call and is in its record.
    """
    extension = services.dialplan.extensions.get(caller)
    if extension is None:
        raise OriginateError(
            404, f"there is no extension {caller!r}; who clicks is rung first, so it must be one of ours"
        )
    number = clean_number(target)
    try:
        routed = services.router.from_extension(extension, number)
        application = services.applications.find(routed.application)
    except RouteError as error:
        raise OriginateError(error.status, f"extension {caller} cannot call {target!r}: {error}") from None
    setup = Setup(caller, number, routed.application, direction=routed.direction, tag=routed.tag)
    setup.withheld, setup.emergency = routed.withheld, routed.emergency
    return _begin(services, setup, application, answer=answer, timeout_s=timeout_s)


def ring_for(services: Services, caller: str, application: Application, name: str, shown: str) -> Call:
    """Rings `caller`, who is shown `shown`, and runs `application` when they answer. Raises OriginateError."""
    setup = Setup(caller, shown, name, direction="internal")
    return _begin(services, setup, application, answer=False, timeout_s=RING_S)


def _begin(services: Services, setup: Setup, application: Application, *, answer: bool, timeout_s: float) -> Call:
    if not services.limits.acquire(TOTAL, services.config.sip.max_calls):
        raise OriginateError(503, f"{services.config.sip.max_calls} calls run: sip.max_calls allows no more")
    extensions, domain = services.dialplan.extensions, services.config.sip.domain
    setup.extension = setup.caller
    setup.caller_name = extensions[setup.caller].name
    setup.source = "click-to-dial"
    setup.limit_keys = (TOTAL,)
    call = Call(services, None, setup, new_id(services.clock.unix()))
    other = extensions.get(setup.callee)
    shown = address(other.name if other is not None else "", setup.callee, domain)
    headers = auto_answer(domain) if answer else []
    services.running.start(call, _both(application, shown, headers, timeout_s))
    return call


def _both(application: Application, shown: str, headers: list[str], timeout_s: float) -> Application:
    async def run(call: Call) -> None:
        leg = call.a
        assert isinstance(leg, OriginatedLeg)
        await leg.fetch(shown=shown, timeout_s=timeout_s, headers=headers)
        await application(call)

    return run
