"""What signalling holds for long: the rate that it sustains, what is left of it when twice as much comes, and what a
transaction and a digest cost.
"""

from __future__ import annotations

import time
from pathlib import Path

from bench.load import sipp
from bench.load.pbx import CALLER, HOLDER, PHONE, Pbx
from bench.load.signalling import BRIDGED, ECHO, TARGET, Say, run_at

RINGING_P99_MS = 50.0  # INVITE to 180, the callee's own time included
LOSS = 0.001
DIGEST_RATE = 400.0
OPTIONS_RATE = 4000.0
HELD_CALLS = 200


def transactions(pbx: Pbx, folder: Path, seconds: float) -> dict[str, float]:
    """CPU-ms of one transaction without a dialog, an OPTIONS and its answer, and how many a second one core holds."""
    result, cpu_ms = run_at(pbx, folder, "probe", OPTIONS_RATE, seconds, scenario="options")
    if result.failed:
        raise RuntimeError(f"{result.failed} of {result.successful + result.failed} OPTIONS had no answer")
    return {"options_cpu_ms": cpu_ms, "options_per_s_core": 1000 / cpu_ms}


def digest(pbx: Pbx, folder: Path, seconds: float) -> dict[str, float]:
    """What a challenged call costs more than one of a trunk, in CPU-ms; both in turns at the same rate."""
    costs: dict[str, float] = {}
    for name, scenario, source in (("trunk", "caller", CALLER), ("phone", "phone", PHONE)):
        result, costs[name] = run_at(pbx, folder, ECHO, DIGEST_RATE, seconds, scenario=scenario, source=source)
        if result.failed:
            raise RuntimeError(f"{result.failed} calls of the {name} failed at {DIGEST_RATE:g}/s; see {folder}")
    return {"digest_cpu_ms_per_call": costs["phone"] - costs["trunk"]}


def holds(pbx: Pbx, folder: Path, rate: float, seconds: float, say: Say) -> dict[str, float] | None:
    """A run of bridged calls; its figures, or None when a call in 1,000 failed or ringing took longer than allowed."""
    before = pbx.metrics()
    result, cpu_ms = run_at(pbx, folder, BRIDGED, rate, seconds, scenario="ringing")
    worst_ms = highest_ms(before, pbx.metrics(), "centrala_event_loop_lag_seconds")
    p99_ms = result.quantile_ms(0.99)
    good = result.failed <= LOSS * (result.successful + result.failed) and p99_ms <= RINGING_P99_MS
    say(
        f"  {rate:g}/s for {seconds:g} s: {result.failed} failed, ringing p99 {p99_ms:.0f} ms, "
        f"lag at most {worst_ms:g} ms, {cpu_ms:.2f} CPU-ms/call{'' if good else '  limit'}"
    )
    if not good:
        return None
    return {
        "sustained_bridged_calls_per_s": result.successful / seconds,
        "sustained_ringing_p99_ms": p99_ms,
        "sustained_loop_lag_max_ms": worst_ms,
        "sustained_cpu_ms_per_call": cpu_ms,
    }


def highest_ms(before: dict[str, float], after: dict[str, float], name: str) -> float:
    """The bound (ms) of the highest bucket of a histogram that grew between two scrapes; 0 when none did."""
    worst, seen = 0.0, 0.0
    buckets = sorted(
        (float(key.partition('le="')[2].partition('"')[0]), value - before.get(key, 0.0))
        for key, value in after.items()
        if key.startswith(f"{name}_bucket{{")
    )
    for bound, total in buckets:
        if total > seen:
            worst, seen = bound * 1000, total
    return worst


def sustained(pbx: Pbx, folder: Path, rates: list[float], seconds: float, say: Say) -> dict[str, float]:
    """The greatest rate of `rates` that holds for `seconds`; those above it are tried for a moment only.

    Raises RuntimeError when not even the least of them holds.
    """
    rates = sorted(rates)
    best = rates[0]
    for rate in rates[1:]:
        if holds(pbx, folder, rate, 3.0, say) is None:
            break
        best = rate
    while True:
        figures = holds(pbx, folder, best, seconds, say)
        if figures is not None:
            return figures
        lower = [rate for rate in rates if rate < best]
        if not lower:
            raise RuntimeError(f"not even {best:g} bridged calls a second held for {seconds:g} s")
        best = lower[-1]


def overload(pbx: Pbx, folder: Path, limit: float, seconds: float) -> dict[str, float]:
    """Twice the `limit` comes while calls are up: the share of the limit that is carried, established calls lost."""
    held = sipp.caller(
        folder / "held", TARGET, BRIDGED, HOLDER, rate=100, calls=HELD_CALLS, hold_ms=int(seconds * 1000) + 10_000
    )
    try:
        deadline = time.monotonic() + 30
        while pbx.metrics()["centrala_calls_active"] < HELD_CALLS:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{HELD_CALLS} calls were not up within 30 s")
            time.sleep(0.1)
        result, _ = run_at_once(folder, 2 * limit, seconds)
        kept = held.wait(seconds + 60)
    finally:
        held.stop()
    pbx.wait_idle()
    return {
        "overload_carried_ratio": result.successful / (limit * seconds),
        "overload_established_lost": float(HELD_CALLS - kept.successful),
    }


def run_at_once(folder: Path, rate: float, seconds: float) -> tuple[sipp.Result, float]:
    """As `run_at`, but it does not wait for all calls to be over."""
    load = sipp.caller(folder, TARGET, BRIDGED, CALLER, rate=rate, calls=int(rate * seconds), hold_ms=500)
    return load.wait(seconds + 60), 0.0
