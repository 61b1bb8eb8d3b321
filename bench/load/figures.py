"""Figures of a run: samples by key, their median and spread, and the peers' rows that stand beside them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench.load.media_rows import MEDIA_ROWS
from bench.load.row import Row

ROWS = (
    Row("answered_cpu_ms_per_call", "answered call, at 800/s", "CPU-ms", "<= 0.5", "Asterisk 1.0-1.5, FreeSWITCH 4.3"),
    Row("bridged_cpu_ms_per_call", "bridged call, at 400/s", "CPU-ms", "<= 1.2", "Asterisk 4.2-5.2, FreeSWITCH 13-14"),
    Row("bridged_code_us_pause_0", "code of a bridged call, no network", "CPU-us", "", ""),
    Row(
        "bridged_code_us_pause_300", "same, 0.3 ms pause before each message", "CPU-us", "", "cold caches of a machine"
    ),
    Row("bridged_code_us_pause_2000", "same, 2 ms pause before each message", "CPU-us", "", "that rests in between"),
    Row("answered_calls_per_s", "answered calls carried", "1/s", "", "Asterisk 1200, FreeSWITCH 300"),
    Row("bridged_calls_per_s", "bridged calls carried", "1/s", "", "Asterisk 350-400, FreeSWITCH 130"),
    Row("sustained_bridged_calls_per_s", "bridged calls sustained", "1/s", ">= 1500", "Asterisk 350-400"),
    Row("sustained_ringing_p99_ms", "INVITE to 180 meanwhile, p99", "ms", "<= 50", "Asterisk 7-70"),
    Row("sustained_loop_lag_max_ms", "event loop lag meanwhile, at most", "ms", "<= 30", ""),
    Row("sustained_cpu_ms_per_call", "bridged call at that rate", "CPU-ms", "<= 1.2", "Asterisk 4.2-5.2"),
    Row("overload_carried_ratio", "carried of that at twice the rate", "ratio", ">= 0.9", "FreeSWITCH 0.7"),
    Row("overload_established_lost", "established calls lost meanwhile", "count", "0", ""),
    Row("digest_cpu_ms_per_call", "digest, added to a call", "CPU-ms", "<= 0.1", ""),
    Row("options_cpu_ms", "transaction without a dialog", "CPU-ms", "", ""),
    Row("options_per_s_core", "such transactions a core", "1/s", "", ""),
    Row("registrations_core_percent", "10,000 phones registering every 60 s", "% of a core", "<= 10", ""),
    Row("registration_cpu_us", "a refresh, challenge and all", "CPU-us", "", ""),
    Row("offer_p50_ms", "agent free to INVITE, p50", "ms", "", "Asterisk 414, FreeSWITCH 600"),
    Row("offer_p99_ms", "agent free to INVITE, p99", "ms", "<= 10", "Asterisk 1170, FreeSWITCH 1110"),
    Row(
        "offer_500_p50_ms",
        "the same with 500 waiting, p50",
        "ms",
        "",
        "Asterisk 414 (200 waiting), FreeSWITCH 600 (20)",
    ),
    Row("offer_500_bare_p99_ms", "a bare timer's lateness meanwhile, p99", "ms", "", ""),
    Row("offer_500_p99_ms", "the same with 500 waiting, p99", "ms", "<= 5", "Asterisk 1170, FreeSWITCH 1110"),
    Row("distributor_decisions_per_s", "decisions, 10,000 waiting x 2,000 agents, skills", "/s", ">= 100,000", ""),
    Row("heapq_decisions_per_s", "  a Python heapq for each kind of need", "/s", "", ""),
    Row("sorted_list_decisions_per_s", "  one sorted list, looked through", "/s", "", ""),
    Row("queues_empty_rss_mb", "100 queues, 2,000 agents: RSS of the process", "MB", "", ""),
    Row("queues_full_rss_mb", "  with 10,000 waiting", "MB", "<= 200", ""),
    Row("api_calls_ratio", "GET /calls, 50 calls, beside a bare Starlette route", "times the CPU", "", ""),
    Row("api_calls_us", "  a request", "us CPU", "", ""),
    Row("api_calls_per_s", "  requests of a core", "per s", "", ""),
    Row("cdrs_page_ms", "page of the history, deep, the dearest way to look", "ms CPU", "<= 10", ""),
    Row("live_500_core_percent", "500 live clients at 5 calls/s, added to the calls", "% of a core", "<= 5", ""),
    Row("live_500_idle_core_percent", "  with no call", "% of a core", "", ""),
    Row("live_without_core_percent", "  the calls alone", "% of a core", "", ""),
    Row("rss_mb_0", "memory, no call", "MB", "", ""),
    Row("rss_mb_500", "memory, 500 bridged calls", "MB", "", "Asterisk 249, FreeSWITCH 411"),
    Row("rss_mb_1000", "memory, 1,000 bridged calls", "MB", "<= 150", "Asterisk 491, FreeSWITCH 896"),
    Row("loop_lag_p99_ms", "event loop lag at 400 calls/s, p99", "ms", "<= 10", ""),
    Row("bare_timer_p99_ms", "a bare real-time timer's lag meanwhile, p99", "ms", "", "the machine's own limit"),
    Row("late_ticks", "late media ticks meanwhile", "count", "0", ""),
    Row("bare_late_ticks", "late ticks of a bare real-time timer", "count", "", "the machine's own limit"),
    Row("prompt_first_p50_ms", "prompt of 5 s made for a waiting caller, p50", "ms", "<= 150", ""),
    Row("prompt_first_max_ms", "  the slowest of 20", "ms", "<= 150", ""),
    Row("prompt_cached_p50_us", "the same again, from memory", "us", "<= 1000", ""),
    Row("prompt_disk_p50_ms", "the same after a restart, from disk", "ms", "", ""),
    Row("prompt_render_ms", "1,000 prompts in a row, each", "ms", "", ""),
    Row("prompt_failures", "  that failed", "count", "0", ""),
    Row("speech_worker_restarts", "  workers that died or hung meanwhile", "count", "0", ""),
    Row("speech_worker_rss_mb", "  memory of the worker then", "MB", "", ""),
    Row("speech_worker_growth_kb_per_prompt", "  its growth over the last 900", "KB a prompt", "<= 1", ""),
    *MEDIA_ROWS,
)


def merge(path: Path, values: dict[str, Any]) -> None:
    """Into a bench.json whose other keys stay: of a part that is run on its own."""
    old = orjson.loads(path.read_bytes()) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(old | values, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


@dataclass(slots=True)
class Figures:
    """Samples by key; a key holds one sample a repeat."""

    samples: dict[str, list[float]] = field(default_factory=dict)

    def add(self, key: str, value: float) -> None:
        self.samples.setdefault(key, []).append(value)

    def update(self, values: dict[str, float]) -> None:
        for key, value in values.items():
            self.add(key, value)

    def spread(self, key: str, median: float, least: float, greatest: float) -> None:
        """A figure whose repeats somebody else has made."""
        self.samples[key] = [least, median, greatest]

    def median(self, key: str) -> float:
        return statistics.median(self.samples[key])

    def flat(self) -> dict[str, float]:
        """`key`, `key_min` and `key_max` for each figure: median, least and greatest over the repeats."""
        out: dict[str, float] = {}
        for key, values in self.samples.items():
            out[key] = round(statistics.median(values), 4)
            out[f"{key}_min"] = round(min(values), 4)
            out[f"{key}_max"] = round(max(values), 4)
        return out
