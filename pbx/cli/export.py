"""`centrala export parquet`: call records as files for other programs, and for reports of millions of calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pbx.cli.effective import effective_config

COMMANDS = typer.Typer(help="Records as files.", no_args_is_help=True)


def register(app: typer.Typer, report: typer.Typer) -> None:
    """Adds `centrala export` and `centrala report parquet`."""
    app.add_typer(COMMANDS, name="export")

    @COMMANDS.command()
    def parquet(
        context: typer.Context, folder: Annotated[Path, typer.Argument(help="Where the files go.", metavar="DIR")]
    ) -> None:
        """A file for each table and month; months that have not changed are left alone."""
        from pbx.cli.exporting import export_parquet

        export_parquet(effective_config(context.obj), folder)

    @report.command("parquet")
    def report_parquet(
        context: typer.Context,
        folder: Annotated[Path, typer.Argument(help="Exported files.", metavar="DIR")],
        since: Annotated[str, typer.Option("--from", help="The first day, or an instant.", metavar="DATE")],
        until: Annotated[str, typer.Option("--to", help="The last day, or an instant.", metavar="DATE")],
        per: Annotated[str, typer.Option(help="Each hour, day, week, month... by itself.")] = "",
        language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
        csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output instead of tables.")] = False,
    ) -> None:
        """Queues and trunks of any period from exported files: millions of calls in seconds."""
        from pbx.cli.exporting import parquet_report

        parquet_report(effective_config(context.obj), folder, (since, until), per, language, as_csv=csv)
