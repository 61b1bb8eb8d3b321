"""Runs every figure of the bench, prints them beside the peers' and writes build/bench.json.

python -m bench.run            five repeats, about half an hour
python -m bench.run --quick    the same keys in some minutes
python -m bench.run --only relay,offers    the figures of other parts stay in the file
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.load import (
    api_cost,
    call_code,
    distribution,
    endurance,
    flow_steps,
    ivr,
    live_clients,
    machine,
    offers,
    peers_here,
    queues_held,
    registrations,
    signalling,
    speech,
)
from bench.load.figures import ROWS, Figures, merge
from bench.load.media_parts import LONG_PARTS, MEDIA_PARTS
from bench.load.micro import each, run_micro
from bench.load.pbx import Pbx

console = Console()
RAMPS = {  # calls a second to try, in this order, until one is too many
    "answered": (signalling.ECHO, [800.0, 1200.0, 1600.0, 2000.0, 2500.0]),
    "bridged": (signalling.BRIDGED, [400.0, 600.0, 800.0, 1000.0, 1300.0]),
}

SUSTAINED = [300.0, 400.0, 500.0, 600.0, 700.0, 800.0, 1000.0, 1200.0, 1500.0, 1800.0, 2200.0]


def say(text: str) -> None:
    console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {text}")


def costs(figures: Figures, quick: bool, folder: Path) -> None:
    repeats, seconds = (2, 3.0) if quick else (5, 10.0)
    with Pbx(folder) as pbx, signalling.answering_phone(folder):
        for number in (signalling.ECHO, signalling.BRIDGED):
            signalling.cost(pbx, folder, number, 1.0)  # warm-up
        for index in range(repeats):
            say(f"cost of an answered and of a bridged call, {index + 1} of {repeats}")
            figures.add("answered_cpu_ms_per_call", signalling.cost(pbx, folder, signalling.ECHO, seconds))
            figures.add("bridged_cpu_ms_per_call", signalling.cost(pbx, folder, signalling.BRIDGED, seconds))


def code(figures: Figures, quick: bool, _: Path) -> None:
    for index in range(1 if quick else 5):
        say(f"the code of a bridged call without a network, after pauses of 0, 0.3 and 2 ms ({index + 1})")
        figures.update(call_code.figures(100 if quick else 400))


def capacity(figures: Figures, quick: bool, folder: Path) -> None:
    repeats, seconds = (1, 2.5) if quick else (3, 10.0)
    with Pbx(folder) as pbx, signalling.answering_phone(folder):
        for _ in range(repeats):
            for name, (number, rates) in RAMPS.items():
                say(f"most {name} calls a second")
                tried = rates[::2] if quick else rates
                best = signalling.capacity(pbx, folder, number, tried, seconds, say)
                figures.add(f"{name}_calls_per_s", best)


def lag(figures: Figures, quick: bool, folder: Path) -> None:
    repeats, seconds = (1, 12.0) if quick else (3, 60.0)
    with Pbx(folder) as pbx, signalling.answering_phone(folder):
        for index in range(repeats):
            say(f"event loop lag at 400 bridged calls/s for {seconds:g} s, {index + 1} of {repeats}")
            figures.update(signalling.lag_at_400(pbx, folder, seconds))


def transactions(figures: Figures, quick: bool, folder: Path) -> None:
    repeats, seconds = (2, 2.0) if quick else (5, 10.0)
    with Pbx(folder) as pbx:
        for index in range(repeats):
            say(f"a transaction without a dialog, and what a digest adds to a call, {index + 1} of {repeats}")
            figures.update(endurance.transactions(pbx, folder, seconds))
            figures.update(endurance.digest(pbx, folder, seconds))


def registered(figures: Figures, quick: bool, _: Path) -> None:
    for index in range(1 if quick else 5):
        say(f"10,000 phones stay registered, 167 refreshes a second ({index + 1})")
        found = registrations.measure(10_000, 167.0, 10.0 if quick else 30.0)
        figures.add("registration_cpu_us", found["cpu_us"])
        figures.add("registrations_core_percent", found["core_percent"])


def sustain(figures: Figures, quick: bool, folder: Path) -> None:
    seconds = 12.0 if quick else 120.0
    with Pbx(folder) as pbx, signalling.answering_phone(folder):
        say(f"bridged calls a second that hold for {seconds:g} s")
        figures.update(endurance.sustained(pbx, folder, SUSTAINED, seconds, say))
        limit = figures.median("sustained_bridged_calls_per_s")
        say(f"twice as many as that: {2 * limit:.0f}/s")
        figures.update(endurance.overload(pbx, folder, limit, 5.0 if quick else 30.0))


def memory(figures: Figures, quick: bool, folder: Path) -> None:
    for index in range(1 if quick else 3):
        say(f"memory at 0, 500 and 1,000 bridged calls ({index + 1})")
        with Pbx(folder) as pbx, signalling.answering_phone(folder):
            figures.update(signalling.memory(pbx, folder))


def offer(figures: Figures, quick: bool, folder: Path) -> None:
    repeats, samples = (1, 800) if quick else (5, 2000)
    with Pbx(folder):
        for index in range(repeats):
            say(f"agent free to next INVITE, 50 agents, 200 and 500 waiting, {index + 1} of {repeats}")
            figures.update(offers.measure(samples))
            figures.update(offers.measure(samples, 500, "offer_500"))


def distribution_part(figures: Figures, quick: bool, _: Path) -> None:
    repeats, count = (2, 20_000) if quick else (5, 100_000)
    for index in range(repeats):
        say(f"decisions at 10,000 waiting and 2,000 agents with skills, {index + 1} of {repeats}")
        figures.update(distribution.decisions(count))
    for index in range(1 if quick else 3):
        say(f"memory of 100 queues, 2,000 agents, 10,000 waiting ({index + 1})")
        figures.update(queues_held.measure())


def micro(figures: Figures, quick: bool, folder: Path) -> None:
    say("microbenchmarks: rings, G.711, digits, scanner, transactions, distributor, store")
    results = run_micro(folder, seconds_each=0.1 if quick else 1.0)
    for key, least, median, greatest in each(results):
        figures.spread(key, median, least, greatest)
    shown = Table(title="Microbenchmarks, microseconds a round", caption="a round is described in its bench/test_*.py")
    for column in ("module", "what", "median", "min", "max"):
        shown.add_column(column, justify="right" if column in ("median", "min", "max") else "left")
    for result in results:
        figures.spread(result.key, result.median_us, result.min_us, result.max_us)
        cells = [f"{value:,.2f}" for value in (result.median_us, result.min_us, result.max_us)]
        shown.add_row(result.module, result.name, *cells)
    console.print(shown)


def prompts(figures: Figures, quick: bool, _: Path) -> None:
    for index in range(1 if quick else 3):
        say(f"prompts: the first of five seconds, cached ones, a thousand in a row ({index + 1})")
        figures.update(speech.measure(300 if quick else 1000))


def flow(figures: Figures, quick: bool, _: Path) -> None:
    say("a step of a flow")
    figures.update(flow_steps.figures(500 if quick else 3000))


def ivr_part(figures: Figures, quick: bool, folder: Path) -> None:
    callers = 100 if quick else 500
    for index in range(1 if quick else 3):
        say(f"{callers} callers in menus who interrupt every prompt ({index + 1})")
        figures.update(ivr.measure(folder, callers, 6.0 if quick else 20.0))


def live_part(figures: Figures, quick: bool, folder: Path) -> None:
    for index in range(1 if quick else 3):
        say(f"500 clients of the live stream at {live_clients.CALLS_PER_S:g} calls/s ({index + 1})")
        figures.update(live_clients.measure(folder, 20.0))


def api_part(figures: Figures, quick: bool, folder: Path) -> None:
    say("GET /calls of the HTTP API beside a bare route, and pages of the history")
    figures.update(api_cost.requests(300 if quick else 2000))
    figures.update(api_cost.history(folder, 200_000 if quick else 1_000_000))


PARTS: dict[str, Callable[[Figures, bool, Path], None]] = {
    "micro": micro,
    **{name: partial(part, say=say) for name, part in MEDIA_PARTS.items()},
    "costs": costs,
    "code": code,
    "capacity": capacity,
    "lag": lag,
    "transactions": transactions,
    "registrations": registered,
    "sustain": sustain,
    "memory": memory,
    "offers": offer,
    "distribution": distribution_part,
    "flow": flow,
    "ivr": ivr_part,
    "live": live_part,
    "api": api_part,
    "speech": prompts,
}


LONG: dict[str, Callable[[Figures, bool, Path], None]] = {
    name: partial(part, say=say) for name, part in LONG_PARTS.items()
}


def table(figures: Figures) -> Table:
    missing = ", ".join(f"{name} ({peers_here.HOW[name]})" for name in peers_here.absent())
    out = Table(title="Centrala", caption=f"{machine.describe()}\nabsent peers: {missing or 'none'}")
    for column in ("figure", "median", "min", "max", "unit", "aim", "peers"):
        out.add_column(column, justify="right" if column in ("median", "min", "max") else "left")
    for row in ROWS:
        values = figures.samples.get(row.key)
        if values:
            cells = [f"{figures.median(row.key):.3f}", f"{min(values):.3f}", f"{max(values):.3f}"]
            out.add_row(row.label, *cells, row.unit, row.aim, row.peers)
    return out


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="the same keys in some minutes")
    parser.add_argument("--only", default=",".join(PARTS), help=f"comma-separated parts of {','.join(PARTS | LONG)}")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    arguments = parser.parse_args()
    chosen = arguments.only.split(",")
    every = PARTS | LONG
    if unknown := [name for name in chosen if name not in every]:
        parser.error(f"unknown part {unknown[0]!r}; choose from {', '.join(every)}")
    described = machine.describe()
    say(described)
    figures, failures = Figures(), []
    with tempfile.TemporaryDirectory(prefix="centrala-bench-") as folder:
        for name in chosen:
            try:
                every[name](figures, arguments.quick, Path(folder) / name)
            except (RuntimeError, OSError) as error:
                failures.append(name)
                console.print(f"[red]{name}: {error}[/]")
    if chosen == list(PARTS):
        arguments.out.unlink(missing_ok=True)  # a whole run keeps nothing of an earlier one
    merge(arguments.out, {**figures.flat(), "machine": described, "absent_peers": peers_here.absent()})
    console.print(table(figures))
    say(f"written to {arguments.out}")
    if failures:
        say(f"failed: {', '.join(failures)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
