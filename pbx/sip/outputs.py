"""What the SIP layer wants done. Machines append these to one queue; `transport/driver.py` or a test executes them.

A `Send` always comes before the `SetTimer` that repeats it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from pbx.sip.address import Destination


class TimerOwner(Protocol):
    """Something with one timer slot. `timer_id` is 0 while nothing is armed; arming again replaces what was armed."""

    timer_id: int

    def on_timer(self) -> None: ...


class SendFailureListener(Protocol):
    def on_send_failed(self) -> None: ...


class Send:
    """Send `data` to `destination`; a failure that is noticed is reported to `owner`."""

    __slots__ = ("data", "destination", "owner")

    def __init__(self, data: bytes, destination: Destination, owner: SendFailureListener | None = None) -> None:
        self.data = data
        self.destination = destination
        self.owner = owner


class SetTimer:
    """Call `owner.on_timer()` once in `delay_s` seconds from now; replaces the owner's armed timer."""

    __slots__ = ("delay_s", "owner")

    def __init__(self, owner: TimerOwner, delay_s: float) -> None:
        self.owner = owner
        self.delay_s = delay_s


class ClearTimer:
    """Forget the owner's armed timer, if any."""

    __slots__ = ("owner",)

    def __init__(self, owner: TimerOwner) -> None:
        self.owner = owner


class ToUser:
    """Something for the layer above: call `deliver(*arguments)` in its turn."""

    __slots__ = ("arguments", "deliver")

    def __init__(self, deliver: Callable[..., Any], *arguments: Any) -> None:
        self.deliver = deliver
        self.arguments = arguments


class Terminated:
    """A transaction ended: `forget()` takes it out of the transaction layer's tables."""

    __slots__ = ("transaction",)

    def __init__(self, transaction: Terminable) -> None:
        self.transaction = transaction


class Terminable(Protocol):
    def forget(self) -> None: ...


Output = Send | SetTimer | ClearTimer | ToUser | Terminated
Outputs = deque[Output]
