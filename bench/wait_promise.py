"""How good the promised wait is, on simulated days of the real queue: error beside the field's estimators, calibration.

    python -m bench.wait_promise [--days 30] [--seed 3]

prints both tables and draws bench/wait-promise.svg. The days are those of docs/queues.md: 536 calls in ten hours, 80 %
of them in three, six agents, 180 s each, patience 300 s; virtual time, about half a second a day.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pbx.queue.promise import Promise
from pbx.queue.service import QueueService
from pbx.reporting.proportion import Share, kaplan_meier, survival_at
from tests.support.queue_simulator import Simulation, Stay
from tests.support.virtual_loop import run_virtual
from tests.support.wait_estimators import AGENTS, AHT_S, DAY, HOUR_S, PATIENCE_S, Bystanders, errors, judged

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
OUT = Path(__file__).parent / "wait-promise.svg"
Told = list[tuple[float, bool]]  # (wait in promises, served)


class Curious(Bystanders):
    """Asks for the promise at every share as well."""

    def __init__(self) -> None:
        super().__init__()
        self.promised: dict[float, list[tuple[Stay, float]]] = {share: [] for share in SHARES}

    def watch(self, stay: Stay, service: QueueService) -> None:
        super().watch(stay, service)
        queue = service.queues[stay.queue]
        waiting = queue.waiting.get(stay.call_id)
        if waiting is None or waiting.offers:
            return
        config = queue.config
        for share in SHARES:
            queue.config = config.model_copy(update={"wait_quantile": share})
            found = service.promises.of(waiting)
            if isinstance(found, Promise):
                self.promised[share].append((stay, found.high_s))
        queue.config = config


def simulate(days: int, seed: int) -> tuple[Simulation, dict[float, Told]]:
    """The simulation, and by share what became of the promises after the first day."""
    curious = Curious()
    simulation = Simulation(
        agents=AGENTS, aht_s=AHT_S, patience_s=PATIENCE_S, seed=seed, warm_up_s=10 * HOUR_S, watch=curious.watch
    )
    curious.simulation = simulation
    run_virtual(simulation.run(DAY * days))
    counted = {stay.call_id for stay in simulation.counted}
    told = {
        share: [
            (stay.wait_s / high_s, stay.outcome == "answered") for stay, high_s in promised if stay.call_id in counted
        ]
        for share, promised in curious.promised.items()
    }
    return simulation, told


def true_share(told: Told) -> tuple[float, float, float]:
    """The share that was true (those who gave up censored), and its 95 % interval."""
    value = 1 - survival_at(kaplan_meier(told), 1.0)
    low, high = Share(round(value * len(told)), len(told)).interval
    return value, low, high


def draw(stays: Sequence[Stay], told: dict[float, Told], out: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "centrala"
    names = [name for name in stays[0].told if name != "position x AHT"]  # ten times the others: no scale holds both
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    values = [errors(stays, name)[0] for name in names]
    bars = left.barh(names, values, color=["#2a6f97" if name == "promise" else "#b8c4cc" for name in names])
    left.bar_label(bars, fmt="%.0f s", padding=3)
    left.set_xlim(0, 1.15 * max(values))  # room for the labels
    left.set_xlabel("root mean square error of the wait, s")
    left.set_title("On arrival, callers who queued and were served")
    points = [true_share(told[share]) for share in SHARES]
    right.plot([0.45, 1], [0.45, 1], color="#b8c4cc", linewidth=1)
    spread = [[value - low for value, low, _ in points], [high - value for value, _, high in points]]
    right.errorbar(SHARES, [value for value, _, _ in points], yerr=spread, fmt="o-", color="#2a6f97", capsize=3)
    right.set_xlabel("claimed")
    right.set_ylabel("true")
    right.set_title("Calibration of the promise")
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    simulation, told = simulate(given.days, given.seed)
    stays = judged(simulation.counted)
    console = Console()
    table = Table("estimator", "RMSE s", "bias s", title=f"{len(stays)} callers")
    for name in stays[0].told:
        error, bias = errors(stays, name)
        table.add_row(name, f"{error:.1f}", f"{bias:+.1f}")
    console.print(table)
    table = Table("claimed", "true", "from", "to", title="Calibration")
    for share in SHARES:
        value, low, high = true_share(told[share])
        table.add_row(f"{share:.0%}", f"{value:.1%}", f"{low:.1%}", f"{high:.1%}")
    console.print(table)
    draw(stays, told, given.out)
    console.print(f"{given.out}")


if __name__ == "__main__":
    main()
