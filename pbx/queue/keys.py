"""Keys that a waiting caller may press: what they are worth, and whether a callback was opened for him."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from pbx.events import CallEvent, EventBus, Kind

KEY_CALLBACK = "callback"  # the caller asks to be called back, at his place in the queue
KEY_LEAVE = "leave"  # the caller leaves the queue; a flow goes on by the exit of the key
OTHERS = (KEY_CALLBACK, KEY_LEAVE)  # anything else is the name of an application


@dataclass(slots=True, frozen=True)
class Pressed:
    """The caller pressed a key that does something."""

    key: str


class CallbackAsked:
    """Sees whether an item is opened for a call while its caller is asked: he may hang up before he is told so."""

    def __init__(self, bus: EventBus, call_id: str) -> None:
        self.opened = False
        self._bus = bus
        self._call_id = call_id
        self._unsubscribe: Callable[[], None] | None = None

    def __enter__(self) -> Self:
        self._unsubscribe = self._bus.subscribe(CallEvent, self._contact, (Kind.CONTACT_OPENED, Kind.CONTACT_MERGED))
        return self

    def __exit__(self, *_: object) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _contact(self, event: CallEvent) -> None:
        if event.data.get("origin_call") == self._call_id:
            self.opened = True
