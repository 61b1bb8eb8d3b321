"""`centrala ledger` and `centrala reconcile`: advert costs and sales come in, counts of systems are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, fail, out, show
from pbx.cli.effective import effective_config

ledger = typer.Typer(help="Advert costs, sales, and what they make of calls.", no_args_is_help=True)

Table = Annotated[Path, typer.Argument(help="CSV; a line near its top names the columns.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", help='FIELD=COLUMN, e.g. cost="Koszt (PLN)", where the names do not tell.', metavar="F=C"),
]
Check = Annotated[bool, typer.Option("--check", help="Read and tell only.")]
Export = Annotated[Path | None, typer.Option(help="That system's export, CSV.")]
Since = Annotated[str, typer.Option("--from", help="The first day, YYYY-MM-DD.", metavar="DAY")]
Until = Annotated[str, typer.Option("--to", help="The last day.", metavar="DAY")]
IMPORT_S = 120.0
SHOWN = 20  # rows that cannot be used


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(ledger, name="ledger")
    app.command("reconcile")(reconcile)


@ledger.command("costs")
def import_costs(
    context: typer.Context,
    file: Table,
    column: Map = None,
    source: Annotated[str, typer.Option(help="Of rows that name none.")] = "",
    medium: Annotated[str, typer.Option(help="Of rows that name none.")] = "",
    currency: Annotated[str, typer.Option(help="Of sums that name none; ledger.currency by default.")] = "",
    decimal: Annotated[str, typer.Option(help='The mark before decimals, "." or ",".')] = "",
    order: Annotated[str, typer.Option(help="dmy or mdy, for days like 03/07/2026.")] = "",
    check: Check = False,
) -> None:
    """Take advert costs in. With one row that cannot be used nothing is taken; the same file twice costs once."""
    defaults = {"source": source, "medium": medium, "currency": currency, "decimal": decimal, "order": order}
    body = {"csv": _text(file), "name": file.name, "columns": _mapping(column), "defaults": defaults, "check": check}
    _tell(ask(context.obj, "POST", "/ledger/costs", body, timeout_s=IMPORT_S), "sums", check)


@ledger.command("sales")
def import_sales(context: typer.Context, file: Table, column: Map = None, check: Check = False) -> None:
    """Take sales in, by the numbers of their orders, and look for the calls that they belong to."""
    body = {"csv": _text(file), "name": file.name, "columns": _mapping(column), "check": check}
    answer = ask(context.obj, "POST", "/ledger/sales", body, timeout_s=IMPORT_S)
    _tell(answer, "sales", check)
    if answer["taken"]:
        out.print(f"{answer['matched']} of them have their call", markup=False)


@ledger.command("figures")
def figures(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="money, missed_money, missed_calls or reconciliation.")] = "money",
    since: Since = "",
    until: Until = "",
    by: Annotated[str, typer.Option(help="Of money: source, medium, campaign or number.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output instead of a table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output instead of a table.")] = False,
    language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
) -> None:
    """What calls cost and brought in, and what missed ones cost; today by default. The PBX need not run."""
    from pbx.cli.ledger_reports import print_figures

    form = "csv" if csv else "json" if json else "table"
    print_figures(effective_config(context.obj), name, (since, until or since), by, language, form)


@ledger.command("runs")
def list_runs(context: typer.Context) -> None:
    """Reconciliations that were made, the newest first."""
    found = ask(context.obj, "GET", "/ledger/reconciliations")
    rows: list[list[object]] = [
        [run["id"], run["label"], run["made_by"], _counts(run["counts"]), run["differences"], run["unexplained"]]
        for run in found
    ]
    show("Reconciliations", ["run", "period", "by", "counts", "differences", "unexplained"], rows, "none was made")


@ledger.command("conversions")
def conversions(
    context: typer.Context,
    since: Since,
    until: Until,
    form: Annotated[str, typer.Option("--format", help="google_ads or metrica.")] = "google_ads",
    name: Annotated[str, typer.Option(help="Google's name of the conversion.")] = "Phone call",
) -> None:
    """Calls and their sales as a file for Google Ads or Yandex Metrica, on standard output."""
    from pbx.cli.ledger_reports import print_conversions

    print_conversions(effective_config(context.obj), since, until, form, name)


def reconcile(
    context: typer.Context,
    since: Since,
    until: Until,
    ga: Export = None,
    crm: Export = None,
    tracking: Export = None,
    zone: Annotated[
        list[str] | None, typer.Option("--zone", help="SYSTEM=ZONE of an export's clock: ga=Europe/Berlin.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--map", help="SYSTEM.FIELD=COLUMN: ga.call_id='Call id'.", metavar="S.F=C")
    ] = None,
    page: Annotated[Path | None, typer.Option("--page", help="Write a page with pictures.")] = None,
    language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Each difference as CSV on standard output.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The steps as JSON on standard output.")] = False,
) -> None:
    """Compare counts of PBX, tracking, GA and CRM, and name the reason of each difference. The PBX need not run."""
    from pbx.cli.ledger_reports import Compared, print_reconciliation

    files = {"ga": ga, "crm": crm, "tracking": tracking}
    texts = {name: (_text(path), path.name) for name, path in files.items() if path is not None}
    asked = Compared(since, until, texts, _pairs(zone), _pairs(column), page, language)
    print_reconciliation(effective_config(context.obj), asked, "csv" if csv else "json" if json else "table")


def _tell(answer: dict[str, Any], what: str, check: bool) -> None:
    """What a table held, and which lines cannot be used."""
    taken = ", ".join(f"{column} as {field}" for column, field in answer["columns"].items())
    out.print(f"{answer['rows']} rows; columns: {taken}", markup=False, soft_wrap=True)
    if answer["unknown_columns"]:
        out.print(f"not read: {', '.join(answer['unknown_columns'])}", markup=False, soft_wrap=True)
    for bad in answer["bad"][:SHOWN]:
        out.print(f"line {bad['line']}: {bad['reason']}", style="yellow", markup=False, soft_wrap=True)
    if answer["bad"]:
        fail(f"{len(answer['bad'])} rows cannot be used: nothing was taken in")
    if check:
        out.print(f"{answer['entries']} {what} can be taken in", markup=False)
    elif answer["put"] is not None:
        put = answer["put"]
        out.print(f"{put['new']} {what} are new, {put['changed']} changed, {put['same']} as they were", markup=False)


def _text(file: Path) -> str:
    from pbx.numbers.table import TableError, decode

    try:
        return decode(file.read_bytes())
    except TableError as error:
        fail(error)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")


def _mapping(pairs: list[str] | None) -> dict[str, str]:
    return _pairs(pairs)


def _pairs(pairs: list[str] | None) -> dict[str, str]:
    found = {}
    for text in pairs or []:
        name, given, value = text.partition("=")
        if not given or not name or not value:
            fail(f"{text!r} says nothing; write NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
