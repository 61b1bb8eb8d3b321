"""Flows that phones make and keep (RFC 5626): what a REGISTER says of them, and by which one a phone is rung."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.sip.address import NextHop
from pbx.sip.headers import HeaderError, NameAddr

if TYPE_CHECKING:
    from pbx.call.location import Binding
    from pbx.sip.headers import NameAddr as Contact
    from pbx.sip.message import Request

MAX_REG_ID = 2**31 - 1  # RFC 5626 section 4.2


class OutboundRefused(Exception):
    """The registration is refused with `status`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def reg_id_of(request: Request, contact: Contact) -> int:
    """Which flow of its instance the phone registers by `contact`, 0 when it does not use outbound (section 6). Raises
    OutboundRefused: 400 for more than one such contact, 439 when the first proxy on the way does not keep flows.
    """
    text = contact.params.get("reg-id", "")
    if not text or "+sip.instance" not in contact.params or "outbound" not in request.values("Supported"):
        return 0
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:12]) <= MAX_REG_ID:
        raise OutboundRefused(400, "Bad reg-id")
    if len(request.contacts) > 1:
        raise OutboundRefused(400, "More Than One Contact With reg-id")
    if len(request.values("Via")) > 1 and not _keeps_flows(request.values("Path")):
        raise OutboundRefused(439, "First Hop Lacks Outbound Support")
    return int(text)


def _keeps_flows(path: Sequence[str]) -> bool:
    """Whether the proxy next to the phone, the last of the path, says that it does."""
    try:
        return bool(path) and "ob" in NameAddr.parse(path[-1]).uri.params
    except HeaderError:
        return False


def ways_to(bindings: Sequence[Binding]) -> list[tuple[Binding, tuple[NextHop, ...]]]:
    """Each phone once: the binding to ring it by, and its other flows, to be tried when that one fails (section 5.3).

    The flow that was registered last comes first.
    """
    if len(bindings) == 1:
        return [(bindings[0], ())]
    if not any(binding.reg_id for binding in bindings):
        return [(binding, ()) for binding in bindings]
    phones: dict[str, list[Binding]] = {}
    for binding in bindings:
        key = binding.instance if binding.reg_id else f"{binding.instance} {binding.uri}"
        phones.setdefault(key, []).append(binding)
    ways = []
    for flows in phones.values():
        flows.sort(key=lambda binding: -binding.expires_at)
        first, *others = flows
        ways.append((first, tuple(NextHop(other.destination, other.uri, other.path) for other in others)))
    return ways
