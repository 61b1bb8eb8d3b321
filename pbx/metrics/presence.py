"""Figures of subscriptions, messages, transfers and in-call codes, read when Prometheus asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

log = logging.getLogger("centrala.metrics")


@dataclass(frozen=True, slots=True)
class PresenceNow:
    """What a scrape tells; the counters run since the start."""

    subscriptions: Mapping[str, int]  # event package -> subscriptions
    notifies: Mapping[str, int]  # "sent", "coalesced", "lost"
    subscribes: Mapping[str, int]  # "accepted", "refused"
    messages: Mapping[str, int]  # "delivered", "kept", "expired", "refused"
    messages_waiting: int
    transfers: Mapping[str, int]  # "started", "refused"
    codes: Mapping[str, int]  # name of the in-call code -> times it was pressed


class PresenceCollector(Collector):
    """Asks `now` at each scrape."""

    def __init__(self, now: Callable[[], PresenceNow]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        gauge = GaugeMetricFamily("centrala_subscriptions", "Subscriptions that run.", labels=["event"])
        for event, count in now.subscriptions.items():
            gauge.add_metric([event], count)
        yield gauge
        counters = (
            (
                "centrala_notifies",
                "NOTIFYs sent, changes that joined one, subscribers lost.",
                now.notifies,
            ),
            ("centrala_subscribes", "First SUBSCRIBEs.", now.subscribes),
            ("centrala_messages", "MESSAGEs by what became of them.", now.messages),
            ("centrala_transfers_asked", "Transfers asked for.", now.transfers),
        )
        for name, text, values in counters:
            family = CounterMetricFamily(name, text, labels=["outcome"])
            for outcome, count in values.items():
                family.add_metric([outcome], count)
            yield family
        codes = CounterMetricFamily("centrala_incall_codes", "Codes pressed in calls.", labels=["code"])
        for code, count in now.codes.items():
            codes.add_metric([code], count)
        yield codes
        waiting = "MESSAGEs that wait for their reader."
        yield GaugeMetricFamily("centrala_messages_waiting", waiting, now.messages_waiting)
