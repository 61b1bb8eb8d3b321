"""What is shown while the calls run: a live view in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

STYLES = {"available": "green", "talking": "cyan", "ringing": "yellow", "reserved": "yellow", "wrapup": "magenta"}


@dataclass(slots=True)
class Snapshot:
    """One look at the PBX. `talking` and `waiting` are callers; `done` of `total` callers have hung up."""

    waiting: int = 0
    longest_wait_s: float = 0.0
    talking: int = 0
    in_flow: int = 0
    done: int = 0
    total: int = 0
    agents: list[dict[str, Any]] = field(default_factory=list)


class View:
    """`update(snapshot)` shows it; in a terminal in place, elsewhere as a line whenever something changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._last = ""
        self._begin = time.monotonic()

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, refresh_per_second=4, transient=True) as live:
            self._live = live
            yield
        self._live = None

    def update(self, snapshot: Snapshot) -> None:
        if self._live is not None:
            self._live.update(_panel(snapshot, time.monotonic() - self._begin))
            return
        agents = ", ".join(f"{agent['extension']} {agent['state']}" for agent in snapshot.agents)
        line = (
            f"greeting {snapshot.in_flow}, waiting {snapshot.waiting}, talking {snapshot.talking}, "
            f"done {snapshot.done}/{snapshot.total}; agents: {agents}"
        )
        if line != self._last:
            self._last = line
            self._console.print(f"{time.monotonic() - self._begin:5.1f} s  {line}", markup=False, highlight=False)


def _panel(snapshot: Snapshot, elapsed_s: float) -> Panel:
    counts = Table.grid(padding=(0, 4))
    counts.add_row("hearing the greeting", "waiting", "longest wait", "talking", "done")
    counts.add_row(
        Text(str(snapshot.in_flow), style="bold"),
        Text(str(snapshot.waiting), style="bold yellow" if snapshot.waiting else "bold"),
        Text(f"{snapshot.longest_wait_s:.0f} s", style="bold"),
        Text(str(snapshot.talking), style="bold cyan"),
        Text(f"{snapshot.done} of {snapshot.total}", style="bold green"),
    )
    agents = Table(box=None, padding=(0, 2))
    for column in ("agent", "name", "state", "for"):
        agents.add_column(column)
    for agent in snapshot.agents:
        state = agent["state"]
        style = STYLES.get(state, "red")
        agents.add_row(agent["extension"], agent["name"], Text(state, style=style), f"{agent['since_s']:.0f} s")
    bar = ProgressBar(total=max(1, snapshot.total), completed=snapshot.done, width=60)
    title = f"Centrala demo, {elapsed_s:.0f} s"
    return Panel(Group(counts, Text(), bar, Text(), agents), title=title, title_align="left", width=78)
