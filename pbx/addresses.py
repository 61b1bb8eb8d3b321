"""Which addresses are of the open internet: what guards against being led into our own network asks here."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address
# IPv6 addresses that hold an IPv4 one: NAT64 (RFC 6052, RFC 8215), 6to4, Teredo
_TRANSLATED = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))
_SHARED = ip_network("100.64.0.0/10")


def is_public(address: Address) -> bool:
    """Whether it is an address of the open internet, and no other way to write one of ours (RFC 6890, RFC 6052)."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _TRANSLATED) or address.is_site_local:
            return False
    elif address in _SHARED:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified
