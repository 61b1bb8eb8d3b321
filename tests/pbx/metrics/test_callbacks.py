"""What is told of callbacks at a scrape."""

from __future__ import annotations

from tests.pbx.metrics.support import busy


async def test_callbacks_at_a_scrape() -> None:
    _, metrics = busy()
    text = (await metrics.exposition()).decode()
    for line in (
        'centrala_callback_speed_to_lead_seconds_bucket{le="15.0",queue="sales"} 0.0',
        'centrala_callback_speed_to_lead_seconds_bucket{le="20.0",queue="sales"} 1.0',
        'centrala_callback_hold_seconds_count{queue="sales"} 1.0',
        'centrala_callback_attempts_total{mode="agent_first",outcome="reached"} 1.0',
        'centrala_callback_attempts_total{mode="customer_first",outcome="busy"} 0.0',
        'centrala_callback_silent_total{queue="sales"} 1.0',
        'centrala_callback_refused_total{reason="premium"} 3.0',
        'centrala_callback_refused_total{reason="foreign"} 0.0',
        'centrala_callbacks{queue="sales",state="due"} 2.0',
        'centrala_callback_pacing_weight{queue="sales"} 0.8',
    ):
        assert line in text, line
