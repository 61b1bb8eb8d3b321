"""Every counter and histogram that events feed: name, help, labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.metrics import buckets
from pbx.metrics.cells import CellFamily, HistogramFamily


class Instruments(Collector):
    """Labels hold names of the configuration or of a bounded list, never what a caller sends."""

    def __init__(self, thresholds: Iterable[float] = ()) -> None:
        """`thresholds`: service level thresholds (s), which become bounds of the wait's histogram."""
        self._families: list[CellFamily | HistogramFamily] = []
        self._calls()
        self._queues(buckets.queue_wait(thresholds))
        self._trunks()
        self._rest()

    def collect(self) -> Iterator[Metric]:
        """All families with their present values."""
        for family in self._families:
            yield from family.collect()

    def _counter(self, name: str, text: str, *labels: str) -> CellFamily:
        return self._add(CellFamily(CounterMetricFamily, name, text, labels))

    def _gauge(self, name: str, text: str, *labels: str) -> CellFamily:
        return self._add(CellFamily(GaugeMetricFamily, name, text, labels))

    def _add(self, family: CellFamily) -> CellFamily:
        self._families.append(family)
        return family

    def _histogram(self, name: str, text: str, bounds: Sequence[float], *labels: str) -> HistogramFamily:
        family = HistogramFamily(name, text, bounds, labels)
        self._families.append(family)
        return family

    def _calls(self) -> None:
        self.calls = self._counter("centrala_calls_total", "Calls that began.", "direction")
        self.calls_answered = self._counter("centrala_calls_answered_total", "Calls that were answered.", "direction")
        self.calls_ended = self._counter("centrala_calls_ended_total", "Calls that ended, by cause.", "cause")
        self.calls_active = self._gauge("centrala_calls_active", "Calls that have begun and not ended.")
        self.call_setup = self._histogram(
            "centrala_call_setup_seconds", "From the caller's INVITE to its answer.", buckets.CALL_SETUP
        )
        self.call_duration = self._histogram(
            "centrala_call_duration_seconds",
            "From the answer to the end of answered calls.",
            buckets.CALL_DURATION,
        )

    def _queues(self, wait_bounds: Sequence[float]) -> None:
        self.queue_offered = self._counter("centrala_queue_offered_total", "Callers who joined.", "queue")
        self.queue_calls = self._counter(
            "centrala_queue_calls_total",
            "Callers who left a queue: answered, abandoned, or the reason of another exit.",
            *("queue", "outcome"),
        )
        self.queue_wait = self._histogram(
            "centrala_queue_wait_seconds",
            "Wait of those who were answered, and of those who gave up.",
            wait_bounds,
            *("queue", "outcome"),
        )
        self.queue_in_time = self._counter(
            "centrala_queue_calls_within_threshold_total",
            "Callers whose wait was at most the queue's service level threshold.",
            *("queue", "outcome"),
        )
        self.queue_short = self._counter(
            "centrala_queue_short_abandons_total",
            "Callers who gave up within the queue's limit for short abandons.",
            "queue",
        )
        self.queue_offers = self._counter("centrala_queue_offers_total", "Calls offered to an agent.", "queue")
        self.queue_choices = self._counter(
            "centrala_queue_choices_total",
            "Calls offered to an agent, by what chose him: the strategy, or preferred.",
            *("queue", "by"),
        )
        self.queue_relaxations = self._counter(
            "centrala_queue_relaxations_total", "Steps by which a waiting caller's needs were lowered.", "queue"
        )
        self.queue_overflows = self._counter(
            "centrala_queue_overflows_total", "Callers who waited in a further queue too.", *("queue", "to")
        )
        self.queue_unaccepted = self._counter(
            "centrala_queue_offers_unaccepted_total",
            "Offers that an agent did not take, by reason.",
            *("queue", "reason"),
        )

    def _trunks(self) -> None:
        self.trunk_seizures = self._counter("centrala_trunk_seizures_total", "INVITEs handed to a trunk.", "trunk")
        self.trunk_calls = self._counter(
            "centrala_trunk_calls_total",
            "Seizures that ended: answered, busy, no_answer, rejected, or failure of the network.",
            *("trunk", "outcome"),
        )
        self.trunk_pdd = self._histogram(
            "centrala_trunk_post_dial_delay_seconds",
            "From the INVITE to the first 180, 183 or 200.",
            buckets.POST_DIAL_DELAY,
            "trunk",
        )
        self.trunk_billed = self._counter(
            "centrala_trunk_billed_seconds_total", "Seconds of answered seizures.", "trunk"
        )

    def _rest(self) -> None:
        self.digits = self._counter("centrala_digits_total", "DTMF digits received, by method.", "method")
        self.media_timeouts = self._counter("centrala_media_timeouts_total", "Legs from which no RTP came any more.")
        self.media_secured = self._counter("centrala_media_secured_total", "Legs that got SRTP keys, by how.", "method")
        self.quality_faults = self._counter(
            "centrala_quality_faults_total", "Verdicts on a leg that turned bad while the call was on.", "fault"
        )
        self.leg_mos = self._histogram(
            "centrala_leg_mos", "Estimated opinion of a leg's sound, whole call (MOS-CQE, G.107).", buckets.MOS
        )
        self.registrations = self._gauge("centrala_registrations", "Contacts that are registered.")
        self.registrations_lost = self._counter(
            "centrala_registrations_lost_total", "Contacts that went without being asked to, by why.", "reason"
        )
        self.alarm_active = self._gauge(
            "centrala_alarm_active", "1 while something needs an operator's attention.", "name"
        )
        self.alarms = self._counter("centrala_alarms_total", "Alarms that were raised.", "name")
        self.build = self._gauge("centrala_build_info", "Always 1; the version is the label.", "version")
