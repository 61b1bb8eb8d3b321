"""What is told of voicemail, test calls and redials at a scrape."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from pbx.events import CallEvent, EventBus, Kind
from pbx.metrics.selftest import SelfTestMetrics, SelfTestNow
from pbx.metrics.voicemail import BoxNow, VoicemailMetrics, VoicemailNow
from pbx.selftest.result import Result, StepResult


def test_voicemail_at_a_scrape() -> None:
    bus, registry = EventBus(), CollectorRegistry()
    registry.register(VoicemailMetrics(bus, lambda: VoicemailNow({"101": BoxNow(2, 1)}, 4, 1)))
    for kind, data in (
        (Kind.VOICEMAIL_LEFT, {"box": "101", "duration_s": 7.0}),
        (Kind.VOICEMAIL_RECORDED, {"box": "101", "outcome": "empty"}),
        (Kind.VOICEMAIL_RECORDED, {"box": "101", "outcome": "recorded"}),
        (Kind.VOICEMAIL_REFUSED, {"owner": "box 101", "why": "full"}),
        (Kind.VOICEMAIL_REFUSED, {"owner": "box 101", "why": "wrong_pin"}),
    ):
        bus.publish(CallEvent(kind, "a" * 32, "a", 1.0, data))
    text = generate_latest(registry).decode()
    for line in (
        'centrala_voicemail_messages{box="101",state="new"} 2.0',
        'centrala_voicemail_calls_total{box="101",outcome="recorded"} 1.0',
        'centrala_voicemail_calls_total{box="101",outcome="empty"} 1.0',
        'centrala_voicemail_calls_total{box="101",outcome="full"} 1.0',
        'centrala_voicemail_calls_total{box="101",outcome="failed"} 0.0',
        'centrala_voicemail_duration_seconds_bucket{box="101",le="10.0"} 1.0',
        "centrala_voicemail_wrong_pins_total 4.0",
        "centrala_voicemail_locked 1.0",
    ):
        assert line in text, line


def test_test_calls_at_a_scrape() -> None:
    steps = [StepResult("Press one.", True, 0.93, 0.5)]
    latest = {"hotline": Result("a" * 32, "hotline", "", "600", 1.0, 9.0, True, pdd_s=0.25, steps=steps)}
    runs = {("hotline", True): 3}
    now = SelfTestNow(["hotline", "night"], latest, runs, {"1": 5, "2": 2, "3": 1, "4+": 0}, 4)
    registry = CollectorRegistry()
    registry.register(SelfTestMetrics(lambda: now))
    text = generate_latest(registry).decode()
    for line in (
        'centrala_selftest_runs_total{outcome="passed",test="hotline"} 3.0',
        'centrala_selftest_runs_total{outcome="failed",test="night"} 0.0',
        'centrala_selftest_passed{test="hotline"} 1.0',
        'centrala_selftest_pdd_seconds{test="hotline"} 0.25',
        'centrala_selftest_match{test="hotline"} 0.93',
        'centrala_redials_got_through_total{attempts="3"} 1.0',
        "centrala_redials_total 4.0",
    ):
        assert line in text, line
    assert "centrala_selftest_mos{" not in text
