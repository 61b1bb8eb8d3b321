"""`centrala callback`: ask for a callback, see what is due, take one back, put one off."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, fail, out, show

callback = typer.Typer(help="Customers who are called back.", no_args_is_help=True)

Contact = Annotated[
    str,
    typer.Argument(help="The id, or the start of it, from `centrala callback list --ids`, or the end of the number."),
]
Agent = Annotated[str, typer.Argument(help="The agent's extension.")]
AT_HELP = "2026-12-24T10:00 on this machine's clock, with an offset 2026-12-24T10:00+01:00, or from now on: +30m, +2h."
SHORTEST = 5  # digits that name a number: its end
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(callback, name="callback")


@callback.command()
def add(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="The customer's number.")],
    queue: Annotated[str, typer.Argument(help="Whose agents call.")],
    name: Annotated[str, typer.Option(help="The customer's name, for the agent's phone.")] = "",
    language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
    at: Annotated[str, typer.Option(help=f"Not now but at this hour: {AT_HELP}")] = "",
    mode: Annotated[str, typer.Option(help="agent_first or customer_first; the queue's by default.")] = "",
    key: Annotated[str, typer.Option(help="The same key twice is the same request.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, kept with the request; may be repeated.")] = None,
) -> None:
    """Ask for a callback."""
    body: dict[str, Any] = {"number": number, "queue": queue, "source": "cli"}
    given = {"name": name, "language": language, "mode": mode, "key": key}
    body |= {field: value for field, value in given.items() if value}
    if at:
        body["at"] = _moment(at)
    if tag:
        body["tags"] = dict(_tag(text) for text in tag)
    row = ask(context.obj, "POST", "/callbacks", body)
    done = "is taken" if row["new"] else "was taken before"
    out.print(f"callback {row['id']} to {row['number']} {done}", markup=False, soft_wrap=True)


@callback.command("list")
def list_callbacks(
    context: typer.Context, ids: Annotated[bool, typer.Option("--ids", help="With the ids.")] = False
) -> None:
    """What is open, the oldest first, and what each waits for."""
    rows: list[list[object]] = [
        [
            row["number"],
            row["name"],
            row["queue"],
            row["kind"],
            clock(time.time() - row["since"]),
            _next(row),
            row["attempts"],
            row["last_outcome"],
            *([row["id"]] if ids else []),
        ]
        for row in ask(context.obj, "GET", "/callbacks")
    ]
    columns = ["number", "name", "queue", "kind", "age", "next", "tries", "last", *(["callback"] if ids else [])]
    show("Callbacks", columns, rows, "nobody is to be called back")


@callback.command()
def cancel(context: typer.Context, contact: Contact) -> None:
    """Take a request back."""
    row = ask(context.obj, "DELETE", f"/callbacks/{_find(context, contact)}")
    out.print(f"{row['number']} is not called back", markup=False)


@callback.command()
def reschedule(
    context: typer.Context, contact: Contact, at: Annotated[str, typer.Argument(help=AT_HELP, metavar="WHEN")]
) -> None:
    """Call at another hour."""
    row = ask(context.obj, "POST", f"/callbacks/{_find(context, contact)}", {"at": _moment(at)})
    out.print(f"{row['number']} is called {_next(row)}", markup=False)


@callback.command()
def previews(context: typer.Context) -> None:
    """The contacts that agents read before they are called."""
    rows: list[list[object]] = [
        [row["agent"], row["number"], row["name"], row["queue"], row["kind"], row["attempts"], clock(row["left_s"])]
        for row in ask(context.obj, "GET", "/callbacks/previews")
    ]
    columns = ["agent", "number", "name", "queue", "kind", "tries", "left"]
    show("Previews", columns, rows, "no agent has a contact before him")


@callback.command()
def accept(context: typer.Context, agent: Agent) -> None:
    """The agent takes the contact that he reads: his phone rings."""
    row = ask(context.obj, "POST", f"/callbacks/previews/{agent}", {"accept": True})
    out.print(f"agent {agent} calls {row['number']}", markup=False)


@callback.command()
def decline(context: typer.Context, agent: Agent) -> None:
    """Another agent shall call the contact that this one reads."""
    row = ask(context.obj, "POST", f"/callbacks/previews/{agent}", {"accept": False})
    out.print(f"agent {agent} does not call {row['number']}", markup=False)


def _find(context: typer.Context, text: str) -> str:
    found = [
        row["id"]
        for row in ask(context.obj, "GET", "/callbacks")
        if row["id"].startswith(text) or (len(text) >= SHORTEST and row["number"].endswith(text.lstrip("+0")))
    ]
    if len(found) != 1:
        fail(f"{len(found)} callbacks fit {text!r}; `centrala callback list` shows all")
    return str(found[0])


def _next(row: dict[str, Any]) -> str:
    if row["state"] != "open":
        return str(row["state"])
    if row["next_try"] is None:
        return f"never by itself: {row['waits_for']}"
    wait_s = row["next_try"] - time.time()
    if wait_s <= 0:
        return "when an agent is free"
    why = f", {row['waits_for']}" if row["waits_for"] not in ("", "not_before") else ""
    return f"in {clock(wait_s)}{why}"


def _moment(text: str) -> str:
    if text[:1] == "+" and text[1:-1].isdigit() and text[-1] in UNITS:
        return datetime.fromtimestamp(time.time() + int(text[1:-1]) * UNITS[text[-1]]).astimezone().isoformat()
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError:
        fail(f"{text!r} is no moment; write 2026-12-24T10:00, 2026-12-24T10:00+01:00 or +30m")


def _tag(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given or not name:
        fail(f"{text!r} is no tag; write NAME=VALUE, as campaign=autumn")
    return name, value
