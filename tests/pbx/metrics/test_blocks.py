"""Figures of what blocks did."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.blocks import MAX_LABELS, BlockMetrics


def test_each_event_counts_once_and_names_that_others_make_up_are_bounded() -> None:
    bus, registry = EventBus(), CollectorRegistry()
    registry.register(BlockMetrics(bus, ["crm.example:8443", "*.x"], ["a"]))

    def told(kind: Kind, **data: Any) -> None:
        bus.publish(CallEvent(kind, "c", "a", 0.0, {"block": "b", **data}))

    told(Kind.HTTP_ASKED, host="crm.example", outcome="ok", ms=120, status=200)
    told(Kind.CALLER_KNOWN, customer="7", vip=True)
    told(Kind.CALLER_KNOWN, customer="", vip=False)
    told(Kind.REGION_FOUND, region="", country="PL", source="")
    told(Kind.PIN_CHECKED, result="wrong")
    told(Kind.DEALER_CHOSEN, dealer="a")
    told(Kind.DEALER_CHOSEN, dealer="")
    told(Kind.DUTY_CALLED, rota="night", result="answered")
    told(Kind.GUARD_CHECKED, result="drop")
    told(Kind.CONSENT_NOTED, consent="recording", given=False)
    told(Kind.SURVEY_ANSWERED, survey="after", question="speed", answer="4")
    for number in range(MAX_LABELS + 10):
        told(Kind.HTTP_ASKED, host=f"h{number}.x", outcome="timeout", ms=1, status=0)
    text = generate_latest(registry).decode()
    for line in (
        'centrala_flow_http_total{host="crm.example",outcome="ok"} 1.0',
        'centrala_flow_http_total{host="other",outcome="timeout"} 11.0',
        'centrala_flow_http_seconds_bucket{le="0.25"}',
        'centrala_flow_callers_total{result="vip"} 1.0',
        'centrala_flow_callers_total{result="unknown"} 1.0',
        'centrala_flow_regions_total{result="unknown",source=""} 1.0',
        'centrala_flow_pins_total{result="wrong"} 1.0',
        'centrala_flow_dealers_total{dealer="a"} 1.0',
        'centrala_flow_dealers_total{dealer="none"} 1.0',
        'centrala_flow_duty_total{result="answered",rota="night"} 1.0',
        'centrala_flow_guards_total{result="drop"} 1.0',
        'centrala_flow_consents_total{consent="recording",given="no"} 1.0',
        'centrala_flow_survey_answers_total{answer="4",question="speed",survey="after"} 1.0',
    ):
        assert line in text, line
