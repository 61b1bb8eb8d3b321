"""What a call costs, how many a second are carried, and what the event loop's lag is meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import sipp
from bench.load.bare_timer import BareTimer
from bench.load.pbx import CALLEE, CALLER, HOST, Pbx, histogram_quantile
from bench.load.sip_client import register

TARGET = f"{HOST}:5060"
ECHO, BRIDGED = "601", "700"
# Calls a second. Virtual machines charge a process for waking up: below some hundred calls a second the same call costs
# up to twice as much, so the rate belongs to the figure.
COST_RATES = {ECHO: 800.0, BRIDGED: 400.0}
Say = Callable[[str], None]


@contextmanager
def answering_phone(folder: Path) -> Iterator[None]:
    """Extension 100 registered at a SIPp that rings and answers."""
    register(TARGET, "100", "bench-secret-100", local=(CALLEE, 5062), contact=f"sip:100@{CALLEE}:5060")
    phone = sipp.callee(folder, CALLEE)
    try:
        time.sleep(0.5)  # SIPp tells nobody when it listens
        yield
    finally:
        phone.stop()


def run_at(
    pbx: Pbx,
    folder: Path,
    number: str,
    rate: float,
    seconds: float,
    hold_ms: int = 500,
    *,
    scenario: str = "caller",
    source: str = CALLER,
) -> tuple[sipp.Result, float]:
    """One run at a fixed rate; returns SIPp's counts and CPU-ms per successful call."""
    before = pbx.cpu_s()
    calls = int(rate * seconds)
    load = sipp.caller(folder, TARGET, number, source, rate=rate, calls=calls, hold_ms=hold_ms, scenario=scenario)
    result = load.wait(seconds + 60)
    pbx.wait_idle()
    if not result.successful:
        raise RuntimeError(f"no call to {number} succeeded; see {folder}")
    return result, (pbx.cpu_s() - before) * 1000 / result.successful


def cost(pbx: Pbx, folder: Path, number: str, seconds: float) -> float:
    """CPU-ms per call at the rate of COST_RATES; every call has to succeed."""
    rate = COST_RATES[number]
    result, cpu_ms = run_at(pbx, folder, number, rate, seconds)
    if result.failed:
        raise RuntimeError(
            f"{result.failed} of {result.successful + result.failed} calls to {number} failed at {rate:g}/s"
        )
    return cpu_ms


def capacity(pbx: Pbx, folder: Path, number: str, rates: list[float], seconds: float, say: Say) -> float:
    """The greatest rate (calls/s) of `rates` with no failed call in 1,000 and a p99 set-up time of 250 ms at most."""
    best = 0.0
    for rate in rates:
        result, cpu_ms = run_at(pbx, folder, number, rate, seconds)
        carried = result.successful / (result.successful + result.failed)
        p99 = result.quantile_ms(0.99)
        good = carried >= 0.999 and p99 <= 250
        say(
            f"  {rate:g}/s: carried {carried:.2%}, set-up p99 {p99:.0f} ms, {cpu_ms:.2f} CPU-ms/call"
            + ("" if good else "  limit")
        )
        if not good:
            break
        best = rate
    return best


def lag_at_400(pbx: Pbx, folder: Path, seconds: float) -> dict[str, float]:
    """Event-loop lag (ms, p99) and late media ticks over `seconds` of 400 bridged calls/s."""
    before = pbx.metrics()
    with BareTimer() as timer:
        result, _ = run_at(pbx, folder, BRIDGED, 400, seconds)
    after = pbx.metrics()
    if result.failed:
        raise RuntimeError(f"{result.failed} calls failed at 400/s")
    late = "centrala_media_late_ticks_total"
    return {
        "loop_lag_p99_ms": histogram_quantile(before, after, "centrala_event_loop_lag_seconds", 0.99) * 1000,
        "late_ticks": after.get(late, 0.0) - before.get(late, 0.0),
        "bare_late_ticks": timer.late,
        "bare_timer_p99_ms": timer.p99_ms,
    }


def memory(pbx: Pbx, folder: Path) -> dict[str, float]:
    """Resident memory (MB) with 0, 500 and 1,000 bridged calls held."""
    out = {"rss_mb_0": pbx.rss_mb()}
    for calls in (500, 1000):
        load = sipp.caller(folder, TARGET, BRIDGED, CALLER, rate=200, calls=calls, hold_ms=12_000)
        try:
            deadline = time.monotonic() + 30
            while pbx.metrics()["centrala_calls_active"] < calls:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{calls} calls were not up within 30 s")
                time.sleep(0.2)
            out[f"rss_mb_{calls}"] = pbx.rss_mb()
            load.wait(60)
        finally:
            load.stop()
        pbx.wait_idle()
    return out
