"""The table at the end, and what a newcomer can do next."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pbx.demo.company import DIRECT_PREFIX, ECHO, HOTLINE, PHONE, Company
from pbx.reporting.figures import QueueFigures
from pbx.reporting.service_level import TEXT, Formula
from pbx.reporting.table import duration, percent

LAG_LIMIT_MS = 10.0


@dataclass(slots=True)
class Figures:
    """Queue figures of the demo, and what the process spent on it."""

    queue: QueueFigures
    calls: int
    before: dict[str, Any]  # the PBX's status before the first call
    status: dict[str, Any]  # and after the last one

    def cpu_ms_per_call(self, part: str) -> float:
        """Processor time of a call, by one of the status's counters in seconds."""
        spent_s: float = self.status[part] - self.before[part]
        return spent_s * 1000 / self.calls if self.calls else 0.0


def show_table(console: Console, figures: Figures) -> None:
    """Offered, answered, abandoned, service levels with their formulas, waits, talk, and the machine's part."""
    queue, status = figures.queue, figures.status
    table = Table(title="Twenty callers, three agents", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_column("how it is counted", style="dim")
    threshold = f"T = {queue.threshold_s:g} s"
    whole, media = figures.cpu_ms_per_call("cpu_s"), figures.cpu_ms_per_call("media_cpu_s")
    seconds = status["uptime_s"] - figures.before["uptime_s"]
    rows = [
        ("offered", str(queue.offered), "callers who joined the queue"),
        ("answered", str(queue.answered), "by an agent"),
        ("abandoned", str(queue.abandoned), "hung up while waiting"),
        ("service level SL4", percent(queue.service_level(Formula.SL4)), f"{TEXT[Formula.SL4]}; {threshold}"),
        ("service level SL3", percent(queue.service_level(Formula.SL3)), f"{TEXT[Formula.SL3]}; {threshold}"),
        ("average wait (ASA)", duration(queue.asa_s), "of answered callers, in the queue"),
        ("longest wait", duration(queue.longest_wait_s), ""),
        ("talk time", duration(queue.average_talk_s), f"average of an answered call; {duration(queue.talk_s)} in all"),
        ("CPU per call", f"{whole:.0f} ms", f"the whole PBX over {seconds:.0f} s; {media:.0f} ms of it are the audio"),
        ("event loop lag p99", f"{status['loop_lag_p99_ms']:.1f} ms", f"aim: {LAG_LIMIT_MS:g} ms at most"),
        ("late media ticks", str(status["late_ticks"]), "10 ms or more after their time; aim: 0"),
        ("memory", f"{status['rss_mb']:.0f} MB", "resident"),
    ]
    for name, value, how in rows:
        table.add_row(name, value, Text(how))
    console.print(table)


def show_next_steps(console: Console, company: Company) -> None:
    """How to register a phone, what to dial, where metrics and reports are, how to stop."""
    where = f"{company.reach}:{company.sip_port}"
    command = f"{_command()} --config {_short(company.config_path)}"
    lines = [
        "The PBX goes on serving. Try it:",
        f"  phone    register at {where} (UDP or TCP), user {PHONE}, password {company.passwords[PHONE]}",
        f"  dial     {HOTLINE} the hotline (press 1; a robot agent answers), {ECHO} the echo test, 101-103 the agents,",
        "           *50 *51 *52 available, break and offline for agents",
        f"  outside  {DIRECT_PREFIX}0101 to {DIRECT_PREFIX}0104 reach extensions directly, from the trunk",
        f"  metrics  http://127.0.0.1:{company.http_port}/metrics and /healthz",
        f"  look     {command} status | agents list | calls list | report today | doctor",
        f"  records  {_short(company.data_dir)}: centrala.db and recordings/",
        "  stop     Ctrl-C",
    ]
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


def _command() -> str:
    """How this program was called, so that the lines can be pasted."""
    called = Path(sys.argv[0])
    return _short(called) if called.name == "centrala" else f"{_short(Path(sys.executable))} -m pbx"


def _short(path: Path) -> str:
    """Relative to the working directory where that is shorter."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
