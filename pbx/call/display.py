"""Whom a phone shows as the other party after a transfer, a pick-up or the fetching of a parked call: an UPDATE without
offer says who it is now (P-Asserted-Identity, RFC 3325; Remote-Party-ID for phones that read that).

Only phones of ours that allow UPDATE (RFC 3311) are told: they are inside our trust domain, and lose nothing by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.identity import clean_name, clean_number
from pbx.sip.identity_headers import ANONYMOUS_FROM, asserted_line, remote_party_line

if TYPE_CHECKING:
    from pbx.call.leg import Leg


def show_each_other(one: Leg, other: Leg) -> None:
    """Both hear each other from now on, and did not expect to."""
    _show(one, other)
    _show(other, one)


def _show(leg: Leg, party: Leg) -> None:
    session = leg.session
    if session is None or session.state != "confirmed" or not leg.extension or not _takes_update(leg):
        return
    if not leg.live_call.services.config.transfer.update_display:
        return
    session.send("UPDATE", headers=_lines(party), done=_nobody_minds)


def _takes_update(leg: Leg) -> bool:
    """Whether the phone said so: in its answer, or in the INVITE that it called with."""
    if leg.takes_update is None:
        request = leg.session.request if leg.session is not None else None
        leg.takes_update = request is not None and "UPDATE" in (request.header("Allow") or "")
    return leg.takes_update


def _lines(party: Leg) -> tuple[str, ...]:
    call = party.live_call
    services = call.services
    domain = services.config.sip.domain
    extension = services.dialplan.extensions.get(party.extension)
    if party is call.a:
        if call.setup.withheld:
            return (f"P-Asserted-Identity: {ANONYMOUS_FROM}", "Privacy: id")
        number, name = call.caller, call.caller_name
    else:
        number, name = party.target, ""
    if extension is not None:
        number, name = extension.number, extension.name
    number, name = clean_number(number), clean_name(name)
    return asserted_line(number, domain, name), remote_party_line(number, domain, name)


def _nobody_minds(_status: int) -> None:
    """A display that is not right is no reason to end a call."""
