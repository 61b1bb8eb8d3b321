"""What is told of prompts at a scrape."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from pbx.metrics.prompts import PromptCollector, PromptsNow


def test_prompts_at_a_scrape() -> None:
    registry = CollectorRegistry()
    now = PromptsNow(7, 3, {("pl", "voice"): 2, ("ru", "tone"): 1}, {"espeak": 1}, {"espeak": 0, "neural": 4}, 5)
    registry.register(PromptCollector(lambda: now))
    text = generate_latest(registry).decode()
    for line in (
        'centrala_prompts_total{by="rendering"} 7.0',
        'centrala_prompts_total{by="disk"} 3.0',
        'centrala_prompt_fallback_total{heard="voice",language="pl"} 2.0',
        'centrala_prompt_fallback_total{heard="tone",language="ru"} 1.0',
        'centrala_speech_worker_restarts_total{engine="espeak"} 1.0',
        'centrala_speech_failures_total{engine="neural"} 4.0',
        "centrala_prompt_recordings 5.0",
    ):
        assert line in text, line
