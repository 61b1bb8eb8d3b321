"""Figures of short messages: what becomes of them, by which gateway, how long it takes and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.buckets import SMS_DELIVERY, SMS_QUEUED
from pbx.metrics.cells import CellFamily, HistogramFamily

if TYPE_CHECKING:
    from pbx.sms.service import SmsFigures

STEPS = {
    Kind.SMS_ACCEPTED: "accepted",
    Kind.SMS_DELIVERED: "delivered",
    Kind.SMS_FAILED: "failed",
    Kind.SMS_EXPIRED: "expired",
    Kind.SMS_IN_DOUBT: "in_doubt",
    Kind.SMS_REQUEUED: "requeued",
}
REASONS = ("opted_out", "not_mobile", "foreign", "blocked", "invalid", "once", "limit_number", "limit_source")
MORE_REASONS = ("pumping", "money", "full", "template", "variables", "too_long", "no_gateway")


class SmsMetrics(Collector):
    """Subscribes on construction; asks `figures` at each scrape."""

    def __init__(self, bus: EventBus, figures: Callable[[], SmsFigures]) -> None:
        self._figures = figures
        self._steps = CellFamily(
            CounterMetricFamily, "centrala_sms_total", "Steps of messages, by gateway.", ("gateway", "step")
        )
        self._parts = CellFamily(
            CounterMetricFamily, "centrala_sms_parts_total", "Parts that gateways accepted.", ("gateway",)
        )
        self._queued = HistogramFamily(
            "centrala_sms_queued_seconds", "From the request to the gateway's acceptance.", SMS_QUEUED, ("gateway",)
        )
        self._delivery = HistogramFamily(
            "centrala_sms_delivery_seconds", "From the acceptance to the receipt.", SMS_DELIVERY, ("gateway",)
        )
        self._clicked = CellFamily(CounterMetricFamily, "centrala_sms_clicks_total", "Links that were opened.", ())
        bus.subscribe(CallEvent, self._step, tuple(STEPS))
        bus.subscribe(CallEvent, self._click, (Kind.SMS_CLICKED,))

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask, nobody may have started."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = self._figures()
        waiting = GaugeMetricFamily("centrala_sms_messages", "Open messages by their state.", labels=["state"])
        for state, count in now.states.items():
            waiting.add_metric([state], count)
        yield waiting
        refused = CounterMetricFamily("centrala_sms_refused", "Messages that were refused.", labels=["reason"])
        for reason in dict.fromkeys((*REASONS, *MORE_REASONS, *now.refused)):
            refused.add_metric([reason], now.refused.get(reason, 0))
        yield refused
        received = CounterMetricFamily("centrala_sms_received", "Messages from customers.", labels=["what"])
        for what, count in now.received.items():
            received.add_metric([what], count)
        yield received
        yield GaugeMetricFamily("centrala_sms_opted_out", "Numbers that want no messages.", value=now.opted_out)
        yield CounterMetricFamily(
            "centrala_sms_unknown_receipts", "Receipts of messages that nobody knows.", value=now.unknown_receipts
        )
        yield from self._of_gateways(now)
        for cells in (self._steps, self._parts, self._queued, self._delivery, self._clicked):
            yield from cells.collect()

    def _of_gateways(self, now: SmsFigures) -> Iterator[Metric]:
        up = GaugeMetricFamily("centrala_sms_gateway_up", "Whether a gateway takes messages.", labels=["gateway"])
        throttled = CounterMetricFamily(
            "centrala_sms_throttled", "How often a gateway asked for less.", labels=["gateway"]
        )
        spent = GaugeMetricFamily(
            "centrala_sms_spent", "What messages cost today and this month.", labels=["gateway", "period", "currency"]
        )
        for gateway in now.gateways:
            up.add_metric([gateway.name], int(gateway.up))
            throttled.add_metric([gateway.name], gateway.throttled)
            for period, amount in zip(("day", "month"), gateway.spent, strict=True):
                spent.add_metric([gateway.name, period, gateway.currency], amount)
            for step in STEPS.values():  # Prometheus sees no increase in a series that begins with 1
                self._steps.child(gateway.name, step)
        yield from (up, throttled, spent)

    def _step(self, event: CallEvent) -> None:
        data, step = event.data, STEPS[event.kind]
        gateway = str(data.get("gateway", ""))
        self._steps.child(gateway, step).value += 1
        if step == "accepted":
            self._parts.child(gateway).value += int(data["parts"])
            self._queued.child(gateway).observe(float(data["queued_s"]))
        elif step == "delivered":
            self._delivery.child(gateway).observe(float(data["delivery_s"]))

    def _click(self, _event: CallEvent) -> None:
        self._clicked.child().value += 1
