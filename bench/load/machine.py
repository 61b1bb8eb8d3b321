"""The machine that figures were measured on, and which of its processors do what."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPUS = sorted(os.sched_getaffinity(0))
# With four processors the product and the load do not share any, as in the peers' rows; with fewer they have to.
PBX_CPUS = ["taskset", "-c", f"{CPUS[0]},{CPUS[1]}"] if len(CPUS) >= 4 else []
LOAD_CPUS = ["taskset", "-c", ",".join(str(c) for c in CPUS[2:])] if len(CPUS) >= 4 else []


def describe() -> str:
    """Processor, cores, kernel and load in one line."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    return (
        f"{model}, {len(CPUS)} cores, Linux {platform.release()}, Python {platform.python_version()}, load {load:.1f}"
    )
