"""Metrics of the call features: how often each is used, from the journey, and who is in rooms and park lots now."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.cells import CellFamily

USES = {
    Kind.PICKED_UP: "pickup",
    Kind.PARKED: "park",
    Kind.PARK_RETRIEVED: "park_retrieved",
    Kind.PARK_RETURNED: "park_returned",
    Kind.GROUP_ANSWERED: "group_answered",
    Kind.GROUP_UNANSWERED: "group_unanswered",
    Kind.ROOM_JOINED: "room",
    Kind.PAGED: "page",
    Kind.SUPERVISED: "supervise",
    Kind.SETTING_CHANGED: "setting",
    Kind.FORWARDED: "forward",
    Kind.DIRECTORY_FOUND: "directory",
    Kind.CONFIRM_ENDED: "confirm",
    Kind.TRANSFER_COMPLETED: "transfer",
    Kind.TRANSFER_FAILED: "transfer_failed",
    Kind.TRANSFER_RETURNED: "transfer_returned",
    Kind.LEG_REPLACED: "replaced",
}


class FeatureMetrics(Collector):
    """Subscribes on construction. The callables are asked at a scrape."""

    def __init__(self, bus: EventBus, parked: Callable[[], int], participants: Callable[[], int]) -> None:
        self._uses = CellFamily(
            CounterMetricFamily, "centrala_feature_uses_total", "Uses of call features.", ("feature",)
        )
        for feature in USES.values():  # Prometheus sees no increase in a series that appears with its first 1
            self._uses.child(feature)
        self._parked = parked
        self._participants = participants
        bus.subscribe(CallEvent, self._used, USES)

    def collect(self) -> Iterator[Metric]:
        yield from self._uses.collect()
        yield GaugeMetricFamily("centrala_parked_calls", "Calls that wait in park lots.", self._parked())
        people = "Participants of conference rooms."
        yield GaugeMetricFamily("centrala_room_participants", people, self._participants())

    def _used(self, event: CallEvent) -> None:
        self._uses.child(USES[event.kind]).value += 1
