"""Bindings of extensions to contacts: added, refreshed, removed and expired; kept by a LocationStore over a restart."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence

from pbx.call.location import Binding, LocationStore, MemoryLocationStore, can_be_called_back, restored, stored
from pbx.clock import Clock
from pbx.events import EventBus, RegistrationChanged
from pbx.sip.address import Destination, Flow, Source

SLACK = 256  # stale expiries tolerated before the heap is rebuilt


class Registrar:
    """All bindings of this node. Requests are read by `pbx.call.registration`; this keeps state and tells about it."""

    def __init__(
        self, bus: EventBus, clock: Clock, store: LocationStore | None = None, *, max_contacts: int = 5
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._store = store if store is not None else MemoryLocationStore()
        self._max_contacts = max_contacts
        self._bindings: dict[str, list[Binding]] = {}
        self._by_flow: dict[Flow, set[str]] = {}  # connections -> the extensions that registered by them
        self._expiries: list[tuple[float, str]] = []  # a heap of (UTC seconds, extension); stale entries are skipped
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    # -- reading --------------------------------------------------------------------------------------------------

    def bindings(self, extension: str) -> list[Binding]:
        """The contacts of `extension` that can be reached, the highest q first."""
        held = self._bindings.get(extension)
        if not held:
            return []
        now = self._clock.unix()
        return [binding for binding in held if binding.expires_at > now and not binding.lost_at]

    def held(self, extension: str) -> list[Binding]:
        """All that it registered and that has not expired, those whose connection is gone as well."""
        now = self._clock.unix()
        return [binding for binding in self._bindings.get(extension, ()) if binding.expires_at > now]

    def registered(self, extension: str) -> bool:
        return bool(self.bindings(extension))

    def is_known_peer(self, extension: str, source: Source) -> bool:
        """Whether a phone of `extension` is registered from just there."""
        return any(
            binding.destination.host == source.host and binding.destination.port == source.port
            for binding in self.bindings(extension)
        )

    def all(self) -> list[tuple[str, Binding]]:
        """A snapshot of (extension, binding), for lists."""
        return [(extension, binding) for extension, held in self._bindings.items() for binding in held]

    def __len__(self) -> int:
        return sum(map(len, self._bindings.values()))

    # -- changing -------------------------------------------------------------------------------------------------

    def replace(
        self, extension: str, changed: Sequence[Binding], removed: Sequence[Binding] = (), reason: str = ""
    ) -> None:
        """Adds or refreshes `changed` and drops `removed` (for `reason`), keeps the newest when there are too many, and
        tells everybody.
        """
        before = {id(binding) for binding in removed}
        for binding in self._bindings.get(extension, ()):
            _hand_on(binding, changed)
        gone = list(removed)
        held = [
            binding
            for binding in self._bindings.get(extension, ())
            if binding not in gone and not any(same_contact(binding, new) for new in changed)
        ]
        held.extend(changed)
        while len(held) > self._max_contacts:
            oldest = min(held, key=lambda binding: (not binding.lost_at, binding.expires_at))
            held.remove(oldest)
            gone.append(oldest)
        self._keep(extension, held)
        for binding in gone:
            if not binding.lost_at:  # it is told already
                self._tell(extension, binding, False, reason if id(binding) in before else "replaced")
        for binding in changed:
            if binding in held:
                self._expire_later(binding.expires_at, extension)
                self._tell(extension, binding, True)

    def restore(self) -> int:
        """Takes back what the store kept and is still valid; returns how many contacts. Call it once, before
        serving.
        """
        now = self._clock.unix()
        count = 0
        for row in self._store.load():
            if row.expires_at > now:
                self._bindings.setdefault(row.extension, []).append(restored(row, now))
                self._expire_later(row.expires_at, row.extension)
                count += 1
        for extension, held in self._bindings.items():
            for binding in held:
                if not binding.lost_at:
                    self._tell(extension, binding, True)
        return count

    # -- connections ----------------------------------------------------------------------------------------------

    def flow_lost(self, flow: Flow) -> None:
        """A connection ended: who registered by it cannot be reached until the phone comes again, unless we can call
        it back.
        """
        for extension in self._by_flow.pop(flow, ()):
            for binding in self._bindings.get(extension, ()):
                if binding.destination.flow is flow and not can_be_called_back(binding):
                    self._lose(extension, binding)

    def unreachable(self, destination: Destination) -> None:
        """No connection to `destination` could be made, or what is there disowns its flow (430)."""
        address = destination[:3]
        for extension, held in self._bindings.items():
            for binding in held:
                if binding.destination[:3] == address and not binding.lost_at:
                    self._lose(extension, binding)

    def _lose(self, extension: str, binding: Binding) -> None:
        binding.lost_at = self._clock.unix()
        self._tell(extension, binding, False, "connection_lost")

    def _follow_flows(self, extension: str, held: Sequence[Binding]) -> None:
        """Notes by which connections `extension` is reached now."""
        for binding in held:
            flow = binding.destination.flow
            if flow is not None and flow.reliable:
                self._by_flow.setdefault(flow, set()).add(extension)

    def close(self) -> None:
        """Stops the expiry timer; the bindings stay in the store."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _keep(self, extension: str, held: list[Binding]) -> None:
        held.sort(key=lambda binding: -binding.q)
        if held:
            self._bindings[extension] = held
        else:
            self._bindings.pop(extension, None)
        self._follow_flows(extension, held)
        self._store.replace(extension, [stored(extension, binding) for binding in held])

    def _tell(self, extension: str, binding: Binding, registered: bool, reason: str = "") -> None:
        now = self._clock.unix()
        expires_s = max(0.0, binding.expires_at - now) if registered else 0.0
        self._bus.publish(RegistrationChanged(extension, binding.uri, registered, expires_s, now, reason))

    # -- expiry ---------------------------------------------------------------------------------------------------

    def _expire_later(self, at: float, extension: str) -> None:
        if len(self._expiries) > 4 * len(self._bindings) * self._max_contacts + SLACK:
            self._expiries = [(binding.expires_at, name) for name, binding in self.all()]
            heapq.heapify(self._expiries)
        heapq.heappush(self._expiries, (at, extension))
        self._arm()

    def _arm(self) -> None:
        if not self._expiries:
            return
        at = self._expiries[0][0]
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        delay_s = max(0.0, at - self._clock.unix())
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = self._clock.unix() + 0.001  # the loop's timers may fire within the clock's resolution
        while self._expiries and self._expiries[0][0] <= now:
            _, extension = heapq.heappop(self._expiries)
            held = self._bindings.get(extension, [])
            over = [binding for binding in held if binding.expires_at <= now]
            if over:
                self.replace(extension, (), over, "expired")
        self._arm()


def same_contact(one: Binding, other: Binding) -> bool:
    """Whether both are the same contact: equal instance id and flow (RFC 5626 section 6), else equal URI."""
    if one.instance and other.instance:
        return one.instance == other.instance and one.reg_id == other.reg_id
    return one.uri == other.uri


def _hand_on(old: Binding, changed: Sequence[Binding]) -> None:
    """A phone that comes again by another connection: calls that go on use it in place of the old one, once that is
    closed.
    """
    flow = old.destination.flow
    if flow is None or not flow.reliable:
        return
    for new in changed:
        other = new.destination.flow
        if other is None or other is flow or other.transport != flow.transport:
            continue
        if same_contact(old, new) or old.call_id == new.call_id:
            flow.successor = other
