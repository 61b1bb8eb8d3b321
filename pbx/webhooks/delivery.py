"""How a webhook is spoken to: the body around the event, its signature, and what an answer means."""

from __future__ import annotations

from collections.abc import Callable

import orjson

from pbx.clock import Clock
from pbx.outbox.entry import Entry
from pbx.outbox.ports import Request, Undeliverable, Verdict
from pbx.web.client import Answer
from pbx.webhooks.signature import HEADER, sign
from pbx.webhooks.subscription import Subscription
from pbx.webhooks.times import rfc3339

GONE = 410


class WebhookDelivery:
    """A Deliverer. `find` gives the subscription as it is at that moment."""

    def __init__(self, find: Callable[[], Subscription | None], clock: Clock) -> None:
        self._find, self._clock = find, clock

    def request(self, entry: Entry) -> Request:
        """The same body at every attempt; the signature is of the attempt."""
        subscription = self._find()
        if subscription is None:
            raise Undeliverable("its subscription was removed")
        body = whole(entry, subscription.version)
        now = self._clock.unix()
        headers = {
            "Content-Type": "application/json",
            HEADER: sign(body, subscription.keys(now), int(now)),
            "Centrala-Event": entry.kind,
            "Centrala-Delivery": entry.id,
            "Centrala-Attempt": str(entry.attempts + 1),
        }
        return Request(subscription.url, headers, body)

    def judge(self, entry: Entry, answer: Answer) -> Verdict:  # noqa: ARG002  (the port's)
        """Anything but 2xx is tried again, for a receiver's mistake passes; 410 says that nobody wants it any more."""
        if 200 <= answer.status < 300:
            return Verdict.OK
        return Verdict.DROP if answer.status == GONE else Verdict.RETRY


def whole(entry: Entry, version: int) -> bytes:
    """The body: what all events have, and the data of this one."""
    head = orjson.dumps(
        {
            "id": entry.key,
            "type": entry.kind,
            "version": version,
            "created": rfc3339(entry.created),
            "sequence": entry.number,
        }
    )
    return head[:-1] + b',"data":' + entry.body + b"}"
