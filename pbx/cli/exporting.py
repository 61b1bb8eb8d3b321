"""What `centrala export` does; imported when it is asked for, because it brings numpy and DuckDB."""

from __future__ import annotations

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from pbx.cli.console import fail, out, show_sheet
from pbx.config import Config
from pbx.reporting.analytics import AnalyticsError
from pbx.reporting.analytics.export import export
from pbx.reporting.analytics.figures import Files
from pbx.reporting.intervals import period
from pbx.reporting.sheet_table import sheet_table
from pbx.store.database import database_url, reader_engine
from pbx.store.errors import StoreError


def export_parquet(config: Config, folder: Path) -> None:
    """Says how many files were written and how many were as they should be."""
    try:
        engine = reader_engine(database_url(config))
        try:
            with engine.begin() as connection:
                found = export(connection, folder)
        finally:
            engine.dispose()
    except (AnalyticsError, StoreError, OSError) as error:
        fail(error)
    out.print(f"{found.written} files written with {found.rows} rows, {found.kept} unchanged", markup=False)


def parquet_report(config: Config, folder: Path, since: str, until: str, as_csv: bool) -> None:
    """Queues and trunks."""
    thresholds = {queue.name: (queue.service_level_s, queue.short_abandon_s) for queue in config.queue}
    try:
        asked = period(since, until, ZoneInfo(config.server.timezone))
        with Files(folder) as files:
            sheets = files.sheets(asked, thresholds)
    except (AnalyticsError, ValueError) as error:
        fail(error)
    for sheet in sheets:
        if as_csv:
            sys.stdout.write(sheet.csv())
        else:
            show_sheet(sheet_table(sheet))
