"""Who asks, by address: the peer itself, or whom a trusted proxy names (`http.trusted_proxies`)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

MAX_HOPS = 16  # of one X-Forwarded-For
Network = IPv4Network | IPv6Network


class ClientAddress:
    """Gives the address that limits, the log and the audit count a request under.

    X-Forwarded-For is read from the right, as long as the one who wrote an entry is trusted: what a stranger puts into
    it himself stands further left and is never reached.
    """

    def __init__(self, trusted_proxies: Iterable[str] = ()) -> None:
        self._trusted: list[Network] = [ip_network(proxy, strict=False) for proxy in trusted_proxies]

    def of(self, connection: HTTPConnection) -> str:
        """The client's IP address; "" over a Unix socket."""
        peer = connection.client.host if connection.client is not None else ""
        if not self._trusted or not self.is_trusted(peer):
            return peer
        forwarded = ",".join(connection.headers.getlist("x-forwarded-for")).split(",")
        found = peer
        for entry in reversed(forwarded[-MAX_HOPS:]):
            address = _address(entry)
            if address is None:
                break
            found = address
            if not self.is_trusted(address):
                break
        return found

    def is_secure(self, connection: HTTPConnection) -> bool:
        """Whether the client's own connection is encrypted, to us or to a trusted proxy that says so."""
        if connection.url.scheme in ("https", "wss"):
            return True
        peer = connection.client.host if connection.client is not None else ""
        said = connection.headers.get("x-forwarded-proto", "").rpartition(",")[2].strip()
        return said == "https" and bool(self._trusted) and self.is_trusted(peer)

    def is_trusted(self, host: str) -> bool:
        """Whether `host` is one of the trusted proxies."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._trusted)


def _address(entry: str) -> str | None:
    """The address of an entry: "192.0.2.1", "192.0.2.1:4711", "[2001:db8::1]:4711", "2001:db8::1"."""
    text = entry.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None
