"""What features ask of short messages: `services.extra["sms"]` is an SmsPort where messages are enabled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SmsTicket:
    """A message that is on disk. `cost` is in the currency of the gateway that would take it first; `new` is false
    when its key was known already: then nothing more is sent.
    """

    id: str
    number: str
    state: str
    parts: int
    coding: str
    cost: float
    new: bool = True


class SmsRefused(Exception):
    """The message is not sent, and nothing is kept of it. `reason` is a word for exits and metrics ("not_mobile",
    "opted_out", "limit_number"...), `status` HTTP's, the text says what to do, `wait_s` when to try again.
    """

    def __init__(self, status: int, reason: str, text: str, wait_s: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.wait_s = wait_s


@dataclass(slots=True, kw_only=True)
class SmsRequest:
    """A message that is asked for: `text`, or the name of a template with the values for its names."""

    to: str
    text: str = ""
    template: str = ""
    language: str = ""
    variables: Mapping[str, object] | None = None
    sender: str = ""  # "": the template's, else the gateway's
    key: str = ""  # of idempotency: the same key twice is one message
    source: str = "api"  # what asks: "flow:hotline:send", "queue:sales"; limits and reports count by it
    reason: str = ""  # why: "abandoned", "menu"...
    origin_call: str = ""
    contact: str = ""  # the item of pbx.contact that it belongs to
    once_per_h: float = 0.0  # hours between two of this template, or of this source's texts, to the number
    not_before: float = 0.0  # UTC seconds
    urgent: bool = False  # also in quiet hours: the customer has just called, or waits for it


class SmsPort(Protocol):
    """Sends messages."""

    async def send(self, request: SmsRequest) -> SmsTicket:
        """Returns after the commit; the gateway comes later. Raises SmsRefused."""
        ...
