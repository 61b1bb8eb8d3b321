"""What people set from their phones: do not disturb, forwards, call waiting, follow-me. It goes before the
configuration and outlives the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from pbx.config import Extension
from pbx.events import EventBus, PhoneSettingsChanged

REASONS = ("always", "busy", "no_answer", "unregistered")
MAX_TARGET = 64


@dataclass(slots=True, frozen=True)
class PhoneSettings:
    """None: as configured. A forward to "" is switched off."""

    dnd: bool = False
    call_waiting: bool | None = None
    follow_me: bool | None = None
    forward_always: str | None = None
    forward_busy: str | None = None
    forward_no_answer: str | None = None
    forward_unregistered: str | None = None


NOTHING_SET = PhoneSettings()
FIELDS = tuple(asdict(NOTHING_SET))


class SettingsStore(Protocol):
    """Keeps settings by extension. `save` returns when they are on disk; what it raises, the phone is told."""

    async def save(self, extension: str, settings: Mapping[str, Any]) -> None: ...
    def load(self) -> Mapping[str, Mapping[str, Any]]:
        """All that was kept; called once at the start."""
        ...


class MemorySettingsStore:
    """The default: settings live as long as the process."""

    def __init__(self) -> None:
        self.kept: dict[str, Mapping[str, Any]] = {}

    async def save(self, extension: str, settings: Mapping[str, Any]) -> None:
        self.kept[extension] = dict(settings)

    def load(self) -> Mapping[str, Mapping[str, Any]]:
        return self.kept


class PhoneBook:
    """The settings of all extensions. Reading costs one look-up in a dictionary that is empty on most systems."""

    def __init__(self, store: SettingsStore, bus: EventBus) -> None:
        self._store = store
        self._bus = bus
        self._set: dict[str, PhoneSettings] = {}

    def restore(self) -> None:
        """Takes what was kept; a value that no longer means anything is left out."""
        for extension, kept in self._store.load().items():
            self._put(extension, PhoneSettings(**{name: kept[name] for name in FIELDS if name in kept}))

    def of(self, extension: str) -> PhoneSettings:
        return self._set.get(extension, NOTHING_SET)

    def all(self) -> Mapping[str, PhoneSettings]:
        """Those that differ from the configuration."""
        return self._set

    async def change(self, extension: str, **changes: Any) -> PhoneSettings:
        """Sets what `changes` name; returns when it is durable. Raises what the store raises, and then nothing has
        changed.
        """
        before = self.of(extension)
        after = replace(before, **changes)
        if after != before:
            await self._store.save(extension, {} if after == NOTHING_SET else asdict(after))
            self._put(extension, after)
            self._bus.publish(PhoneSettingsChanged(extension, asdict(after)))
        return after

    def _put(self, extension: str, settings: PhoneSettings) -> None:
        if settings == NOTHING_SET:
            self._set.pop(extension, None)
        else:
            self._set[extension] = settings

    # -- what counts -----------------------------------------------------------------------------------------------

    def forward(self, extension: Extension, reason: str) -> str:
        """Where `extension` sends calls for `reason` ("always", "busy", "no_answer", "unregistered"); "": nowhere."""
        name = f"forward_{reason}"
        own = getattr(self._set.get(extension.number, NOTHING_SET), name)
        target: str = getattr(extension, name) if own is None else own
        return target

    def call_waiting(self, extension: Extension) -> bool:
        own = self.of(extension.number).call_waiting
        return extension.call_waiting if own is None else own

    def follows(self, extension: Extension) -> bool:
        """Whether calls go through the extension's follow-me plan."""
        return bool(extension.follow_me) and self.of(extension.number).follow_me is not False
