"""`centrala demo-data`: a year of made-up calls in a folder of its own, and how to look at them."""

from __future__ import annotations

import os
import time
from datetime import date, timedelta
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pbx.cli.console import err, fail, out
from pbx.demodata.agency import Agency
from pbx.demodata.build import DemoDataError, Year, build
from pbx.demodata.configuration import configuration
from pbx.store.errors import StoreError


def make(folder: Path, *, days: int, seed: int, until: str, processes: int) -> None:
    """Writes `folder`/centrala.toml and `folder`/data/centrala.db; ends with an error when they are there."""
    try:
        last = date.fromisoformat(until) if until else date.today() - timedelta(days=1)
    except ValueError:
        fail(f"{until!r} is no date; write --until 2026-11-21")
    agency = Agency()
    database, settings = folder / "data" / "centrala.db", folder / "centrala.toml"
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("days", total=days)
            year = Year(agency, last=last, days=days, seed=seed)
            made = build(
                database,
                year,
                lambda done, _all: bar.update(task, completed=done),
                processes=processes or min(os.cpu_count() or 1, 2),
            )
        settings.write_text(configuration(agency, database.parent), encoding="utf-8")
    except (DemoDataError, StoreError, OSError) as error:
        fail(error)
    out.print(
        f"{made.inbound:,} calls in, {made.outbound:,} out, {made.abandoned:,} given up, {made.contacts:,} contacts "
        f"in {made.days} days; {time.monotonic() - began:.0f} s, {database.stat().st_size / 1e6:.0f} MB",
        soft_wrap=True,
    )
    out.print(f"Look at them: centrala -c {settings} report today --date {last.isoformat()}", soft_wrap=True)
