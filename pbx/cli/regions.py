"""`centrala regions`, `hours`, `duty`, `dealers` and `partners`: what blocks of flows decide by."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from pbx.cli.console import ask, fail, out, read_config, show

regions = typer.Typer(help="Ranges of numbers by region and operator.", no_args_is_help=True)
hours = typer.Typer(help="Opening hours.", no_args_is_help=True)
PART = 5000  # ranges of one request


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(regions, name="regions")
    app.add_typer(hours, name="hours")
    app.command()(duty)
    app.command()(dealers)
    app.command()(partners)


@regions.command("import")
def import_ranges(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV of a numbering authority.")],
    name: Annotated[str, typer.Option(help="Of the table; empty: the file's. The same name replaces it.")] = "",
) -> None:
    """Take in ranges while the PBX runs; all of a file, or nothing of it."""
    from pbx.numbers.range_files import read_ranges
    from pbx.numbers.table import TableError, decode

    country = read_config(context.obj).config.numbering.country
    try:
        table = read_ranges([(file.name, decode(file.read_bytes()))], country)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except TableError as error:
        fail(error)
    rows = list(table.rows())
    name = name or file.stem
    for at in range(0, len(rows), PART):
        part = {"rows": rows[at : at + PART], "begin": at == 0, "end": at + PART >= len(rows)}
        ask(context.obj, "POST", "/regions", {"name": name, **part})
    out.print(f"table {name}: {len(rows)} ranges", markup=False)


@regions.command("list")
def list_ranges(context: typer.Context) -> None:
    """The imported tables, the one that is asked first first."""
    rows: list[list[object]] = [[one["name"], one["ranges"]] for one in ask(context.obj, "GET", "/regions")]
    show("Tables of ranges", ["table", "ranges"], rows, "no table is imported")


@regions.command("remove")
def remove_ranges(context: typer.Context, name: Annotated[str, typer.Argument(help="The table.")]) -> None:
    """Take out a table."""
    ask(context.obj, "DELETE", f"/regions/{quote(name)}")
    out.print(f"table {name} is taken out", markup=False)


@regions.command("find")
def find_region(context: typer.Context, number: Annotated[str, typer.Argument(help="A number.")]) -> None:
    """Where a number belongs."""
    found = ask(context.obj, "GET", f"/regions?number={quote(number)}")
    rows: list[list[object]] = [[key, found[key]] for key in ("number", "country", "region", "operator", "kind")]
    show("Region", ["", ""], rows, "")


@hours.command("preview")
def preview(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A [[hours]].")],
    at: Annotated[str, typer.Argument(help="A moment on their clock, 2026-12-24T10:00; now by default.")] = "",
) -> None:
    """Whether hours are open at a moment, and why. The PBX need not run."""
    from pbx.calendars.book import days_of
    from pbx.call.hours import OpeningHours

    config = read_config(context.obj).config
    entry = next((entry for entry in config.hours if entry.name == name), None)
    if entry is None:
        fail(f"there are no hours {name!r}; known: {', '.join(one.name for one in config.hours) or 'none'}")
    found = OpeningHours.of(entry, config.server.timezone)
    try:
        moment = datetime.fromisoformat(at) if at else datetime.now(ZoneInfo("UTC"))
    except ValueError:
        fail(f"{at!r} is no moment; write 2026-12-24T10:00")
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=found.zone)
    unix = moment.timestamp()
    events: list[str] = []
    for calendar in config.calendar:
        if calendar.name in entry.calendars:
            try:
                events += days_of(config, calendar, unix).at(unix)
            except (OSError, ValueError) as error:
                fail(f"calendar {calendar.name} cannot be read: {error}")
    state, why = found.explain(unix, events)
    special = found.exception(unix, events)
    out.print(f"{state}{f' ({special})' if special else ''}: {why}", markup=False, soft_wrap=True)


def duty(context: typer.Context) -> None:
    """Who is on duty now."""
    rows: list[list[object]] = [
        [one["rota"], ", ".join(one["people"]), ", ".join(one["targets"])] for one in ask(context.obj, "GET", "/duty")
    ]
    show("On duty", ["rota", "who", "rung in this order"], rows, "the configuration has no [[rota]]")


def dealers(context: typer.Context) -> None:
    """The dealers, and how many calls each was given."""
    rows: list[list[object]] = [
        [one["name"], one["number"], _where(one), one["weight"], one["calls"], "" if one["open"] else "closed"]
        for one in ask(context.obj, "GET", "/dealers")
    ]
    columns = ["dealer", "number", "regions", "weight", "calls", "now"]
    show("Dealers", columns, rows, "the configuration has no [[dealer]]")


def partners(context: typer.Context) -> None:
    """Overflow partners: their calls now, what they have cost today and this month, what is left."""
    rows: list[list[object]] = [
        [
            one["partner"],
            f"{one['running']} of {one['max_calls']}" if one["open"] else "closed",
            f"{one['talk_s']:.0f} s",
            f"{one['expected_price']:.2f}",
            f"{one['today_s'] / 60:.1f}",
            f"{one['today_money']:.2f}",
            f"{one['month_money']:.2f}",
            "" if one["left_money"] is None else f"{one['left_money']:.2f}",
            one["currency"],
        ]
        for one in ask(context.obj, "GET", "/partners")
    ]
    columns = ["partner", "calls now", "usual talk", "its price", "min today", "today", "month", "left", "currency"]
    show("Overflow partners", columns, rows, "the configuration has no [[partner]]")


def _where(dealer: dict[str, Any]) -> str:
    return ", ".join(dealer["regions"]) or "everywhere"
