"""`centrala outbox`: what other systems are told over HTTP, what waits, what died, and sending it again."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

import typer

from pbx.cli.console import ask, clock, fail, out, show

outbox = typer.Typer(help="Deliveries to other systems over HTTP.", no_args_is_help=True)
Entry = Annotated[str, typer.Argument(help="The id, from `centrala outbox list`.", metavar="DELIVERY")]
Target = Annotated[str, typer.Option(help="All dead letters of this target instead.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(outbox, name="outbox")


@outbox.command("list")
def list_entries(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="pending, delivered, dead or dropped.")] = "",
    target: Annotated[str, typer.Option(help="Of one target.")] = "",
    call: Annotated[str, typer.Option(help="Of one call or contact.")] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 30,
) -> None:
    """The latest deliveries, the newest first, and what waits for each target."""
    query = {"state": state, "target": target, "call_id": call, "limit": str(limit)}
    wanted = urlencode({name: entry for name, entry in query.items() if entry})
    rows: list[list[object]] = [
        [
            row["id"],
            _when(row["created"]),
            row["target"],
            row["kind"],
            row["state"],
            row["attempts"],
            row["status"] or "-",
            row["error"] or row["excerpt"],
        ]
        for row in ask(context.obj, "GET", f"/outbox?{wanted}")
    ]
    show("Deliveries", ["delivery", "at", "target", "what", "state", "tries", "status", "why"], rows, "no deliveries")
    targets: list[list[object]] = [
        [
            row["target"],
            "down" if row["is_down"] else "up" if row["registered"] else "nobody's",
            row["pending"],
            clock(time.time() - row["oldest"]) if row["oldest"] else "-",
            row["dead"],
            row["delivered"],
        ]
        for row in ask(context.obj, "GET", "/outbox/targets")
        if not target or row["target"] == target
    ]
    show("Targets", ["target", "is", "pending", "oldest", "dead", "delivered"], targets, "no targets")


@outbox.command("show")
def show_entry(context: typer.Context, entry: Entry) -> None:
    """One delivery with what it says."""
    row = ask(context.obj, "GET", f"/outbox/{entry}")
    rows: list[list[object]] = [[name, value] for name, value in row.items() if value not in ("", None)]
    show("Delivery", ["what", "value"], rows, "")


@outbox.command()
def retry(context: typer.Context, entry: Entry = "", target: Target = "") -> None:
    """Send it again, whatever became of it, under the same id."""
    _change(context, entry, target, "retry")


@outbox.command()
def drop(context: typer.Context, entry: Entry = "", target: Target = "") -> None:
    """Do not send it any more."""
    _change(context, entry, target, "drop")


def _change(context: typer.Context, entry: str, target: str, action: str) -> None:
    if bool(entry) == bool(target):
        fail("name a delivery, or --target for all dead letters of a target")
    if entry:
        row = ask(context.obj, "POST", f"/outbox/{entry}", {"action": action})
        out.print(f"delivery {row['id']} is {row['state']}", markup=False)
        return
    row = ask(context.obj, "POST", "/outbox", {"target": target, "action": action}, timeout_s=60.0)
    done = "sent again" if action == "retry" else "dropped"
    out.print(f"{row['changed']} dead letters of {target} are {done}", markup=False)


def _when(unix: float) -> str:
    age_s = time.time() - unix
    return f"{clock(age_s)} ago" if age_s < 3600 else datetime.fromtimestamp(unix).strftime("%Y-%m-%d %H:%M")
