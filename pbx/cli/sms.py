"""`centrala sms`: send a message, see what became of others, replies, who wants none, gateways."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from pbx.cli.console import ask, clock, fail, out, show

sms = typer.Typer(help="Short messages.", no_args_is_help=True)
optout = typer.Typer(help="Numbers that want no messages.", invoke_without_command=True)
sms.add_typer(optout, name="optout")

Limit = Annotated[int, typer.Option(help="How many.", min=1, max=10_000)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(sms, name="sms")


@sms.command()
def send(
    context: typer.Context,
    to: Annotated[str, typer.Argument(help="The customer's number.", metavar="NUMBER")],
    text: Annotated[str, typer.Argument(help="What it says; not with --template.")] = "",
    template: Annotated[str, typer.Option(help="The name of a template instead.")] = "",
    value: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE for it; may be repeated.")] = None,
    language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
    sender: Annotated[str, typer.Option(help="Shown to the customer.")] = "",
    key: Annotated[str, typer.Option(help="The same key twice is one message.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Also in quiet hours.")] = False,
) -> None:
    """Send a message: kept at once, handed to a gateway as soon as one takes it."""
    body: dict[str, Any] = {"to": to, "source": "cli", "urgent": now}
    given = {"text": text, "template": template, "language": language, "sender": sender, "key": key}
    body |= {name: entry for name, entry in given.items() if entry}
    if value:
        body["variables"] = dict(_pair(entry) for entry in value)
    row = ask(context.obj, "POST", "/sms", body)
    done = "is taken" if row["new"] else f"was taken before and is {row['state']}"
    out.print(f"message {row['id']} to {row['number']} {done}: {_parts(row)}", markup=False, soft_wrap=True)


@sms.command("test")
def preview(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="What it says; not with --template.")] = "",
    template: Annotated[str, typer.Option(help="The name of a template instead.")] = "",
    value: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE for it; may be repeated.")] = None,
    language: Annotated[str, typer.Option(help="pl, ru or en; the server's by default.")] = "",
    to: Annotated[str, typer.Option(help="To know what it costs by the gateway of this number.")] = "",
) -> None:
    """Show what a message would say, in how many parts, at what cost; nothing is sent."""
    body: dict[str, Any] = {"to": to, "preview": True}
    given = {"text": text, "template": template, "language": language}
    body |= {name: entry for name, entry in given.items() if entry}
    if value:
        body["variables"] = dict(_pair(entry) for entry in value)
    row = ask(context.obj, "POST", "/sms", body)
    out.print(row["text"], markup=False, soft_wrap=True)
    out.print(f"{len(row['text'])} characters, {_parts(row)}, costs {row['cost']:g}")


@sms.command("list")
def list_messages(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="queued, submitting, accepted, delivered, failed, in_doubt...")] = "",
    number: Annotated[str, typer.Option(help="Of one customer.")] = "",
    source: Annotated[str, typer.Option(help="Of what asked for them: flow:hotline:send, queue:sales, api.")] = "",
    limit: Limit = 30,
    ids: Annotated[bool, typer.Option("--ids", help="With the ids.")] = False,
) -> None:
    """The latest messages, the newest first."""
    query = {"state": state, "number": number, "source": source, "limit": str(limit)}
    wanted = urlencode({name: entry for name, entry in query.items() if entry})
    rows: list[list[object]] = [
        [
            _when(row["created"]),
            row["number"],
            row["state"],
            row["parts"],
            row["gateway"],
            row["template"] or row["source"],
            row["error"],
            *([row["id"]] if ids else []),
        ]
        for row in ask(context.obj, "GET", f"/sms?{wanted}")
    ]
    columns = ["at", "number", "state", "parts", "gateway", "what", "why", *(["message"] if ids else [])]
    show("Messages", columns, rows, "no messages")


@sms.command("show")
def show_message(
    context: typer.Context, message: Annotated[str, typer.Argument(help="The id, from `centrala sms list --ids`.")]
) -> None:
    """One message with its parts."""
    row = ask(context.obj, "GET", f"/sms/{message}")
    rows: list[list[object]] = [[name, value] for name, value in row.items() if value not in ("", 0, 0.0, [])]
    show("Message", ["what", "value"], rows, "")


@sms.command()
def settle(
    context: typer.Context,
    message: Annotated[str, typer.Argument(help="The id, from `centrala sms list --state in_doubt --ids`.")],
    as_: Annotated[str, typer.Argument(help="sent: the gateway has it. resend: it has it not. cancel.", metavar="HOW")],
) -> None:
    """Say what became of a message in doubt; or cancel one that waits."""
    row = ask(context.obj, "POST", f"/sms/{message}", {"action": as_})
    out.print(f"message to {row['number']} is {row['state']}", markup=False)


@sms.command()
def inbox(
    context: typer.Context, number: Annotated[str, typer.Option(help="Of one customer.")] = "", limit: Limit = 30
) -> None:
    """What customers have written, the newest first."""
    wanted = urlencode({"number": number, "limit": str(limit)})
    rows: list[list[object]] = [
        [_when(row["received"]), row["number"], row["to"], row["what"], row["text"]]
        for row in ask(context.obj, "GET", f"/sms/inbox?{wanted}")
    ]
    show("Inbox", ["at", "from", "to", "what", "text"], rows, "nobody has written")


@optout.callback()
def opted_out(context: typer.Context) -> None:
    """Who wants no messages."""
    if context.invoked_subcommand is None:
        rows: list[list[object]] = [
            [row["number"], _when(row["since"]), row["by"]] for row in ask(context.obj, "GET", "/sms/optout?limit=1000")
        ]
        show("Opted out", ["number", "since", "by"], rows, "everybody may be written to")


@optout.command("add")
def opt_out(context: typer.Context, number: Annotated[str, typer.Argument(help="The customer's number.")]) -> None:
    """Send no messages to a number any more."""
    row = ask(context.obj, "POST", "/sms/optout", {"number": number})
    out.print(f"{row['number']} gets no messages", markup=False)


@optout.command("remove")
def opt_in(context: typer.Context, number: Annotated[str, typer.Argument(help="The customer's number.")]) -> None:
    """The customer wants messages again."""
    row = ask(context.obj, "DELETE", "/sms/optout", {"number": number})
    out.print(f"{row['number']} may get messages", markup=False)


@sms.command()
def templates(context: typer.Context) -> None:
    """The templates of the configuration, and what they take without their values."""
    rows: list[list[object]] = [
        [row["name"], row["language"], row["coding"], row["parts"], row["text"]]
        for row in ask(context.obj, "GET", "/sms/templates")
    ]
    show("Templates", ["name", "language", "coding", "parts", "text"], rows, "there are none")


@sms.command()
def gateways(context: typer.Context) -> None:
    """The gateways, and what messages wait."""
    figures = ask(context.obj, "GET", "/sms/figures")
    rows: list[list[object]] = [
        [
            row["name"],
            row["kind"],
            "up" if row["up"] else "down",
            row["under_way"],
            row["throttled"],
            *(f"{amount:g} {row['currency']}".strip() for amount in row["spent"]),
        ]
        for row in figures["gateways"]
    ]
    columns = ["gateway", "kind", "is", "under way", "throttled", "today", "this month"]
    show("Gateways", columns, rows, "there are none")
    waiting = ", ".join(f"{count} {state}" for state, count in figures["states"].items())
    out.print(f"messages: {waiting}; {figures['opted_out']} numbers want none", markup=False)


def _parts(row: dict[str, Any]) -> str:
    return f"{row['parts']} part{'s' if row['parts'] > 1 else ''} in {row['coding']}"


def _pair(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given or not name:
        fail(f"{text!r} sets nothing; write NAME=VALUE, as order=A17")
    return name, value


def _when(unix: float) -> str:
    """A clock for what is of today, a date before that."""
    if not unix:
        return "-"
    age_s = time.time() - unix
    return f"{clock(age_s)} ago" if age_s < 3600 else datetime.fromtimestamp(unix).strftime("%Y-%m-%d %H:%M")
