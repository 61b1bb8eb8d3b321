"""Whom we may ask: hosts by name, and the addresses that those names may lead to.

A flow that asks for an address that a caller, a customer's record or another's server can influence must not become a
way into our own network (server-side request forgery): hosts are listed, their addresses are looked at when they are
connected to, and redirects are not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from pbx.addresses import Address, is_public

PORTS = {"http": 80, "https": 443}


class HostError(ValueError):
    """An address that may not be asked; the text says why."""


class Hosts:
    """`hosts` and `networks` as in [http]. Raises ValueError for a network that is none. `everybody`: hosts need not be
    listed; their addresses are judged all the same.
    """

    def __init__(self, hosts: Iterable[str], networks: Iterable[str] = (), *, everybody: bool = False) -> None:
        self._everybody = everybody
        self._hosts = [entry.lower() for entry in hosts]
        self._networks = [ip_network(text, strict=False) for text in networks]

    def entry(self, scheme: str, host: str, port: int) -> str:
        """The entry of http.hosts that allows it, "" when none does. Without a port an entry means the usual ones."""
        host = host.lower().rstrip(".")
        for entry in self._hosts:
            name, wanted = split_entry(entry)
            if wanted is not None and wanted != port:
                continue
            if wanted is None and port != PORTS.get(scheme):
                continue
            if name == host or (name.startswith("*.") and host.endswith(name[1:]) and len(host) > len(name) - 1):
                return entry
        return ""

    def check(self, url: str) -> tuple[str, int, str]:
        """(host, port, entry) of a URL. Raises HostError."""
        try:
            parts = urlsplit(url)
            port = parts.port or PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise HostError(f"{url[:200]!r} is no address: {error}") from None
        host = parts.hostname or ""
        if parts.scheme not in PORTS or not host or any(mark.isspace() or not mark.isprintable() for mark in url):
            raise HostError(f"{url[:200]!r} is no http:// or https:// address")
        if parts.username is not None or parts.password is not None:
            raise HostError("an address may not hold a name and password: use http.secrets and a header")
        entry = self.entry(parts.scheme, host, port)
        if not entry and not self._everybody:
            raise HostError(f"{host}:{port} is not listed; add it to http.hosts")
        return host, port, entry

    def choose(self, host: str, addresses: Sequence[str]) -> list[str]:
        """Those of `addresses` that `host` may be connected at. Raises HostError when there is none."""
        allowed = [text for text in addresses if self._may(ip_address(text.partition("%")[0]))]
        if not allowed:
            found = ", ".join(addresses) or "nowhere"
            raise HostError(f"{host} leads to {found}, which is no public address; list its network in http.networks")
        return allowed

    def _may(self, address: Address) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        if any(address.version == network.version and address in network for network in self._networks):
            return True
        return is_public(address)


def split_entry(entry: str) -> tuple[str, int | None]:
    """(name, port) of an entry of http.hosts, None for the usual port. Raises ValueError."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        text = rest.removeprefix(":")
    else:
        name, _, text = entry.partition(":")
    if text and not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ValueError(f"{text!r} is no port")
    if not name or name == "*" or "/" in name or "*" in name.removeprefix("*."):
        raise ValueError(f"{entry!r} is no host: write crm.example, *.example or 10.0.0.5:8080")
    return name, int(text) if text else None
