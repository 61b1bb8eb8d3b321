"""What users of the outbox see: `services.extra["outbox"]` is an OutboxPort; each gives a Deliverer for its targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from pbx.outbox.entry import MAX_BODY, Entry

if TYPE_CHECKING:
    from pbx.web.client import Answer

RETRIED = frozenset({408, 425, 429})


class Verdict(StrEnum):
    """What an answer means for the delivery."""

    OK = "ok"
    RETRY = "retry"  # later again
    DROP = "drop"  # no attempt will ever succeed: it becomes a dead letter


class Undeliverable(Exception):
    """No request can be made of an entry (its target is gone, its body is senseless): a dead letter with this text."""


@dataclass(slots=True, frozen=True)
class Request:
    """The HTTP request of one attempt."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"


class Deliverer(Protocol):
    """Knows how a target is spoken to. Called on the event loop's thread; both must be quick."""

    def request(self, entry: Entry) -> Request:
        """The request of the next attempt (`entry.attempts` counts those before it). Raises Undeliverable."""
        ...

    def judge(self, entry: Entry, answer: Answer) -> Verdict:
        """What `answer` means. Without an answer (no connection, no time) an attempt is always tried again."""
        ...


def by_status(answer: Answer) -> Verdict:
    """The usual judgement: 2xx is taken; what may pass (408, 425, 429, 5xx) is tried again; the rest never will be."""
    if 200 <= answer.status < 300:
        return Verdict.OK
    if answer.status in RETRIED or answer.status >= 500:
        return Verdict.RETRY
    return Verdict.DROP


class OutboxPort(Protocol):
    """Deliveries over HTTP that survive the process. All methods belong to the event loop's thread.

    `target` names a receiver ("ga4", "crm:sales", "webhook:ID"), `kind` what is told ("call.ended"), `key` makes it
    one delivery: what is put again under a key of the target is not sent again while the first is still kept
    (outbox.keep_days). Of one target and one `call_id` each is delivered before the next is tried. `after` is the UTC
    second before which it is not sent. A body is at most entry.MAX_BODY octets (`most` where
    it is awaited, up to entry.MAX_REPORT); a dict is sent as JSON.
    """

    def register(
        self,
        target: str,
        deliverer: Deliverer,
        *,
        parallel: int | None = None,
        max_age_s: float | None = None,
        told: Callable[[Entry, Verdict], None] | None = None,
    ) -> None:
        """From now on the entries of `target` go out by `deliverer`, those of an earlier process too; a second
        registration replaces the first. Nothing of a target that nobody has registered is sent. `told` hears of each
        attempt.
        """
        ...

    def unregister(self, target: str) -> None:
        """Its entries stay where they are; they die of age."""
        ...

    async def put(
        self,
        target: str,
        kind: str,
        key: str,
        body: bytes | Mapping[str, Any],
        *,
        call_id: str = "",
        after: float = 0.0,
        most: int = MAX_BODY,
    ) -> None:
        """Returns after the commit. Raises ValueError for names or bodies that are too long, StoreError when nothing
        was saved.
        """
        ...

    def put_soon(
        self,
        target: str,
        kind: str,
        key: str,
        body: bytes | Mapping[str, Any],
        *,
        call_id: str = "",
        after: float = 0.0,
    ) -> None:
        """The same with the writer's next batch. A handler of an event that subscribed with `ahead=True` puts what
        follows from it no later than the event itself is kept.
        """
        ...
