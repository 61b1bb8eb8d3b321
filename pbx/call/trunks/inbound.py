"""Who calls by a trunk: what the carrier asserts, in our form of numbers, and whether it may be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pbx.call.identity import clean_name, clean_number
from pbx.sip.identity_headers import Identity, is_anonymous, trusted_caller, wants_privacy

if TYPE_CHECKING:
    from pbx.call.trunks.trunk import Trunk
    from pbx.sip.message import Request


IDENTITY = ("P-Asserted-Identity", "Remote-Party-ID", "Privacy")


class InboundCaller(NamedTuple):
    """`number` is for the lists and the plan alone when it is `withheld`; then callers are shown as anonymous."""

    number: str
    name: str
    withheld: bool


def inbound_caller(request: Request, trunk: Trunk) -> InboundCaller:
    """The caller of an INVITE that came by `trunk`. The trunk's country makes its number E.164."""
    sender = request.from_
    identity = Identity(sender.uri.user, sender.display, sender.uri.host)
    withheld = is_anonymous(identity) or not identity.number
    if trunk.config.trust_identity and request.has_any(IDENTITY):
        told = trusted_caller(request)
        if told is not None:
            hidden = withheld or told[1]
            identity, withheld = told[0], hidden
        elif not withheld:
            withheld = wants_privacy(request)
    number = clean_number(identity.number)
    if number and trunk.plan.country:
        number = trunk.plan.e164(number) or number
    return InboundCaller("" if is_anonymous(identity) else number, clean_name(identity.name), withheld)
