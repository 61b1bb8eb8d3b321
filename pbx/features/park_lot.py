"""One park lot: its slots, and who waits in each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pbx.call.codes import slots
from pbx.events import ParkSlotChanged

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.config import Parking


@dataclass(slots=True)
class Parked:
    """Someone in a slot. `fetched` gets the call of whoever fetches them."""

    lot: ParkLot
    slot: str
    parked_by: str  # extension, "" when nobody is to be rung back
    since: float  # the loop's seconds
    call_id: str = ""  # of the call that waits there
    call: Call | None = None  # None for the moment until the parked party's application begins
    fetched: asyncio.Future[Call] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class ParkLot:
    """`changed` is told of every slot that is taken or freed."""

    def __init__(self, config: Parking, changed: Callable[[ParkSlotChanged], None]) -> None:
        self.taken: dict[str, Parked] = {}
        self._changed = changed
        self._next = 0
        self.configure(config)

    def configure(self, config: Parking) -> None:
        """From now on as `config` says; whoever is parked stays in his slot."""
        self.config = config
        self.slots = list(slots(config))

    def take(self, parked_by: str, now: float) -> Parked | None:
        """A free slot, the one that was free longest; None when all are taken."""
        for offset in range(len(self.slots)):
            index = (self._next + offset) % len(self.slots)
            slot = self.slots[index]
            if slot not in self.taken:
                self._next = index + 1
                parked = self.taken[slot] = Parked(self, slot, parked_by, now)
                return parked
        return None

    def occupy(self, parked: Parked, call: Call) -> None:
        """The parked party is there: lamps go on."""
        parked.call = call
        name = self.config.name
        self._changed(ParkSlotChanged(name, parked.slot, call.id, call.caller, parked.parked_by))

    def free(self, parked: Parked) -> None:
        """The slot may be used again. Idempotent."""
        if self.taken.get(parked.slot) is not parked:
            return
        del self.taken[parked.slot]
        if parked.call is not None:
            self._changed(ParkSlotChanged(self.config.name, parked.slot))
