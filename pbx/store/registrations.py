"""Keeps the contacts of extensions over a restart: phones need not register again before they can be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from pbx.call.location import StoredBinding
from pbx.store import schema
from pbx.store.bulk import Row
from pbx.store.encode import from_json, json_text, micros

_FIELDS = (
    *("uri", "transport", "host", "port", "expires_at", "call_id", "cseq", "path", "instance", "q", "user_agent"),
    "reg_id",  # new ones at the end: what an earlier version wrote is shorter
)


class Registrations:
    """A pbx.call.location.LocationStore: one row per extension, written with the next batch."""

    def __init__(self) -> None:
        self._read: list[StoredBinding] = []
        self._puts: list[tuple[str, Row, Row]] | None = None

    def read(self, connection: Connection) -> None:
        """Reads what was kept, for `load`."""
        query = select(schema.registrations.c.extension, schema.registrations.c.data)
        self._read = [
            _binding(extension, values) for extension, data in connection.execute(query) for values in from_json(data)
        ]

    def attach(self, puts: list[tuple[str, Row, Row]]) -> None:
        """From now on rows go into `puts`, the writer's list."""
        self._puts = puts

    def replace(self, extension: str, bindings: Sequence[StoredBinding]) -> None:
        """From now on `bindings` are all that `extension` has. Does not block."""
        if self._puts is None:
            raise RuntimeError("the store is not started: start it before the registrar")
        expires_us = max((micros(binding.expires_at) for binding in bindings), default=0)
        data = json_text([[getattr(binding, name) for name in _FIELDS] for binding in bindings])
        self._puts.append((schema.registrations.name, (extension,), (extension, expires_us, data)))

    def load(self) -> Sequence[StoredBinding]:
        """All that was kept when the store was started."""
        return self._read


def _binding(extension: str, values: list[Any]) -> StoredBinding:
    given = dict(zip(_FIELDS, values, strict=False))
    return StoredBinding(extension, **{**given, "path": tuple(given["path"])})
