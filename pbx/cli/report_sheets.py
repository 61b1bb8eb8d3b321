"""`centrala report promises|patience|agents|customers`: the reports that also come as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from pbx.cli.effective import effective_config

When = Annotated[str, typer.Option("--date", help="A day, YYYY-MM-DD; today by default.", metavar="DATE")]
Days = Annotated[int, typer.Option("--days", help="So many days up to it.", min=1, max=3660)]
Csv = Annotated[bool, typer.Option("--csv", help="CSV on standard output instead of a table.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on standard output instead of a table.")]

SHEETS = {
    "sources": "Calls by source, medium and campaign, with the probability of each.",
    "pools": "Pools of numbers: utilisation, shortage, the size that is needed.",
    "reveals": "Masked numbers that visitors asked for, with the calls of each dealer.",
    "number_guard": "Pages that showed another number than they were given.",
    "promises": "What waiting callers were promised, and how often it was true.",
    "patience": "How long callers wait before they give up.",
    "redials": "Customers who had to ring again: at which attempt they got through, and how long that took.",
    "sms": "Messages by what asked for them: automatic answers, delivered share, cost.",
    "surveys": "Answers to the surveys of flows, by question.",
    "dealers": "Calls that were given to dealers, and in how many they talked.",
    "partners": "Calls that went to overflow partners, what they cost, and the loss that they averted.",
    "customers": "First attempts, repeated calls, missed and recovered customers.",
}


def register(report: typer.Typer) -> None:
    """Adds the commands to `centrala report`."""
    for name, text in SHEETS.items():
        report.command(name, help=text)(_sheet_command(name))

    @report.command()
    def page(
        context: typer.Context,
        date: When = "",
        days: Days = 1,
        language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
        to: Annotated[Path, typer.Option(help="The file to write.")] = Path("report.html"),
    ) -> None:
        """A page with plots of a day or more, as one HTML file."""
        from pbx.cli.reports import page_report

        page_report(effective_config(context.obj), date, days, language, to)

    @report.command()
    def agents(
        context: typer.Context,
        date: When = "",
        by_hour: Annotated[bool, typer.Option("--by-hour", help="Each hour of the day by itself.")] = False,
        csv: Csv = False,
        json: Json = False,
    ) -> None:
        """What agents were offered, answered, and did with their time."""
        from pbx.cli.reports import agent_report

        agent_report(effective_config(context.obj), date, by_hour, form_of(csv, json))


def _sheet_command(name: str) -> Callable[..., None]:
    def command(context: typer.Context, date: When = "", days: Days = 1, csv: Csv = False, json: Json = False) -> None:
        from pbx.cli.reports import sheet_report

        sheet_report(effective_config(context.obj), name, date, days, form_of(csv, json))

    return command


def form_of(csv: bool, json: bool) -> str:
    """What the two options ask for."""
    return "csv" if csv else "json" if json else "table"
