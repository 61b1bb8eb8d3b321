"""Plots of build/bench.json: CPU against calls and percentiles of latency, for us, the bare relay and rtpengine.

    python -m bench.plots [--figures build/bench.json] [--folder bench]

Writes relay-cpu.svg and relay-latency.svg. A relay that was not measured, or lost packets, is not drawn.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import matplotlib
import orjson

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.axes import Axes

RELAYS = {"engine": ("Centrala", "#0b6e4f"), "bare": ("bare relay", "#8a8a8a"), "rtpengine": ("rtpengine", "#c8553d")}
PERCENTILES = {"p50_ms": "p50", "p95_ms": "p95", "p99_ms": "p99"}
SHOWN_AT = 350  # calls of the latency plot: the most at which all of them keep up


def curve(figures: dict[str, Any], relay: str, what: str) -> list[tuple[int, float, float, float]]:
    """(calls, median, least, greatest) in the order of calls, as far as no packet was lost: less would be no relay."""
    pattern = re.compile(rf"curve_{relay}_(\d+)_{what}")
    found = [(int(match[1]), key) for key in figures if (match := pattern.fullmatch(key))]
    found = [(calls, key) for calls, key in found if figures[f"curve_{relay}_{calls}_loss_pct"] == 0]
    return [(calls, figures[key], figures[f"{key}_min"], figures[f"{key}_max"]) for calls, key in sorted(found)]


def finish(axes: Axes, title: str, machine: str, path: Path) -> None:
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", zorder=0)
    axes.legend(frameon=False)
    figure = axes.figure
    figure.text(0.01, 0.01, machine, fontsize=6.5, color="#555555")
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def plot_cpu(figures: dict[str, Any], path: Path) -> None:
    _, axes = pyplot.subplots(figsize=(7, 4.2))
    for relay, (name, colour) in RELAYS.items():
        points = curve(figures, relay, "core")
        if points:
            calls, median, least, greatest = zip(*points, strict=True)
            axes.plot(calls, median, "o-", color=colour, label=name, zorder=3)
            axes.fill_between(calls, least, greatest, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel("two-way PCMU calls")
    axes.set_ylabel("processors used")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    finish(axes, "Relayed calls: CPU (median, least and greatest)", figures["machine"], path)


def plot_latency(figures: dict[str, Any], path: Path) -> None:
    _, axes = pyplot.subplots(figsize=(7, 4.2))
    width = 0.8 / len(RELAYS)
    for index, (relay, (name, colour)) in enumerate(RELAYS.items()):
        key = f"curve_{relay}_{SHOWN_AT}_"
        if figures.get(f"{key}loss_pct") != 0:
            continue
        heights = [figures[key + what] for what in PERCENTILES]
        places = [place + (index - 1) * width for place in range(len(PERCENTILES))]
        bars = axes.bar(places, heights, width, color=colour, label=name, zorder=3)
        axes.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    axes.set_xticks(range(len(PERCENTILES)), list(PERCENTILES.values()))
    axes.set_yscale("log")
    axes.set_ylabel("latency added, ms")
    axes.margins(y=0.15)
    finish(axes, f"Latency added at {SHOWN_AT} two-way calls", figures["machine"], path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--folder", type=Path, default=Path("bench"))
    options = parser.parse_args()
    if not options.figures.exists():
        print(f"{options.figures} is not there: run `make bench` first", file=sys.stderr)
        return 1
    figures = orjson.loads(options.figures.read_bytes())
    if not curve(figures, "engine", "core"):
        print(f"{options.figures} has no curve: run `python -m bench.run --only curve`", file=sys.stderr)
        return 1
    pyplot.rcParams["svg.hashsalt"] = "centrala"  # the same figures give the same file
    plot_cpu(figures, options.folder / "relay-cpu.svg")
    plot_latency(figures, options.folder / "relay-latency.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
