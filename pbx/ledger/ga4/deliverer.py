"""Speaks with Google Analytics: the secret is added at the moment of sending and is kept nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson

from pbx.ledger.ga4.rules import MAX_AGE_S, faults
from pbx.outbox.entry import Entry
from pbx.outbox.ports import Request, Undeliverable, Verdict, by_status

if TYPE_CHECKING:
    from pbx.config import Ga4
    from pbx.web.client import Answer

LATE = "late"  # the beginning of what a dead letter says that became too old


class Ga4Deliverer:
    """A pbx.outbox.ports.Deliverer. `now` is UTC seconds."""

    def __init__(self, settings: Ga4, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now

    def request(self, entry: Entry) -> Request:
        body = orjson.loads(entry.body)
        if self._now() - int(body["timestamp_micros"]) / 1e6 > MAX_AGE_S:
            raise Undeliverable(f"{LATE}: GA takes nothing that is older than 72 hours")
        wrong = faults(body, len(entry.body), self._now())
        if wrong:
            raise Undeliverable("; ".join(wrong))
        secrets = {"measurement_id": self._settings.measurement_id, "api_secret": self._settings.api_secret}
        url = f"{self._settings.url}?{urlencode(secrets)}"
        return Request(url, {"Content-Type": "application/json"}, entry.body)

    def judge(self, entry: Entry, answer: Answer) -> Verdict:
        """GA answers 2xx to whatever it understands as a request, and tells no faults."""
        del entry
        return by_status(answer)
