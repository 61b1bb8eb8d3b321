"""Keeping small states over a restart: what the call layer asks of a store, and the default that forgets."""

from __future__ import annotations

from typing import Any, Protocol


class Keeper(Protocol):
    """Entries by room and key. `put` must not block: it hands the row to a writer."""

    def load(self, room: str) -> dict[str, Any]:
        """What was kept in `room` when the process started, by key."""
        ...

    def put(self, room: str, key: str, value: Any) -> None:
        """From now on `key` of `room` is `value` (JSON-ready); None takes it back."""
        ...

    async def keep(self, room: str, key: str, value: Any) -> None:
        """As `put`, and returns when it is durable: before that nobody is promised anything. Raises what the store
        raises; then it may become durable all the same, unless `put` takes it back.
        """
        ...


class MemoryKeeper:
    """Keeps as long as the object lives."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, Any]] = {}

    def load(self, room: str) -> dict[str, Any]:
        return dict(self._rooms.get(room, {}))

    def put(self, room: str, key: str, value: Any) -> None:
        held = self._rooms.setdefault(room, {})
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value

    async def keep(self, room: str, key: str, value: Any) -> None:
        self.put(room, key, value)
