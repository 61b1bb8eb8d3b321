"""What is asked of `services.extra["callbacks"]`, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field

from pbx.contact.item import ItemKind


class RequestRefused(Exception):
    """`status` is HTTP's, `reason` a word for metrics; the text says what to do, `wait_s` when to try again."""

    def __init__(self, status: int, reason: str, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.wait_s = wait_s


@dataclass(slots=True, kw_only=True)
class CallbackRequest:
    """What is asked for; "" and 0 are unknown or none. Instants are UTC seconds."""

    number: str
    queue: str
    key: str = ""  # of idempotency
    name: str = ""
    language: str = ""
    at: float = 0.0  # the hour that the customer chose
    until: float = 0.0  # and until when
    mode: str = ""  # "agent_first", "customer_first"; "": the queue's
    source: str = ""  # who asks: an address, a page; limits count by it
    asker: str = ""  # whom limits count instead, and nobody keeps: a visitor's address
    promise_s: float | None = None  # None: the queue's
    priority: int = 0
    preferred_agent: str = ""
    zone: str = ""  # the customer's, of the tz database; counts where his number may be in it
    tags: dict[str, str] = field(default_factory=dict)
    since: float = 0.0  # of the original contact
    origin_call: str = ""
    kind: ItemKind = ItemKind.CALLBACK
