"""The location service: which contacts an extension has. A protocol with an in-process default; a store keeps it over
a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pbx.sip.address import Destination


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
    )


def restored(row: StoredBinding) -> Binding:
    """The binding of a row; its connection, if it had one, is gone."""
    return Binding(
        row.uri,
        Destination(row.transport, row.host, row.port, None),
        row.expires_at,
        row.call_id,
        row.cseq,
        row.path,
        row.instance,
        row.q,
        row.user_agent,
    )
