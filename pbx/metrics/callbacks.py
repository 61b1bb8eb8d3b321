"""Figures of callbacks: how fast customers are reached, how attempts end, and what pacing does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.buckets import QUEUE_WAIT, SPEED_TO_LEAD
from pbx.metrics.cells import CellFamily, HistogramFamily

if TYPE_CHECKING:
    from pbx.callback.service import CallbackFigures

OUTCOMES = ("reached", "busy", "no_answer", "unreachable", "voicemail", "hung_up", "refused", "agent_left", "fault")
REASONS = ("limit_number", "limit_source", "foreign", "premium", "shared_cost", "blocked", "invalid", "unknown")


class CallbackMetrics(Collector):
    """Subscribes on construction; asks `figures` at each scrape."""

    def __init__(self, bus: EventBus, figures: Callable[[], CallbackFigures]) -> None:
        self._figures = figures
        self._speed = HistogramFamily(
            "centrala_callback_speed_to_lead_seconds",
            "From the request, or the hour that was chosen, to customer and agent hearing each other.",
            SPEED_TO_LEAD,
            ("queue",),
        )
        self._hold = HistogramFamily(
            "centrala_callback_hold_seconds",
            "How long customers who answered waited for the agent.",
            QUEUE_WAIT,
            ("queue",),
        )
        self._ended = CellFamily(
            CounterMetricFamily, "centrala_callback_attempts_total", "Attempts by their end.", ("mode", "outcome")
        )
        self._silent = CellFamily(
            CounterMetricFamily,
            "centrala_callback_silent_total",
            "Customers who answered and hung up before an agent was there.",
            ("queue",),
        )
        for mode in ("agent_first", "customer_first"):  # Prometheus sees no increase in a series that begins with 1
            for outcome in OUTCOMES:
                self._ended.child(mode, outcome)
        bus.subscribe(CallEvent, self._bridged, (Kind.CALLBACK_BRIDGED,))
        bus.subscribe(CallEvent, self._ended_one, (Kind.CALLBACK_ENDED,))
        bus.subscribe(CallEvent, self._silent_one, (Kind.CALLBACK_SILENT,))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._figures()
        waiting = GaugeMetricFamily("centrala_callbacks", "Callbacks by their state.", labels=["queue", "state"])
        for queue, states in now.waiting.items():
            for state, count in states.items():
                waiting.add_metric([queue, state], count)
            self._silent.child(queue)
            self._speed.child(queue)
        yield waiting
        refused = CounterMetricFamily("centrala_callback_refused", "Requests that were refused.", labels=["reason"])
        for reason in dict.fromkeys((*REASONS, *now.refused)):
            refused.add_metric([reason], now.refused.get(reason, 0))
        yield refused
        shares = GaugeMetricFamily(
            "centrala_callback_silent_share",
            "Of the latest answered callbacks those without an agent.",
            labels=["queue"],
        )
        weights = GaugeMetricFamily(
            "centrala_callback_pacing_weight", "What an agent counts who is expected to be free.", labels=["queue"]
        )
        reach = GaugeMetricFamily(
            "centrala_callback_reach_seconds", "Expected time from the call to the customer's answer.", labels=["queue"]
        )
        for family, values in ((shares, now.silent_share), (weights, now.caution), (reach, now.reach_s)):
            for queue, value in values.items():
                family.add_metric([queue], value)
            yield family
        for cells in (self._speed, self._hold, self._ended, self._silent):
            yield from cells.collect()

    def _bridged(self, event: CallEvent) -> None:
        data = event.data
        self._speed.child(data["queue"]).observe(float(data["speed_s"]))
        self._hold.child(data["queue"]).observe(float(data["hold_s"]))

    def _ended_one(self, event: CallEvent) -> None:
        self._ended.child(event.data["mode"], event.data["outcome"]).value += 1

    def _silent_one(self, event: CallEvent) -> None:
        self._silent.child(event.data["queue"]).value += 1
