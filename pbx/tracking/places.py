"""Places: the networks that visitors come from, as far as one of them may not take a pool for itself. Never stored."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network

IPV4_BITS, IPV6_BITS = 24, 64  # what one customer, office or script easily has (RFC 6177 for IPv6)


@lru_cache(maxsize=4096)
def place_of(address: str) -> str:
    """The /24 or /64 of an IP address; "" for what is none, which no limit counts."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped if mapped is not None else found
    return str(ip_network((found, IPV4_BITS if found.version == 4 else IPV6_BITS), strict=False))


def most_of_place(size: int, share: float) -> int:
    """Numbers of a pool of `size` that one place may hold at once: its share, one at least."""
    return max(int(size * share), 1)
