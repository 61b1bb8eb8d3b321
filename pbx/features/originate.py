"""Click-to-dial: rings A, and when A has answered, dials B as if A had dialled it: A's rights, limits and number.

A is a phone of ours, or anybody outside at the expense of an extension, whose rights hold for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pbx.call.call import Call
from pbx.call.errors import RouteError
from pbx.call.identity import address, clean_number
from pbx.call.originated import OriginatedLeg, OriginatedTrunkLeg
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.call.trunks.caller_id import TAG, VARIABLE
from pbx.features.intercom import auto_answer
from pbx.ids import new_id

if TYPE_CHECKING:
    from pbx.call.application import Application
    from pbx.call.services import Services
    from pbx.config import Extension

RING_S = 30.0
OUTBOUND = "outbound"
DIALLED = ("extension", OUTBOUND)  # what is dialled at the expense of the account; anything else is an application


class OriginateError(Exception):
    """The call cannot be begun: `status` is SIP's, the text says why and what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def originate(
    services: Services,
    caller: str,
    target: str,
    *,
    answer: bool = False,
    timeout_s: float = RING_S,
    account: str = "",
    caller_id: str = "",
    tag: str = "",
) -> Call:
    """Begins the call; `answer` asks the phone of `caller` to answer by itself. Raises OriginateError.

    `account` is the extension that pays where `caller` is a number outside; `caller_id` what numbers outside are shown,
    one of our own; `tag` is kept with the call. What goes wrong later ends the call and is in its record.
    """
    extensions = services.dialplan.extensions
    inside = caller in extensions
    payer = extensions.get(caller if inside else account)
    if payer is None:
        who = f"no extension {account!r} to pay for it" if account else f"no extension {caller!r}; name who pays"
        raise OriginateError(404, f"there is {who}: who clicks is rung first, and one of ours pays")
    number, first = clean_number(target), caller if inside else clean_number(caller)
    try:
        if not inside and services.router.from_extension(payer, first).application.partition(":")[0] != OUTBOUND:
            raise RouteError(404, "not_found", f"{caller!r} is neither an extension nor a number outside")
        routed = services.router.from_extension(payer, number)
        application = services.applications.find(routed.application)
    except RouteError as error:
        raise OriginateError(error.status, f"extension {payer.number} cannot call {target!r}: {error}") from None
    if caller_id and caller_id not in own_numbers(services, payer):
        raise OriginateError(403, f"extension {payer.number} may not show {caller_id!r}: it is no number of ours")
    setup = Setup(first, number, routed.application, direction=routed.direction, tag=tag or routed.tag)
    setup.withheld, setup.emergency = routed.withheld, routed.emergency
    shown = {name: value for name, value in ((VARIABLE, caller_id), (TAG, tag)) if value}
    if inside:
        return _begin(services, setup, application, answer=answer, timeout_s=timeout_s, variables=shown)
    setup.direction = OUTBOUND
    return _begin_outside(services, setup, application, payer.number, timeout_s, shown)


def own_numbers(services: Services, payer: Extension) -> set[str]:
    """What calls of `payer` may show: his number, his site's, and those that customers reach us by."""
    config = services.config
    found = {payer.caller_id, *(entry.number for entry in config.number), *(entry.number for entry in config.caller_id)}
    found |= {site.caller_id for site in config.site if site.name == payer.site}
    return found - {""}


def ring_for(services: Services, caller: str, application: Application, name: str, shown: str) -> Call:
    """Rings `caller`, who is shown `shown`, and runs `application` when they answer. Raises OriginateError."""
    setup = Setup(caller, shown, name, direction="internal")
    return _begin(services, setup, application, answer=False, timeout_s=RING_S)


def _begin(
    services: Services,
    setup: Setup,
    application: Application,
    *,
    answer: bool,
    timeout_s: float,
    variables: Mapping[str, str] | None = None,
) -> Call:
    _take_room(services)
    extensions, domain = services.dialplan.extensions, services.config.sip.domain
    setup.extension = setup.caller
    setup.caller_name = extensions[setup.caller].name
    setup.source = "click-to-dial"
    setup.limit_keys = (TOTAL,)
    call = Call(services, None, setup, new_id(services.clock.unix()))
    call.variables.update(variables or {})
    other = extensions.get(setup.callee)
    shown = address(other.name if other is not None else "", setup.callee, domain)
    headers = auto_answer(domain) if answer else []
    services.running.start(call, _both(application, shown, headers, timeout_s))
    return call


def _begin_outside(
    services: Services,
    setup: Setup,
    application: Application,
    account: str,
    timeout_s: float,
    variables: Mapping[str, str],
) -> Call:
    """Both numbers are outside, or the second one is whatever `account` can dial."""
    _take_room(services)
    setup.source, setup.limit_keys = "click-to-dial", (TOTAL,)
    call = Call(services, None, setup, new_id(services.clock.unix()))
    call.variables.update(variables)
    first = call.a = OriginatedTrunkLeg(call)

    async def run(call: Call) -> None:
        await first.fetch(setup.caller, account=account, timeout_s=timeout_s)
        if setup.application.partition(":")[0] not in DIALLED:
            await application(call)
            return
        result = await call.dial(setup.callee, timeout_s=timeout_s, account=account)
        if not result.answered:
            await call.hangup(result.cause, result.sip_status)

    services.running.start(call, run)
    return call


def _take_room(services: Services) -> None:
    if not services.limits.acquire(TOTAL, services.config.sip.max_calls):
        raise OriginateError(503, f"{services.config.sip.max_calls} calls run: sip.max_calls allows no more")


def _both(application: Application, shown: str, headers: list[str], timeout_s: float) -> Application:
    async def run(call: Call) -> None:
        leg = call.a
        assert isinstance(leg, OriginatedLeg)
        await leg.fetch(shown=shown, timeout_s=timeout_s, headers=headers)
        await application(call)

    return run
