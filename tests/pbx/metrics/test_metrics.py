"""What each event does to the figures, and that the text is good for Prometheus."""

from __future__ import annotations

import asyncio
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.events import Alarm, CallEvent, EventBus, Kind, RegistrationChanged
from pbx.metrics import buckets
from pbx.metrics import metrics as metrics_module
from pbx.metrics.cells import CellFamily, HistogramCell
from pbx.metrics.event_metrics import MAX_VALUES
from pbx.metrics.live import Sources
from pbx.metrics.metrics import Metrics
from tests.pbx.metrics.support import busy, publish, sources
from tests.support.journeys import T0, Journey, answered, left, seizure


def value(metrics: Metrics, name: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_calls() -> None:
    _, metrics = busy()
    assert value(metrics, "centrala_calls_total", direction="inbound") == 7
    assert value(metrics, "centrala_calls_total", direction="outbound") == 3
    assert value(metrics, "centrala_calls_answered_total", direction="inbound") == 7
    assert value(metrics, "centrala_calls_answered_total", direction="outbound") == 1
    assert value(metrics, "centrala_calls_active") == 1
    assert value(metrics, "centrala_calls_ended_total", cause="normal") == 9
    assert value(metrics, "centrala_call_setup_seconds_count") == 8
    assert value(metrics, "centrala_call_setup_seconds_bucket", le="0.25") == 7
    assert value(metrics, "centrala_call_setup_seconds_bucket", le="10.0") == 8
    assert value(metrics, "centrala_call_duration_seconds_count") == 7


def test_queues() -> None:
    _, metrics = busy()
    sales = {"queue": "sales"}
    assert value(metrics, "centrala_queue_offered_total", **sales) == 7
    assert value(metrics, "centrala_queue_offered_total", queue="night") == 0
    outcomes = {"answered": 3, "abandoned": 2, "full": 1}
    for outcome, count in outcomes.items():
        assert value(metrics, "centrala_queue_calls_total", **sales, outcome=outcome) == count
    assert value(metrics, "centrala_queue_wait_seconds_sum", **sales, outcome="answered") == 60
    assert value(metrics, "centrala_queue_wait_seconds_bucket", **sales, outcome="answered", le="20.0") == 2
    assert value(metrics, "centrala_queue_calls_within_threshold_total", **sales, outcome="answered") == 2
    assert value(metrics, "centrala_queue_calls_within_threshold_total", **sales, outcome="abandoned") == 1
    assert value(metrics, "centrala_queue_short_abandons_total", **sales) == 1
    assert value(metrics, "centrala_queue_offers_total", **sales) == 3
    assert value(metrics, "centrala_queue_waiting", **sales) == 3
    assert value(metrics, "centrala_queue_longest_wait_seconds", **sales) == 42.5


def test_trunks() -> None:
    _, metrics = busy()
    assert value(metrics, "centrala_trunk_seizures_total", trunk="carrier") == 3
    for outcome in ("answered", "busy", "failure"):
        assert value(metrics, "centrala_trunk_calls_total", trunk="carrier", outcome=outcome) == 1
    assert value(metrics, "centrala_trunk_post_dial_delay_seconds_count", trunk="carrier") == 2
    assert value(metrics, "centrala_trunk_post_dial_delay_seconds_sum", trunk="carrier") == 4
    assert value(metrics, "centrala_trunk_billed_seconds_total", trunk="carrier") == 60


def test_live_sources() -> None:
    _, metrics = busy()
    assert value(metrics, "centrala_media_late_ticks_total") == 4
    assert value(metrics, "centrala_media_packets_lost_total") == 10
    assert value(metrics, "centrala_media_streams") == 8
    assert value(metrics, "centrala_media_worker_cpu_seconds_total", worker="1") == 1.5
    assert value(metrics, "centrala_sip_requests_shed_total", reason="rate") == 3
    assert value(metrics, "centrala_agents", state="available") == 2
    assert value(metrics, "centrala_agents", state="break") == 0
    assert value(metrics, "centrala_store_backlog_rows") == 7
    assert value(metrics, "centrala_store_writable") == 1
    assert value(metrics, "centrala_event_loop_lag_seconds_bucket", le="+Inf") == 0
    assert value(metrics, "centrala_queue_decision_seconds_bucket", le="+Inf") == 0
    assert value(metrics, "centrala_build_info", version="0.1.0") == 1
    assert value(metrics, "process_open_fds") is not None


def test_registrations_alarms_digits_and_offers() -> None:
    bus, metrics = busy()
    for registered in (True, True, False):
        bus.publish(RegistrationChanged("101", "sip:101@127.17.0.1", registered, 60.0, T0))
    bus.publish(RegistrationChanged("102", "sip:102@127.17.0.1", True, 60.0, T0))
    assert value(metrics, "centrala_registrations") == 1
    for active in (True, True, False, True):
        bus.publish(Alarm("store_write", "full", active, T0))
    assert value(metrics, "centrala_alarm_active", name="store_write") == 1
    assert value(metrics, "centrala_alarms_total", name="store_write") == 2
    call = Journey(50).add(Kind.DIGIT, digit="1", method="rfc4733").add(Kind.MEDIA_TIMEOUT, silent_s=30.0)
    call.add(Kind.QUEUE_OFFER_ENDED, queue="sales", agent="101", reason="no_answer")
    publish(bus, call.events)
    assert value(metrics, "centrala_digits_total", method="rfc4733") == 1
    assert value(metrics, "centrala_media_timeouts_total") == 1
    assert value(metrics, "centrala_queue_offers_unaccepted_total", queue="sales", reason="no_answer") == 1


def test_labels_that_code_makes_up_are_bounded() -> None:
    bus = EventBus()
    metrics = Metrics(bus, Sources())
    for number in range(MAX_VALUES * 3):
        publish(bus, Journey(number).begin().end(cause=f"cause {number}").events)
    causes = [s for m in metrics.registry.collect() if m.name == "centrala_calls_ended" for s in m.samples]
    assert len(causes) <= MAX_VALUES + 1
    assert sum(sample.value for sample in causes) == MAX_VALUES * 3


def test_callers_turned_away_were_offered() -> None:
    bus = EventBus()
    metrics = Metrics(bus, Sources(), thresholds={"sales": (20.0, 5.0)})
    full = Journey(1).begin().add(Kind.QUEUE_LEFT, queue="sales", wait_s=0.0, reason="full").end()
    publish(bus, full.events, left(2))
    assert value(metrics, "centrala_queue_offered_total", queue="sales") == 2
    assert value(metrics, "centrala_queue_calls_total", queue="sales", outcome="full") == 1


def test_events_out_of_order_are_survived() -> None:
    bus = EventBus()
    metrics = Metrics(bus, Sources())
    for event in reversed(answered(1)):
        bus.publish(event)
    assert bus.errors == 0
    publish(bus, answered(1)[-1:])
    assert value(metrics, "centrala_calls_active") == 0


def test_a_clock_that_goes_back_makes_no_negative_figure() -> None:
    bus = EventBus()
    metrics = Metrics(bus, Sources())
    call = Journey(1).begin().at(-10).add(Kind.CALL_ANSWERED).at(-20).end()
    publish(bus, call.events)
    assert value(metrics, "centrala_call_setup_seconds_sum") == 0
    assert value(metrics, "centrala_call_duration_seconds_sum") == 0


def test_a_source_that_fails_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus()
    given_sources = sources(bus)

    def broken() -> dict[str, int]:
        raise LookupError("gone")

    given_sources.agents = broken
    metrics = Metrics(bus, given_sources)
    text = metrics.render()
    assert b"centrala_agents{" not in text
    assert b"centrala_queue_waiting{" in text
    assert b"centrala_metrics_errors_total 1.0" in text
    assert "agents" in caplog.text


def test_thresholds_are_bounds_of_the_wait() -> None:
    assert 17.0 in buckets.queue_wait([17.0, 20.0])
    assert buckets.queue_wait([]) == buckets.QUEUE_WAIT


def test_trunks_and_security_now() -> None:
    _, metrics = busy()
    assert value(metrics, "centrala_trunk_up", trunk="carrier") == 0
    assert value(metrics, "centrala_trunk_registered", trunk="carrier") == 1
    assert value(metrics, "centrala_trunk_calls_active", trunk="carrier") == 3
    assert value(metrics, "centrala_trunk_spent", trunk="carrier", period="month") == 40.25
    assert value(metrics, "centrala_bans_total", reason="guessing") == 3
    assert value(metrics, "centrala_bans_active") == 2
    assert value(metrics, "centrala_bans_dropped_total") == 500
    assert value(metrics, "centrala_callers_refused_total") == 4


def test_a_party_that_moves_is_billed_and_no_seizure() -> None:
    bus, metrics = busy()
    call = f"{21:032x}"
    bus.publish(CallEvent(Kind.LEG_STARTED, call, "b1", T0, {"role": "callee", "trunk": "second", "moved": True}))
    bus.publish(CallEvent(Kind.LEG_ANSWERED, call, "b1", T0))
    bus.publish(CallEvent(Kind.TRUNK_CONTINUED, call, "b1", T0, {"trunk": "second", "target": "+48601"}))
    bus.publish(CallEvent(Kind.LEG_ENDED, call, "b1", T0 + 30, {"sip_status": 200}))
    assert value(metrics, "centrala_trunk_seizures_total", trunk="second") is None
    assert value(metrics, "centrala_trunk_calls_total", trunk="second", outcome="answered") is None
    assert value(metrics, "centrala_trunk_billed_seconds_total", trunk="second") == 30


def test_a_trunk_that_fails_ends_its_seizure_and_the_next_begins_one() -> None:
    bus, metrics = busy()
    publish(bus, seizure(20, 503, rang=False)[:-2])
    failed = {"trunk": "carrier", "sip_status": 503, "q850": 34, "next_trunk": "second"}
    bus.publish(CallEvent(Kind.TRUNK_FAILED, f"{20:032x}", "b1", T0 + 1, failed))
    assert value(metrics, "centrala_trunk_calls_total", trunk="carrier", outcome="failure") == 2
    assert value(metrics, "centrala_trunk_seizures_total", trunk="second") == 1


async def test_the_exposition_is_the_registry_and_lets_the_loop_run(monkeypatch: pytest.MonkeyPatch) -> None:
    _, metrics = busy()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(count())
    text = await metrics.exposition()
    task.cancel()
    assert turns > 20
    monkeypatch.setattr(metrics_module, "THREAD_BYTES", 0)
    on_a_thread = await metrics.exposition()

    def names(of: bytes) -> list[str]:
        lines = (line for line in of.decode().splitlines() if not line.startswith("#"))
        return sorted(line.rsplit(" ", 1)[0] for line in lines)

    assert names(text) == names(on_a_thread) == names(metrics.render())
    assert len(set(names(text))) == len(names(text))
    assert metrics.scrape()[1].startswith("text/plain")


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian's package prometheus) is not installed")
async def test_promtool_finds_nothing_to_say() -> None:
    _, metrics = busy()
    done = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this test
        ["promtool", "check", "metrics"], input=await metrics.exposition(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


async def test_names_and_units() -> None:
    _, metrics = busy()
    for family in metrics.registry.collect():
        assert family.name.startswith(("centrala_", "process_")), family.name
        assert family.documentation.endswith("."), family.name
        assert not family.name.endswith(("_ms", "_minutes", "_percent")), family.name
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_mos")), family.name


def test_wrong_labels_are_a_mistake_of_ours() -> None:
    from prometheus_client.core import CounterMetricFamily

    family = CellFamily(CounterMetricFamily, "x_total", "X.", ["queue"])
    with pytest.raises(ValueError, match="has the labels"):
        family.child("a", "b")


@settings(deadline=None)
@given(
    st.lists(st.floats(min_value=-1, max_value=100, allow_nan=False), max_size=200), st.sampled_from([0.5, 0.95, 0.99])
)
def test_histogram_against_counting(samples: list[float], share: float) -> None:
    cell = HistogramCell((0.5, 1.0, 5.0, 50.0))
    for sample in samples:
        cell.observe(sample)
    for text, count in cell.cumulated():
        assert count == sum(1 for sample in samples if sample <= float(text))
    wanted = share * len(samples)
    quantile = cell.quantile(share)
    if samples:
        assert sum(1 for sample in samples if sample <= quantile) >= wanted
    else:
        assert quantile == 0.0


def test_an_event_without_its_call() -> None:
    bus = EventBus()
    metrics = Metrics(bus, Sources())
    bus.publish(CallEvent(Kind.LEG_ENDED, "x", "b1", T0, {"sip_status": None}))
    bus.publish(CallEvent(Kind.CALL_ENDED, "x", "a", T0, {}))
    assert bus.errors == 0
    assert value(metrics, "centrala_calls_active") == 0


def test_distribution() -> None:
    bus, metrics = busy()
    sales = {"queue": "sales"}
    for kind, data in (
        (Kind.QUEUE_OFFERED, {"agent": "101", "leg": "b1", "by": "preferred"}),
        (Kind.QUEUE_RELAXED, {"needs": {}, "wait_s": 30.0}),
        (Kind.QUEUE_OVERFLOWED, {"to": "night", "wait_s": 60.0}),
    ):
        bus.publish(CallEvent(kind, "c", "a", T0, {**sales, **data}))
    assert value(metrics, "centrala_queue_choices_total", **sales, by="preferred") == 1
    assert value(metrics, "centrala_queue_relaxations_total", **sales) == 1
    assert value(metrics, "centrala_queue_overflows_total", **sales, to="night") == 1
