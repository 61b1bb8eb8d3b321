"""Places: the networks that visitors come from, as far as one of them may not take a pool for itself. Never stored."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

IPV4_BITS, IPV6_BITS = 24, 64  # what one customer, office or script easily has (RFC 6177 for IPv6)


@lru_cache(maxsize=4096)
def place_of(address: str) -> str:
    """The /24 or /64 of an IP address; "" for what is none, which no limit counts."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if isinstance(found, IPv4Address):
        return f"{IPv4Address(int(found) >> (32 - IPV4_BITS) << (32 - IPV4_BITS))}/{IPV4_BITS}"
    return f"{IPv6Address(int(found) >> (128 - IPV6_BITS) << (128 - IPV6_BITS))}/{IPV6_BITS}"


def most_of_place(size: int, share: float) -> int:
    """Numbers of a pool of `size` that one place may hold at once: its share, one at least."""
    return max(int(size * share), 1)
