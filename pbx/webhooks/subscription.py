"""Who is told what: an address, the events it wants, and the secret that signs them."""

from __future__ import annotations

from dataclasses import dataclass, field

from pbx.webhooks.catalogue import VERSION, wanted_by

MAX_URL = 500
MAX_NAME = 100
MAX_FILTER = 100  # entries of a list


@dataclass(slots=True)
class Subscription:
    """Instants are UTC seconds, 0 for none. `queues`: events of other queues, and of none, are not told; empty: all."""

    id: str
    name: str
    url: str
    secret: str
    events: list[str] = field(default_factory=lambda: ["*"])
    queues: list[str] = field(default_factory=list)
    enabled: bool = True
    version: int = VERSION
    created: float = 0.0
    previous_secret: str = ""
    previous_until: float = 0.0
    failing_since: float = 0.0  # no delivery was taken since
    disabled: float = 0.0  # when it was switched off by us
    disabled_why: str = ""

    @property
    def target(self) -> str:
        """Its name in the outbox."""
        return f"webhook:{self.id}"

    def keys(self, now: float) -> list[str]:
        """The secrets that sign at `now`."""
        return [self.secret, *([self.previous_secret] if self.previous_secret and now < self.previous_until else [])]

    def wanted(self) -> frozenset[str]:
        """The types that it asks for."""
        return wanted_by(self.events)
