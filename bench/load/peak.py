"""The peak of an agency's hotline through the real PBX, faster than it happens: `python -m bench.load.peak`.

143 calls an hour for six agents, handling 180 s and patience 300 s on average, all of them exponential: Erlang A says
that 21.9 % give up and 29.2 % are served within 20 s. Ten times as fast a call comes every 2.5 s. Callers and agents
are SIPp's; what they saw is held against what the PBX wrote down, and against the band that nine of ten runs of so many
calls fall into, by simulation from an empty office.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sqlite3
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench.load.pbx import AGENT_NUMBERS, AGENTS, CALLER, HOST, Pbx
from bench.load.sip_client import register
from bench.load.sipp import Sipp

PER_HOUR, HANDLING_S, PATIENCE_S, WITHIN_S, AGENTS_AT_WORK = 143.0, 180.0, 300.0, 20.0, 6
ERLANG_A = {"abandoned": 0.2193, "within": 0.2915}  # metrics.md D7 of the formulas' collection
RUNS = 2000
console = Console()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the callers saw."""

    came: int
    gave_up: int
    waits: list[float]  # seconds, of those who were served


def _live(folder: Path, calls: int, speed: float) -> Seen:
    for number in AGENT_NUMBERS[:AGENTS_AT_WORK]:
        local, contact = (AGENTS, 5064), f"sip:{number}@{AGENTS}:5060"
        register(f"{HOST}:5060", number, f"bench-secret-{number}", local=local, contact=contact)
    span_s = calls * 3600 / PER_HOUR / speed
    at_work = Sipp(folder, "agent", ["-i", AGENTS, "-p", "5060", "-mi", AGENTS], handling_ms=HANDLING_S * 1000 / speed)
    arguments = [f"{HOST}:5060", "-s", "800", "-i", CALLER, "-p", "5060", "-mi", CALLER, "-m", str(calls)]
    arguments += ["-l", str(calls), "-r", "500", "-trace_rtt", "-rtt_freq", "1", "-buff_size", "4194304"]
    try:
        crowd = Sipp(folder, "patient", arguments, span_ms=span_s * 1000, patience_ms=PATIENCE_S * 1000 / speed)
        try:
            with Progress(console=console) as shown:
                bar = shown.add_task(f"{calls} calls, {speed:g} times as fast", total=calls)
                while crowd.process.poll() is None:
                    time.sleep(1.0)
                    shown.update(bar, completed=crowd.ended())
            found = crowd.wait(1)
        finally:
            crowd.stop()
    finally:
        at_work.stop()
    if found.failed:
        raise RuntimeError(f"{found.failed} of {calls} calls failed; see {folder}")
    served, gave_up = found.counted
    if not calls <= served + gave_up <= calls * 1.01:  # a few are served while they hang up
        raise RuntimeError(f"{served} served and {gave_up} gave up, of {calls}; see {folder}")
    return Seen(calls, gave_up, [wait / 1000 for wait in found.setup_ms])


def simulated(calls: int, dice: random.Random) -> tuple[float, float]:
    """(share that gave up, share served in time) of one run of so many calls, from an empty office."""
    busy, lost, within = 0, 0, 0
    done: list[float] = []
    line: deque[tuple[float, float]] = deque()  # came, gives up at

    def serve(until: float) -> None:
        nonlocal busy, lost, within
        while done and done[0] <= until:
            free_at = heapq.heappop(done)
            busy -= 1
            while line:
                came, gone = line.popleft()
                if gone < free_at:
                    lost += 1
                    continue
                within += free_at - came <= WITHIN_S
                busy += 1
                heapq.heappush(done, free_at + dice.expovariate(1 / HANDLING_S))
                break

    for now in sorted(dice.uniform(0.0, calls * 3600 / PER_HOUR) for _ in range(calls)):
        serve(now)
        if busy < AGENTS_AT_WORK:
            busy += 1
            within += 1
            heapq.heappush(done, now + dice.expovariate(1 / HANDLING_S))
        else:
            line.append((now, now + dice.expovariate(1 / PATIENCE_S)))
    serve(float("inf"))
    return lost / calls, within / calls


def written_down(database: Path, speed: float) -> tuple[int, float, float]:
    """(calls, share that gave up, share served in time) as the PBX recorded them."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT outcome, wait_s FROM queue_visits WHERE queue = 'load'").fetchall()
    lost = sum(outcome == "abandoned" for outcome, _ in rows)
    within = sum(outcome == "answered" and wait_s <= WITHIN_S / speed for outcome, wait_s in rows)
    return len(rows), lost / len(rows), within / len(rows)


def band(calls: int) -> dict[str, tuple[float, float]]:
    """What nine of ten runs of so many calls lie between."""
    dice = random.Random(1)
    lived = [simulated(calls, dice) for _ in range(RUNS)]
    found = {}
    for position, name in enumerate(("abandoned", "within")):
        values = sorted(one[position] for one in lived)
        found[name] = values[int(0.05 * RUNS)], values[int(0.95 * RUNS)]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--speed", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Pbx(folder, digits="info"):
            seen = _live(folder / "sipp", given.calls, given.speed)
        recorded = written_down(folder / "var" / "centrala.db", given.speed)
    within = sum(wait <= WITHIN_S / given.speed for wait in seen.waits) / seen.came
    figures = {"abandoned": (seen.gave_up / seen.came, recorded[1]), "within": (within, recorded[2])}
    expected = band(given.calls)
    good = recorded[0] == seen.came == given.calls
    console.print(f"{seen.came} callers, {recorded[0]} recorded")
    for key, (callers, pbx) in figures.items():
        low, high = expected[key]
        inside = low <= pbx <= high and abs(callers - pbx) <= 0.01
        good = good and inside
        console.print(
            f"{key:<10} callers {callers:6.1%}  recorded {pbx:6.1%}  Erlang A {ERLANG_A[key]:6.1%}  "
            f"nine of ten such runs {low:.1%} to {high:.1%}  {'ok' if inside else 'OUTSIDE'}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
