"""The hot half of the event bus: hands an event to those who listen to its class, or to its kind."""

from collections.abc import Callable, Iterable
from typing import Any

class Publisher:
    """Events of the class `kinded` go by their attribute `kind`, all others by their class."""

    kinded: type | None
    def __init__(self, on_error: Callable[[object, BaseException], None] | None = None) -> None: ...
    @property
    def errors(self) -> int:
        """Handlers that raised."""
    def publish(self, event: object) -> None:
        """Hands `event` to every handler; what one of them raises is counted and given to `on_error`."""
    def listeners_of(self, kind: Any) -> Iterable[Callable[[Any], None]]:
        """The handlers of a kind, in order: asked when the kind comes first after `listen`."""
    def listen(self, event_class: type, handlers: tuple[Callable[[Any], None], ...]) -> None:
        """From now on these are the handlers of `event_class`; of `kinded`: those of each kind are asked for anew."""
