"""Figures of the HTTP API."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from pbx.metrics.api import ApiMetrics, ApiNow


def test_requests_are_counted_by_route_and_streams_have_no_duration() -> None:
    metrics = ApiMetrics(lambda: ApiNow(3, 2, 5, 4, 1, 7, 0))
    registry = CollectorRegistry()
    registry.register(metrics)
    metrics.observe("/calls/{call_id}", "GET", 200, 0.004)
    metrics.observe("/calls/{call_id}", "GET", 404, 0.004)
    metrics.observe("/live", "WS", 101, 3600.0)
    text = generate_latest(registry).decode()
    assert 'centrala_api_requests_total{method="GET",route="/calls/{call_id}",status="404"} 1.0' in text
    assert 'centrala_api_requests_total{method="WS",route="/live",status="101"} 1.0' in text
    assert 'centrala_api_request_duration_seconds_count{route="/calls/{call_id}"} 2.0' in text
    assert 'duration_seconds_count{route="/live"}' not in text
    for line in (
        "api_logins_failed_total 4.0",
        "api_sessions 2.0",
        "audit_entries_total 7.0",
    ):
        assert f"\ncentrala_{line}\n" in text
