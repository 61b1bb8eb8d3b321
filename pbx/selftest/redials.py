"""Customers who ring again within ten minutes because they did not get through: counted as calls come.

Each call from outside is an attempt of its number. Got through is who spoke with somebody; then, and after ten
minutes without another call, the next one is a first attempt again.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from pbx.events import CallEvent, EventBus, Kind

WINDOW_S = 600.0
MAX_NUMBERS = 20_000  # that are remembered; the one that was heard of longest ago goes
BUCKETS = ("1", "2", "3", "4+")
KINDS = (Kind.CALL_STARTED, Kind.BRIDGE_STARTED, Kind.CALL_ENDED, Kind.TEST_CALL)


@dataclass(slots=True)
class _Chain:
    attempts: int
    last: float  # UTC seconds of the last call's beginning or end
    through: bool = False


class Redials:
    """Listens from construction on."""

    def __init__(self, bus: EventBus) -> None:
        self._chains: OrderedDict[str, _Chain] = OrderedDict()
        self._calls: dict[str, str] = {}  # running calls from outside: id to number
        self.got_through: dict[str, int] = dict.fromkeys(BUCKETS, 0)
        self.redialled = 0
        bus.subscribe(CallEvent, self._on_event, KINDS)

    def _on_event(self, event: CallEvent) -> None:
        if event.kind is Kind.CALL_STARTED:
            self._started(event.call_id, event.data, event.at)
            return
        number = self._calls.get(event.call_id)
        if number is None:
            return
        chain = self._chains.get(number)
        if event.kind is Kind.TEST_CALL:
            self._calls.pop(event.call_id)
            self._chains.pop(number, None)
        elif event.kind is Kind.CALL_ENDED:
            self._calls.pop(event.call_id)
            if chain is not None:
                chain.last = event.at
        elif chain is not None and not chain.through:
            chain.through = True
            self.got_through[BUCKETS[min(chain.attempts, len(BUCKETS)) - 1]] += 1

    def _started(self, call_id: str, data: dict[str, Any], at: float) -> None:
        number = str(data.get("caller") or "")
        if data.get("direction") != "inbound" or not number or data.get("withheld"):
            return
        self._calls[call_id] = number
        chain = self._chains.pop(number, None)
        if chain is None or chain.through or at - chain.last > WINDOW_S:
            chain = _Chain(1, at)
        else:
            chain.attempts += 1
            chain.last = at
            self.redialled += 1
        self._chains[number] = chain
        while len(self._chains) > MAX_NUMBERS:
            self._chains.popitem(last=False)
