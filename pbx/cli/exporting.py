"""What `centrala export` does; imported when it is asked for, because it brings numpy and DuckDB."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pbx.cli.console import err, fail, out, show_sheet
from pbx.config import Config
from pbx.reporting.analytics import AnalyticsError
from pbx.reporting.analytics.export import export
from pbx.reporting.analytics.figures import Files
from pbx.reporting.intervals import period
from pbx.reporting.per.grid import grid_of
from pbx.reporting.registry import LANGUAGES, step_of, told_per
from pbx.reporting.sheet_table import sheet_table
from pbx.reporting.words import translate
from pbx.store.database import database_url, reader_engine
from pbx.store.errors import StoreError


def export_parquet(config: Config, folder: Path) -> None:
    """Says how many files were written and how many were as they should be."""
    try:
        engine = reader_engine(database_url(config))
        try:
            columns = (TextColumn("months of tables"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with engine.begin() as connection, Progress(*columns, console=err, transient=True) as bar:
                task = bar.add_task("export", total=None)
                told = partial(bar.update, task)
                found = export(connection, folder, lambda done, total: told(completed=done, total=total))
        finally:
            engine.dispose()
    except (AnalyticsError, StoreError, OSError) as error:
        fail(error)
    out.print(f"{found.written} files written with {found.rows} rows, {found.kept} unchanged", markup=False)


def parquet_report(
    config: Config, folder: Path, span: tuple[str, str], per: str, language: str, *, as_csv: bool
) -> None:
    """Queues and trunks."""
    wanted = language or config.server.language
    if wanted not in LANGUAGES:
        fail(f"there are no reports in {wanted!r}: write --language pl, ru or en", 2)
    thresholds = {queue.name: (queue.service_level_s, queue.short_abandon_s) for queue in config.queue}
    try:
        zone = ZoneInfo(config.server.timezone)
        asked = period(*span, zone)
        step = step_of("queues", per)
        grid = grid_of(asked, step, zone, round(time.time() * 1e6)) if step is not None else None
        with Files(folder) as files:
            sheets = files.sheets(asked, thresholds, grid)
    except (AnalyticsError, ValueError) as error:
        fail(error)
    for name, made in zip(("queues", "trunks"), sheets, strict=True):
        sheet = translate(made, name, wanted)
        if step is not None:
            sheet = told_per(sheet, step, wanted)
        if as_csv:
            sys.stdout.write(sheet.csv())
        else:
            show_sheet(sheet_table(sheet, wanted))
