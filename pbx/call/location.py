"""The location service: which contacts an extension has. A protocol with an in-process default; a store keeps it over
a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pbx.sip.address import Destination, same_host
from pbx.sip.uri import Uri, UriError


@dataclass(slots=True)
class Binding:
    """One registered contact (RFC 3261 section 10.3). `destination` is where it really sits, whatever the URI says."""

    uri: str
    destination: Destination
    expires_at: float  # UTC seconds
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()  # RFC 3327: the Route of requests to this contact
    instance: str = ""  # +sip.instance, RFC 5626
    q: float = 1.0
    user_agent: str = ""
    reg_id: int = 0  # RFC 5626: one of several flows of the same instance; 0: the phone does not use outbound
    lost_at: float = 0.0  # UTC seconds: its connection is gone since, and only the phone can make one; 0.0: no

    @property
    def instance_key(self) -> str:
        """What tells one phone from another."""
        return self.instance or self.uri


@dataclass(slots=True, frozen=True)
class StoredBinding:
    """A binding as a store keeps it: plain values, no live connection."""

    extension: str
    uri: str
    transport: str
    host: str
    port: int
    expires_at: float  # UTC seconds
    call_id: str
    cseq: int
    path: tuple[str, ...]
    instance: str
    q: float
    user_agent: str
    reg_id: int = 0


class LocationStore(Protocol):
    """Keeps bindings. `replace` must not block: it hands the rows to a writer."""

    def replace(self, extension: str, bindings: Sequence[StoredBinding]) -> None:
        """From now on `bindings` are all that `extension` has."""
        ...

    def load(self) -> Sequence[StoredBinding]:
        """All that was kept; called once at the start."""
        ...


class MemoryLocationStore:
    """The default: bindings live as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[StoredBinding, ...]] = {}

    def replace(self, extension: str, bindings: Sequence[StoredBinding]) -> None:
        self._kept[extension] = tuple(bindings)

    def load(self) -> Sequence[StoredBinding]:
        return [binding for bindings in self._kept.values() for binding in bindings]


def stored(extension: str, binding: Binding) -> StoredBinding:
    """The row of `binding`."""
    destination = binding.destination
    return StoredBinding(
        extension,
        binding.uri,
        destination.transport,
        destination.host,
        destination.port,
        binding.expires_at,
        binding.call_id,
        binding.cseq,
        binding.path,
        binding.instance,
        binding.q,
        binding.user_agent,
        binding.reg_id,
    )


def restored(row: StoredBinding, now: float) -> Binding:
    """The binding of a row; its connection, if it had one, is gone."""
    binding = Binding(
        row.uri,
        Destination(row.transport, row.host, row.port, None),
        row.expires_at,
        row.call_id,
        row.cseq,
        row.path,
        row.instance,
        row.q,
        row.user_agent,
        row.reg_id,
    )
    if not can_be_called_back(binding):
        binding.lost_at = now
    return binding


def can_be_called_back(binding: Binding) -> bool:
    """Whether we can reach the phone without the connection that it registered by: over UDP always, over TCP when its
    contact names the very address that it has and it said nothing of outbound. Over TLS it would need a certificate.
    """
    destination = binding.destination
    if destination.transport == "udp":
        return True
    if destination.transport != "tcp" or binding.reg_id:
        return False
    try:
        return same_host(Uri.parse(binding.uri).host, destination.host)
    except UriError:
        return False
