"""Where a leg is to go: what a dialled target was resolved to, and the one INVITE that each of its contacts gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pbx.call.trunks.hunt import Attempt, Hunt
    from pbx.call.trunks.meter import Meter


@dataclass(slots=True)
class Contact:
    """Where one INVITE goes."""

    uri: str
    destination: Any  # pbx.sip Destination
    route_set: tuple[str, ...] = ()
    credentials: Any = None
    alternatives: tuple[Any, ...] = ()  # pbx.sip NextHop: other ways to the same party
    q: float = 1.0  # the contacts with the highest one ring first (RFC 3261 section 16.6)


@dataclass(slots=True)
class Dialled:
    """A target resolved: who is rung, how the leg is announced to it, and which limits it holds until its end."""

    target: str
    contacts: tuple[Contact, ...]
    from_: str
    to: str
    contact_user: str = ""
    trunk: str = ""
    limit_keys: tuple[str, ...] = ()  # that of the trunk, if there is one, first
    headers: tuple[str, ...] = ()
    hunt: Hunt | None = None  # the trunks that are left to try
    meter: Meter | None = None  # charges the talk to those who pay for it

    def take(self, attempt: Attempt) -> None:
        """The next INVITE goes by the trunk of `attempt`, in whose place nothing else was held."""
        trunk = attempt.trunk
        contact = Contact(attempt.uri, attempt.destination, trunk.route_set, trunk.credentials, attempt.alternatives)
        self.contacts = (contact,)
        self.from_, self.to, self.contact_user = attempt.from_, attempt.to, attempt.contact_user
        self.headers, self.meter, self.trunk = attempt.headers, attempt.meter, trunk.name
        self.limit_keys = (attempt.limit_key, *self.limit_keys[1:])
