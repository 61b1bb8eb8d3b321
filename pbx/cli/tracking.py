"""`centrala tracking`: visits, pools, masked numbers, the number guard; export and erasure."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

import typer

from pbx.cli.console import ask, clock, out, show

tracking = typer.Typer(help="Visitors of sites, and the numbers they are shown.", no_args_is_help=True)

DAY_S = 86_400


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(tracking, name="tracking")


@tracking.command()
def visits(
    context: typer.Context,
    site: Annotated[str, typer.Option(help="Of one site.")] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 20,
) -> None:
    """The last visits."""
    rows: list[list[object]] = [
        [
            row["id"],
            datetime.fromtimestamp(row["started"]).astimezone().strftime("%Y-%m-%d %H:%M:%S"),
            row["site"],
            f"{row['source']} / {row['medium']}",
            row["campaign"],
            row["pages"],
            clock(max(0.0, row["seen"] - row["started"])),
            row["landing"],
        ]
        for row in ask(context.obj, "GET", f"/tracking/visits?site={quote(site)}&limit={limit}")
    ]
    columns = ["visit", "began", "site", "source / medium", "campaign", "pages", "stayed", "landing page"]
    show("Visits", columns, rows, "there was no visit yet")


@tracking.command()
def pools(context: typer.Context) -> None:
    """How full the pools are, and how many numbers they need."""
    rows: list[list[object]] = [
        [
            row["pool"],
            row["size"],
            row["held"],
            row["free"],
            row["quarantined"],
            row["most_held"],
            f"{row['visits_per_hour']:.0f}",
            clock(row["stay_s"]),
            row["needed"] or "-",
            f"{100 * row['loss']:.2f} %",
            row["short"],
            row["crowded"],
        ]
        for row in ask(context.obj, "GET", "/tracking/pools")
    ]
    columns = ["pool", "numbers", "held", "free", "quarantine", "peak", "visits/h", "stay", "needed", "loss"]
    columns += ["short", "crowded"]
    show("Pools of numbers", columns, rows, "there is no [[number_pool]]")


@tracking.command()
def reveals(
    context: typer.Context, days: Annotated[int, typer.Option(help="So many days up to now.", min=1, max=366)] = 7
) -> None:
    """Masked numbers that visitors asked for, with the calls that came of them."""
    until = time.time()
    found = ask(context.obj, "GET", f"/tracking/reveals?since={until - days * DAY_S}&until={until}")
    rows: list[list[object]] = [
        [
            row["subject"],
            row["dealer"],
            row["number"],
            row["reveals"],
            row["calls"],
            row["answered"],
            clock(row["talk_s"]),
        ]
        for row in found
    ]
    columns = ["masked", "dealer", "number", "reveals", "calls", "answered", "talk"]
    show("Masked numbers", columns, rows, "nobody asked for a masked number")


@tracking.command()
def guard(context: typer.Context) -> None:
    """Pages that show something else than the number they were given."""
    rows: list[list[object]] = [
        [row["site"], row["page"], row["verdict"], row["shown"], row["assigned"]]
        for row in ask(context.obj, "GET", "/tracking/guard")["bad"]
    ]
    show("Pages with a wrong number", ["site", "page", "verdict", "shown", "assigned"], rows, "every page is right")


@tracking.command()
def forget(
    context: typer.Context,
    number: Annotated[str, typer.Option(help="Of a caller.")] = "",
    visitor: Annotated[str, typer.Option(help="The id that his browser keeps.")] = "",
) -> None:
    """Erase who wants to be forgotten: his visits, and what leads from his calls to him."""
    body = {name: value for name, value in (("number", number), ("visitor", visitor)) if value}
    erased = ask(context.obj, "POST", "/tracking/forget", body, timeout_s=60.0)
    out.print(f"{erased['visits']} visits are erased, {erased['calls']} calls lead to nobody now", markup=False)


@tracking.command()
def export(context: typer.Context, number: Annotated[str, typer.Argument(help="Of a caller.")]) -> None:
    """All that is kept of a caller, as JSON."""
    import json

    found = ask(context.obj, "GET", f"/tracking/export?number={quote(number)}", timeout_s=60.0)
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
