"""Figures of contacts that somebody owes an answer: what is open now, and how they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.contact.item import End
from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.cells import CellFamily

MISSED = ("abandoned", "missed", "lead")  # kinds of items whose customers had wanted to speak with us
RECOVERED = (End.REACHED.value, End.CUSTOMER_CAME_BACK.value)
OWN = "none"  # the label of items without a queue


@dataclass(frozen=True, slots=True)
class ContactsNow:
    """What a scrape tells; the counters run since the start."""

    opened: Mapping[tuple[str, str], int]  # (queue, kind) -> open items
    overdue: Mapping[str, int]  # queue -> open items after their promise
    oldest_s: float
    breached: int
    in_doubt: int
    refused: int
    lost: int


class ContactMetrics(Collector):
    """Subscribes on construction; asks `now` at each scrape."""

    def __init__(self, bus: EventBus, now: Callable[[], ContactsNow]) -> None:
        self._now = now
        self._missed = CellFamily(
            CounterMetricFamily,
            "centrala_contacts_missed_total",
            "Contacts that nobody served, those that were merged included.",
            ("kind",),
        )
        self._closed = CellFamily(
            CounterMetricFamily, "centrala_contacts_closed_total", "Contacts by their end.", ("end",)
        )
        self._breaches = CellFamily(
            CounterMetricFamily, "centrala_contacts_breaches_total", "Deadlines of contacts that passed.", ("deadline",)
        )
        self._attempts = CellFamily(
            CounterMetricFamily, "centrala_contacts_attempts_total", "Tries to reach customers.", ("outcome",)
        )
        for kind in MISSED:  # Prometheus sees no increase in a series that appears with its first 1
            self._missed.child(kind)
        for end in End:
            self._closed.child(end.value)
        self._breaches.child("promise")
        bus.subscribe(CallEvent, self._opened, (Kind.CONTACT_OPENED,))
        bus.subscribe(CallEvent, self._ended, (Kind.CONTACT_CLOSED,))
        bus.subscribe(CallEvent, self._breached, (Kind.CONTACT_BREACHED,))
        bus.subscribe(CallEvent, self._tried, (Kind.CONTACT_ATTEMPT_ENDED,))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._now()
        family = GaugeMetricFamily(
            "centrala_contacts_open", "Contacts that wait for an answer.", labels=["queue", "kind"]
        )
        for (queue, kind), count in now.opened.items():
            family.add_metric([queue or OWN, kind], count)
        yield family
        late = GaugeMetricFamily("centrala_contacts_overdue", "Open contacts after their deadline.", labels=["queue"])
        for queue, count in now.overdue.items():
            late.add_metric([queue or OWN], count)
        yield late
        yield GaugeMetricFamily("centrala_contacts_oldest_seconds", "Age of the oldest open contact.", now.oldest_s)
        yield GaugeMetricFamily("centrala_contacts_breached", "Open contacts older than agreed.", now.breached)
        yield GaugeMetricFamily("centrala_contacts_in_doubt", "Open contacts whose try a crash cut off.", now.in_doubt)
        lost = CounterMetricFamily("centrala_contacts_lost", "Missed contacts that were not kept.", labels=["reason"])
        lost.add_metric(["full"], now.refused)
        lost.add_metric(["other"], max(now.lost - now.refused, 0))
        yield lost
        for cells in (self._missed, self._closed, self._breaches, self._attempts):
            yield from cells.collect()

    def _opened(self, event: CallEvent) -> None:
        kind = event.data.get("contact_kind")
        if kind in MISSED:
            self._missed.child(kind).value += 1

    def _ended(self, event: CallEvent) -> None:
        self._closed.child(event.data.get("end") or "").value += 1

    def _breached(self, event: CallEvent) -> None:
        self._breaches.child(event.data.get("deadline") or "").value += 1

    def _tried(self, event: CallEvent) -> None:
        self._attempts.child(event.data.get("outcome") or "").value += 1
