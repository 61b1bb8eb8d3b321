"""What the SIP layer wants done. Machines append these to one queue; a `Pump`, or a test, does them in order."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from core.timers import TimerQueue

class Traffic:
    """What went out by one transport since the start: messages and octets."""

    sent: int
    sent_bytes: int

class Send:
    """Send `data` to `destination`; a failure that is noticed is reported to `owner`."""

    def __init__(self, data: bytes = b"", destination: Any = None, owner: Any = None) -> None: ...
    @property
    def data(self) -> bytes: ...
    @property
    def destination(self) -> Any: ...
    @property
    def owner(self) -> Any: ...

class SetTimer:
    """Call `owner.on_timer()` once in `delay_s` seconds from now; replaces the owner's armed timer."""

    def __init__(self, owner: Any = None, delay_s: float = 0.0) -> None: ...
    @property
    def owner(self) -> Any: ...
    @property
    def delay_s(self) -> float: ...

class ClearTimer:
    """Forget the owner's armed timer, if any."""

    def __init__(self, owner: Any) -> None: ...
    @property
    def owner(self) -> Any: ...

class ToUser:
    """Something for the layer above: call `deliver(*arguments)` in its turn."""

    def __init__(self, deliver: Callable[..., Any] | None = None, *arguments: Any) -> None: ...
    @property
    def deliver(self) -> Callable[..., Any]: ...
    @property
    def arguments(self) -> tuple[Any, ...]: ...

class Terminated:
    """A transaction ended: `forget()` takes it out of the transaction layer's tables."""

    def __init__(self, transaction: Any) -> None: ...
    @property
    def transaction(self) -> Any: ...

class Pump:
    """Called, it does what stands in `out`, in order, what is appended meanwhile too; within itself it does nothing, as
    the outer call goes on. Nothing is done while `clock` is None.

    What goes to a tuple (transport, host, port, flow, ...) is given to its open `flow` and counted in `traffic`, by
    transport; `send` sees to the rest. `failed` is told of a ToUser that raised, within the handling of its exception.
    What `send` raises comes through, with the rest left in `out`. When a timer was armed that is due before `wake_at`
    (the clock's seconds), `wake_up` is called with its deadline.
    """

    clock: Callable[[], float] | None
    wake_at: float
    def __init__(
        self,
        out: deque[Any],
        timers: TimerQueue,
        traffic: Mapping[str, Traffic],
        send: Callable[[Send], None],
        failed: Callable[[ToUser], None],
        wake_up: Callable[[float], None],
    ) -> None: ...
    def __call__(self) -> None: ...
