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


Only = Annotated[list[str] | None, typer.Option("--filter", help="As queue=sales; may be repeated.")]
Per = Annotated[str, typer.Option(help="Each 15min, 30min, hour, day, week, month, quarter, year by itself.")]
Since = Annotated[str, typer.Option("--from", help="The first day, or an instant of ISO 8601.", metavar="DATE")]
Until = Annotated[str, typer.Option("--to", help="The last day, or an instant.", metavar="DATE")]


def register(report: typer.Typer) -> None:
    """Adds the commands to `centrala report`."""
    _register_calls(report)
    _register_any(report)
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

        page_report(context.obj, date, days, language, to)

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


def _register_calls(report: typer.Typer) -> None:
    @report.command("calls")
    def calls(
        context: typer.Context,
        date: When = "",
        csv: Csv = False,
        json: Json = False,
        figure: Annotated[str, typer.Option(help="Only the calls behind a figure: SL4, ASR, AB...")] = "",
        since: Since = "",
        until: Until = "",
        queue: Annotated[str, typer.Option(help="Of this queue.")] = "",
        agent: Annotated[str, typer.Option(help="Of this agent.")] = "",
        trunk: Annotated[str, typer.Option(help="Of this trunk.")] = "",
        only: Only = None,
        per: Per = "",
        interval: Annotated[str, typer.Option(help="With --per: of this interval, as the report names it.")] = "",
        limit: Annotated[int, typer.Option(help="So many of them, the newest.", min=1, max=1000)] = 100,
        after: Annotated[str, typer.Option(help="The ones after those: what stands below them.")] = "",
    ) -> None:
        """A day's call records, or the calls that a figure of a report is made of."""
        from pbx.cli.reports import behind_report, call_report

        config = effective_config(context.obj)
        if not figure:
            call_report(config, date, csv)
            return
        given = [f"{name}={value}" for name, value in (("queue", queue), ("agent", agent), ("trunk", trunk)) if value]
        asked = (since or date, until or date)
        pages = (limit, after)
        behind_report(config, figure, asked, [*given, *(only or [])], pages, form_of(csv, json), (per, interval))


def _register_any(report: typer.Typer) -> None:
    @report.command("send")
    def send(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help="A [[report_schedule]] of the configuration.")],
        only_show: Annotated[bool, typer.Option("--show", help="Send nothing: say what would go to whom.")] = False,
        folder: Annotated[Path | None, typer.Option("--dir", help="The same, and its files into this folder.")] = None,
    ) -> None:
        """Send a scheduled report now, as it was due last, to its recipients and webhooks."""
        from pbx.cli.report_sending import send_report

        send_report(effective_config(context.obj), context.obj, name, only_show=only_show, folder=folder)

    @report.command("show")
    def show(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help="Its name; without one all are listed.")] = "",
        since: Since = "",
        until: Until = "",
        only: Only = None,
        per: Per = "",
        by: Annotated[str, typer.Option(help="By queue, source, number...: short for --filter by=source.")] = "",
        language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
        csv: Csv = False,
        json: Json = False,
    ) -> None:
        """Any report by its name, of any period, in any language."""
        from pbx.cli.reports import any_report

        given = [*(only or []), *([f"by={by}"] if by else [])]
        config = effective_config(context.obj)
        any_report(config, name, (since, until), given, language, form_of(csv, json), per)


def _sheet_command(name: str) -> Callable[..., None]:
    def command(context: typer.Context, date: When = "", days: Days = 1, csv: Csv = False, json: Json = False) -> None:
        from pbx.cli.reports import sheet_report

        sheet_report(effective_config(context.obj), name, date, days, form_of(csv, json))

    return command


def form_of(csv: bool, json: bool) -> str:
    """What the two options ask for; both together are an error."""
    if csv and json:
        raise typer.BadParameter("write one of --csv and --json")
    return "csv" if csv else "json" if json else "table"
