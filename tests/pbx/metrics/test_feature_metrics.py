"""The features' metrics: each use is counted once, and the gauges say what is now."""

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.feature_metrics import USES
from pbx.metrics.live import Sources
from pbx.metrics.metrics import Metrics


def test_uses_and_gauges() -> None:
    bus = EventBus()
    metrics = Metrics(bus, Sources(parked=lambda: 3, participants=lambda: 7))
    bus.publish(CallEvent(Kind.PARKED, "c", "a", 0.0, {"slot": "701"}))
    bus.publish(CallEvent(Kind.CALL_STARTED, "c", "a", 0.0, {"direction": "internal"}))
    text = metrics.render().decode()
    assert 'centrala_feature_uses_total{feature="park"} 1.0' in text
    assert 'centrala_feature_uses_total{feature="pickup"} 0.0' in text
    assert "centrala_parked_calls 3.0" in text
    assert "centrala_room_participants 7.0" in text
    assert len(set(USES.values())) == len(USES)


async def test_the_exposition_has_them_too() -> None:
    metrics = Metrics(EventBus(), Sources())
    assert b"centrala_parked_calls 0.0" in await metrics.exposition()
