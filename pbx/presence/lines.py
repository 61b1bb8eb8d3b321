"""What the watched extensions' phones are doing: kept in step with call events, and only while somebody watches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from pbx.call.transfer.replacing import alias
from pbx.events import CallEvent, Kind

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import Leg
    from pbx.call.services import Services

KINDS = (
    Kind.CALL_STARTED,
    Kind.CALL_ANSWERED,
    Kind.CALL_ENDED,
    Kind.LEG_STARTED,
    Kind.LEG_RINGING,
    Kind.LEG_ANSWERED,
    Kind.LEG_ENDED,
    Kind.LEG_REPLACED,
    Kind.TRANSFER_COMPLETED,
    Kind.TRANSFER_RETURNED,
)


class Line(NamedTuple):
    """One dialog of an extension's phone. `state` is "trying", "early" or "confirmed" (RFC 4235 section 3.7.1)."""

    id: str  # what a watcher may name in Replaces as the Call-ID; not the true one
    direction: str  # "initiator" or "recipient"
    state: str
    remote: str
    remote_name: str


class Lines:
    """`listeners` are called with the extension whose lines changed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._watched: Counter[str] = Counter()
        self._calls: dict[str, set[str]] = {}  # extension -> ids of its calls
        self._extensions: dict[str, frozenset[str]] = {}  # call id -> watched extensions in it
        self._unsubscribe: Callable[[], None] | None = None
        self.listeners: list[Callable[[str], None]] = []

    def watch(self, extension: str) -> None:
        self._watched[extension] += 1
        if self._unsubscribe is None:
            self._unsubscribe = self._services.bus.subscribe(CallEvent, self._on_event, KINDS)
        if self._watched[extension] == 1:
            for call in self._services.running.calls.values():
                self._refresh(call.id, call)

    def unwatch(self, extension: str) -> None:
        self._watched[extension] -= 1
        if self._watched[extension] <= 0:
            del self._watched[extension]
            for call_id in self._calls.pop(extension, ()):
                self._extensions[call_id] -= {extension}
                if not self._extensions[call_id]:
                    del self._extensions[call_id]
        if not self._watched and self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def of(self, extension: str) -> list[Line]:
        """The dialogs of a watched extension's phones, the oldest call first."""
        lines = []
        for call_id in sorted(self._calls.get(extension, ())):
            call = self._services.running.calls.get(call_id)
            if call is not None:
                lines += [_line(call, leg) for leg in _legs(call) if leg.extension == extension]
        return lines

    def _on_event(self, event: CallEvent) -> None:
        call = None if event.kind is Kind.CALL_ENDED else self._services.running.calls.get(event.call_id)
        before = self._extensions.get(event.call_id, frozenset())
        after = self._refresh(event.call_id, call)
        for extension in before | after:
            for listener in self.listeners:
                listener(extension)

    def _refresh(self, call_id: str, call: Call | None) -> frozenset[str]:
        """Notes which watched extensions take part in the call."""
        before = self._extensions.get(call_id, frozenset())
        found = {leg.extension for leg in _legs(call)} if call is not None else set()
        after = frozenset(extension for extension in found if extension in self._watched)
        for gone in before - after:
            calls = self._calls[gone]
            calls.discard(call_id)
            if not calls:
                del self._calls[gone]
        for come in after - before:
            self._calls.setdefault(come, set()).add(call_id)
        if after:
            self._extensions[call_id] = after
        else:
            self._extensions.pop(call_id, None)
        return after


def _legs(call: Call) -> Iterator[Leg]:
    for leg in (call.a, *call.legs):
        if not leg.is_ended and leg.call is not None:
            yield leg


def _line(call: Call, leg: Leg) -> Line:
    if leg is call.a:
        peer = leg.peer
        remote = peer.target if peer is not None else call.callee
        return Line(alias(leg), "initiator", "confirmed" if call.answered else "early", remote, "")
    state = "confirmed" if leg.answered_at else "early" if getattr(leg, "ringing", False) else "trying"
    return Line(alias(leg), "recipient", state, call.caller, call.caller_name)
