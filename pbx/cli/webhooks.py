"""`centrala webhooks`: who is told of events, trying it, changing the secret, what was delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, out, show

webhooks = typer.Typer(help="Events for other systems, signed, over HTTP.", no_args_is_help=True)
Webhook = Annotated[str, typer.Argument(help="The id, from `centrala webhooks list`.", metavar="WEBHOOK")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(webhooks, name="webhooks")


@webhooks.command("list")
def list_webhooks(context: typer.Context) -> None:
    """All subscriptions."""
    rows: list[list[object]] = [
        [
            row["id"],
            row["name"],
            row["url"],
            ", ".join(row["events"]),
            ", ".join(row["queues"]) or "all",
            "on" if row["enabled"] else row["disabled_why"] or "off",
            row["pending"],
            row["dead"],
        ]
        for row in ask(context.obj, "GET", "/webhooks")
    ]
    show("Webhooks", ["webhook", "name", "url", "events", "queues", "is", "pending", "dead"], rows, "nobody subscribes")


@webhooks.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where events are posted.")],
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    event: Annotated[list[str] | None, typer.Option(help="Such as call.* or sms.received; may be repeated.")] = None,
    queue: Annotated[list[str] | None, typer.Option(help="Only events of this queue; may be repeated.")] = None,
) -> None:
    """Subscribe. The secret that signs is shown this once."""
    body: dict[str, Any] = {"url": url, "name": name, "events": event or ["*"], "queues": queue or []}
    row = ask(context.obj, "POST", "/webhooks", body)
    out.print(f"webhook {row['id']} is on; its secret: {row['secret']}", markup=False, soft_wrap=True)


@webhooks.command()
def rotate(context: typer.Context, webhook: Webhook) -> None:
    """A new secret, shown this once; the one before signs as well for a day."""
    row = ask(context.obj, "POST", f"/webhooks/{webhook}/rotate")
    until = datetime.fromtimestamp(row["previous_until"]).strftime("%Y-%m-%d %H:%M")
    out.print(f"the new secret: {row['secret']}; both sign until {until}", markup=False, soft_wrap=True)


@webhooks.command()
def ping(context: typer.Context, webhook: Webhook) -> None:
    """Send an event that says nothing; `centrala webhooks deliveries` shows what came back."""
    row = ask(context.obj, "POST", f"/webhooks/{webhook}/ping")
    out.print(f"event {row['event']} is on its way", markup=False)


@webhooks.command()
def enable(context: typer.Context, webhook: Webhook) -> None:
    """Switch it on, again."""
    ask(context.obj, "POST", f"/webhooks/{webhook}", {"enabled": True})
    out.print(f"webhook {webhook} is on", markup=False)


@webhooks.command()
def disable(context: typer.Context, webhook: Webhook) -> None:
    """Switch it off: what happens meanwhile is never told."""
    ask(context.obj, "POST", f"/webhooks/{webhook}", {"enabled": False})
    out.print(f"webhook {webhook} is off", markup=False)


@webhooks.command()
def remove(context: typer.Context, webhook: Webhook) -> None:
    """Forget it."""
    ask(context.obj, "DELETE", f"/webhooks/{webhook}")
    out.print(f"webhook {webhook} is gone", markup=False)


@webhooks.command()
def deliveries(context: typer.Context, webhook: Webhook) -> None:
    """What was sent, the newest first, and what became of it."""
    rows: list[list[object]] = [
        [
            row["number"],
            datetime.fromtimestamp(row["created"]).strftime("%Y-%m-%d %H:%M:%S"),
            row["kind"],
            row["state"],
            row["attempts"],
            row["status"] or "-",
            row["error"] or row["excerpt"],
        ]
        for row in ask(context.obj, "GET", f"/webhooks/{webhook}/deliveries")
    ]
    show("Deliveries", ["number", "at", "event", "state", "tries", "status", "answer"], rows, "nothing was sent")


@webhooks.command()
def events(context: typer.Context) -> None:
    """All that can be told, with the fields of each."""
    rows: list[list[object]] = [
        [row["name"], row["text"], ", ".join(row["schema"]["properties"]["data"]["required"])]
        for row in ask(context.obj, "GET", "/webhooks/events")
    ]
    show("Events", ["event", "when", "data"], rows, "")
