"""Where a test call goes: to our own SIP socket as a phone of ours would, or out by a trunk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pbx.call.call import Call
from pbx.call.dialled import Contact, Dialled
from pbx.call.identity import address, uri_user
from pbx.call.originated import OriginatedLeg, OriginatedTrunkLeg
from pbx.call.service_keys import TOTAL
from pbx.call.setup import Setup
from pbx.config import Extension, Route
from pbx.config_selftest import SelfTest
from pbx.ids import new_id
from pbx.sip.address import Destination
from pbx.sip.client_auth import ClientCredentials

if TYPE_CHECKING:
    from pbx.call.services import Services

Listening = Callable[[], Iterable[tuple[str, str, int]]]  # (transport, host, port) of our SIP sockets
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
PAYER = "selftest"


class NoWay(Exception):
    """The test call cannot be placed; the text says why."""


def add_payer(services: Services, config: SelfTest) -> str:
    """Test calls by a trunk have an account of their own, so that no extension pays for them; gives its name."""
    name = f"{PAYER}:{config.name}"
    services.dialplan.outbound.add_payer(
        Extension(number=name, secret="-", outbound=True, international=True, caller_id=config.caller)  # noqa: S106
    )
    return name


def new_call(services: Services, config: SelfTest) -> Call:
    """A call that is still to be placed, with its place in the limits. Raises NoWay."""
    if not services.limits.acquire(TOTAL, services.config.sip.max_calls):
        raise NoWay(f"{services.config.sip.max_calls} calls run: sip.max_calls allows no more")
    direction = "outbound" if config.trunk else "internal"
    setup = Setup(config.caller, config.number, f"selftest:{config.name}", direction=direction, source="selftest")
    setup.limit_keys = (TOTAL,)
    call = Call(services, None, setup, new_id(services.clock.unix()))
    call.a = OriginatedTrunkLeg(call) if config.trunk else OriginatedLeg(call)
    return call


def destination(services: Services, config: SelfTest, call: Call, payer: str, listening: Listening) -> Dialled:
    """Raises NoWay, or DialFailed for a trunk that takes no call."""
    if config.trunk:
        route = Route(match="", trunk=config.trunk, international=True)
        return services.dialplan.outbound.dial(call, config.number, route, payer)
    extension = services.dialplan.extensions[config.caller]
    domain = services.config.sip.domain
    for transport, host, port in listening():
        if transport in ("udp", "tcp"):
            own = WILDCARDS.get(host, host)
            user = uri_user(config.number)
            uri = f"sip:{user}@{f'[{own}]' if ':' in own else own}:{port}"
            credentials = ClientCredentials(extension.number, extension.secret)
            return Dialled(
                target=config.number,
                contacts=(Contact(uri, Destination(transport, own, port), credentials=credentials),),
                from_=address(extension.name, extension.number, domain),
                to=f"<sip:{user}@{domain}>",
                contact_user=extension.number,
            )
    raise NoWay("sip.listen has neither UDP nor TCP, which calls over the loop-back need")
