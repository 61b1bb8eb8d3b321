"""What every gateway is, and what it says of a message that it was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from pbx.config_sms import SmsGateway
from pbx.sms.message import Message


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway has it; `ids` are its own of each part. `cost` None: it named none."""

    ids: list[str] = field(default_factory=list)
    cost: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """This message goes by no gateway: a number that does not exist, a text that is not allowed."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The gateway certainly has it not. After `wait_s` it may be asked again; `known`: it would recognise the message,
    so giving it the same one again is safe there, and only there. `down`: it takes nothing at present, which
    counts as no attempt.
    """

    reason: str
    wait_s: float = 0.0
    known: bool = False
    down: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """It may have it: the answer is missing."""

    reason: str


Outcome = Accepted | Rejected | NotTaken | Doubt


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message: `state` is "delivered" or "failed", or "" for one that is still under way. By the
    gateway's id of the part, or by our own `message` where it returns that. `number`: E.164, for one in doubt.
    """

    gateway: str
    gateway_id: str
    state: str
    reason: str = ""
    message: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A message from a customer; `gateway_id` "" where the gateway gives none."""

    gateway: str
    gateway_id: str
    number: str
    to: str
    text: str


@dataclass(slots=True)
class Ears:
    """Who is told what gateways hear. The first two return when it is on disk: before that nothing is acknowledged.
    `on_state(gateway, up, text)`: it takes messages from now on, or takes none, and why.
    """

    on_receipt: Callable[[Receipt], Awaitable[None]]
    on_received: Callable[[Received], Awaitable[None]]
    on_state: Callable[[str, bool, str], None]


class Gateway(Protocol):
    """One way out. `submit` and `find` raise nothing that a network can cause."""

    config: SmsGateway

    @property
    def is_up(self) -> bool:
        """Whether it takes messages now."""
        ...

    @property
    def room(self) -> int:
        """How many submissions may be under way at once; it spaces them itself."""
        ...

    @property
    def throttled(self) -> int:
        """How often it asked for less, since the start."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def submit(self, message: Message) -> Outcome:
        """Hands it over; the caller has written that it does so."""
        ...

    async def find(self, message: Message) -> Outcome | None:
        """What became of a message in doubt; None when the gateway cannot tell."""
        ...
