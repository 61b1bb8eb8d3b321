"""Commands of subscriptions and transfers."""

from __future__ import annotations

from typing import Annotated

import typer

from pbx.cli.console import ask, clock, out, show


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.command("subscriptions")(subscriptions)
    app.command("transfer")(transfer)


def subscriptions(context: typer.Context) -> None:
    """Which phones watch what: lamps, message lamps, presence."""
    rows: list[list[object]] = [
        [one["watcher"], one["event"], one["resource"], one["address"], clock(one["expires_s"]), one["notified"]]
        for one in ask(context.obj, "GET", "/subscriptions")
    ]
    columns = ["watcher", "event", "watches", "address", "expires in", "told"]
    show("Subscriptions", columns, rows, "no phone subscribes to anything")


def transfer(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="The call's id, from `centrala calls list`.", metavar="CALL")],
    target: Annotated[str, typer.Argument(help="The number to connect the other party to.", metavar="TARGET")],
    by: Annotated[str, typer.Option(help="The extension that transfers, when two talk to each other.")] = "",
) -> None:
    """Transfers the party that an extension talks to, with the extension's rights and at its cost."""
    answer = ask(context.obj, "POST", f"/calls/{call}/transfer", {"to": target, "by": by})
    out.print(f"{answer['by']} transfers to {answer['to']}: call {answer['id']}", markup=False)
