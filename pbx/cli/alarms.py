"""`centrala alarms`: what is wrong now."""

from __future__ import annotations

from datetime import datetime
from json import dumps
from typing import Annotated

import typer

from pbx.cli.console import ask, show


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("alarms")(alarms)


def alarms(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output instead of a table.")] = False,
) -> None:
    """What is wrong now, since when, and what to do. Status 1 when there is anything."""
    found = sorted(ask(context.obj, "GET", "/alarms"), key=lambda alarm: float(alarm["since"]))
    if json:
        typer.echo(dumps(found, ensure_ascii=False, indent=1))
    else:
        rows: list[list[object]] = [[_since(alarm["since"]), alarm["name"], alarm["text"]] for alarm in found]
        show("Alarms", ["since", "alarm", "what, and what to do"], rows, "no alarm: nothing is wrong that we know of")
    if found:
        raise typer.Exit(1)


def _since(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
