"""Which version of a flow holds, how often one was published, and blocks that failed, as metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from pbx.events import CallEvent, EventBus, FlowVersionChanged, Kind
from pbx.metrics.flow_versions import FlowVersionMetrics


def test_versions_publications_and_errors_are_counted() -> None:
    bus, holds, registry = EventBus(), {"main": 0}, CollectorRegistry()
    registry.register(FlowVersionMetrics(bus, lambda: holds))
    text = generate_latest(registry).decode()
    assert 'centrala_flow_version{flow="main"} 0.0' in text
    assert 'centrala_flow_publications_total{flow="main"} 0.0' in text
    assert 'centrala_flow_errors_total{flow="main"} 0.0' in text
    holds["main"] = 3
    bus.publish(FlowVersionChanged("main", 3, 0, "ada", 1.8e9))
    bus.publish(CallEvent(Kind.FLOW_FAILED, "c1", "a", 1.8e9, {"flow": "main", "block": "x", "error": "wrong"}))
    text = generate_latest(registry).decode()
    assert 'centrala_flow_version{flow="main"} 3.0' in text
    assert 'centrala_flow_publications_total{flow="main"} 1.0' in text
    assert 'centrala_flow_errors_total{flow="main"} 1.0' in text
