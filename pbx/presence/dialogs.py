"""The event package "dialog" (RFC 4235): lamps for extensions and park slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pbx.call.pickup_rights import may_pick_up
from pbx.events import EventBus, ParkSlotChanged
from pbx.presence.dialog_info import CONTENT_TYPE, dialog_info
from pbx.presence.lines import Line, Lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pbx.config import Config, Extension
    from pbx.presence.package import Changed


class DialogPackage:
    """An extension's phones, or a park slot: what hangs in it is one confirmed dialog. `slots` are their numbers."""

    name = "dialog"
    content_type = CONTENT_TYPE

    def __init__(self, config: Config, bus: EventBus, lines: Lines, slots: Iterable[str], changed: Changed) -> None:
        self._slots: dict[str, str] = {}  # who waits there, "" for nobody
        self.configure({extension.number: extension for extension in config.extension}, slots)
        self._domain = config.sip.domain
        self._policy = config.subscriptions.remote_identity
        self._lines = lines
        self._changed = changed
        lines.listeners.append(lambda extension: changed(self.name, extension))
        bus.subscribe(ParkSlotChanged, self._on_slot)

    def configure(self, extensions: Mapping[str, Extension], slots: Iterable[str]) -> None:
        """From now on these extensions and slots; what is watched and gone shows nobody any more."""
        self._extensions = extensions
        self._slots = {slot: self._slots.get(slot, "") for slot in slots}

    def refusal(self, watcher: str, resource: str) -> int:  # noqa: ARG002 - every extension may see who is busy
        return 0 if resource in self._extensions or resource in self._slots else 404

    def watch(self, resource: str) -> None:
        if resource not in self._slots:
            self._lines.watch(resource)

    def unwatch(self, resource: str) -> None:
        if resource not in self._slots:
            self._lines.unwatch(resource)

    def state(self, watcher: str, resource: str, version: int) -> bytes:
        if resource in self._extensions:
            lines = self._lines.of(resource)
            full = self._sees(watcher, resource)
        else:
            parked = self._slots.get(resource, "")
            lines = [Line(f"park.{resource}", "recipient", "confirmed", parked, "")] if parked else []
            full = self._policy != "none"
        return dialog_info(resource, self._domain, version, lines, full=full)

    def _sees(self, watcher: str, resource: str) -> bool:
        """Whether the other party is this watcher's business."""
        if self._policy == "all" or watcher == resource:
            return True
        one, other = self._extensions.get(watcher), self._extensions.get(resource)
        if self._policy == "none" or one is None or other is None:
            return False
        return may_pick_up(one, other)

    def _on_slot(self, event: ParkSlotChanged) -> None:
        self._slots[event.slot] = (event.caller or "anonymous") if event.call_id else ""
        self._changed(self.name, event.slot)
