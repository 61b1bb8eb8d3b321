"""An event package (RFC 6665 section 5): what can be watched, by whom, and what its state looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Changed = Callable[[str, str], None]  # (package, resource)


class Package(Protocol):
    """`name` is the Event header's; `content_type` that of the bodies."""

    name: str
    content_type: str

    def refusal(self, watcher: str, resource: str) -> int:
        """The status that refuses the extension `watcher`; 0 when it may watch `resource`."""
        ...

    def watch(self, resource: str) -> None:
        """Somebody watches `resource` from now on; called once until `unwatch`."""
        ...

    def unwatch(self, resource: str) -> None:
        """Nobody watches it any more."""
        ...

    def state(self, watcher: str, resource: str, version: int) -> bytes:
        """The full state as `watcher` may see it; `version` counts the NOTIFYs of the subscription from 0."""
        ...
