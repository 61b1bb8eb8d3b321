"""To which addresses of a description media may go (RFC 8866 section 5.7)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from pbx.sdp.description import SdpError, is_ipv4
from pbx.sdp.protection import NotAcceptable


@lru_cache(maxsize=1024)
def reachable(address: str, ipv6: bool) -> str:
    """The address to send to; "" for 0.0.0.0 and :: (hold as RFC 2543 did it, RFC 3264 section 8.4).

    Media goes to one unicast address, and to nothing that would have to be looked up or that many hear. `ipv6` says
    which family our own address has: the far end's has to be of the same.
    """
    if ":" in address:
        six = ipaddress.IPv6Address(address)
        if six.ipv4_mapped is None:
            return _reachable_ipv6(six, ipv6)
        address = str(six.ipv4_mapped)
    if not address:
        raise SdpError(400, "The session description has no connection address")
    if not is_ipv4(address):
        raise NotAcceptable("The connection address has to be an IP address", 301)
    first = int(address.partition(".")[0])
    if first >= 224 or (first == 0 and address != "0.0.0.0"):  # noqa: S104
        raise NotAcceptable("The connection address is not a unicast address", 301)
    if first and ipv6:
        raise NotAcceptable("Media over IPv4 is not possible here", 300)
    return "" if first == 0 else address


def ipv6_connection(description: bytes) -> str:
    """The IPv6 address that an offer's audio goes to; "" when it has IPv4, or ICE to choose. A hint: not checked."""
    if b"\nc=IN IP6 " not in description or b"\nc=IN IP4 " in description or b"\na=ice-ufrag" in description:
        return ""
    text = description.partition(b"\nc=IN IP6 ")[2][:64].split(None, 1)
    try:
        return str(ipaddress.IPv6Address(text[0].decode())) if text else ""
    except ValueError:
        return ""


def _reachable_ipv6(address: ipaddress.IPv6Address, ipv6: bool) -> str:
    if address.is_multicast or address.is_link_local:
        raise NotAcceptable("The connection address is not a unicast address that can be reached", 301)
    if address.is_unspecified:
        return ""
    if not ipv6:
        raise NotAcceptable("Media over IPv6 is not possible here", 300)
    return str(address)
