"""`centrala widget`: requests of web pages, the proof of consent, and who is not listened to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pbx.cli.console import ask, out, show

widget = typer.Typer(help="The callback widget of web pages.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(widget, name="widget")


@widget.command("requests")
def requests(
    context: typer.Context, limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 30
) -> None:
    """The latest requests, the newest first: what was promised, and how soon the phone rang."""
    rows: list[list[object]] = [
        [
            row["id"],
            _when(row["created"]),
            row["site"],
            row["queue"],
            row["number"],
            _when(row["slot"]) if row["slot"] else f"{row['shown_s']:.0f} s" if row["shown_s"] else "-",
            f"{row['rung'] - row['created']:.0f} s" if row["rung"] else "-",
            row["state"],
        ]
        for row in ask(context.obj, "GET", f"/widget/requests?limit={limit}")
    ]
    columns = ["request", "at", "site", "queue", "number", "promised", "rang", "state"]
    show("Requests", columns, rows, "no requests")


@widget.command("proof")
def proof(
    context: typer.Context,
    request: Annotated[str, typer.Argument(help="The id, from `centrala widget requests`.", metavar="REQUEST")],
) -> None:
    """All that is kept of one request, with the wording of the consent as the visitor read it."""
    row = ask(context.obj, "GET", f"/widget/requests/{request}")
    rows: list[list[object]] = [[name, value] for name, value in row.items() if value not in ("", None, 0.0)]
    show("Request", ["what", "value"], rows, "")


@widget.command("bans")
def bans(context: typer.Context) -> None:
    """Addresses and numbers whose requests are refused for now."""
    rows: list[list[object]] = [
        [row["site"], row["key"], _when(row["since"]), _when(row["until"]), row["offences"]]
        for row in ask(context.obj, "GET", "/widget/bans")
    ]
    show("Bans", ["site", "who", "since", "until", "offences"], rows, "nobody is banned")


@widget.command("lift")
def lift(
    context: typer.Context,
    site: Annotated[str, typer.Argument(help="The site.")],
    key: Annotated[str, typer.Argument(help="As `centrala widget bans` shows it.", metavar="WHO")],
) -> None:
    """Listens to an address or number again."""
    row = ask(context.obj, "DELETE", "/widget/bans", {"site": site, "key": key})
    out.print(f"{row['key']} is listened to again on site {row['site']}", markup=False)


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S")
