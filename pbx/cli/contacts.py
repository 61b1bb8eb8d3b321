"""`centrala contacts`: missed contacts and callbacks, who works on them, and how they end."""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from pbx.cli.console import ask, clock, out, show

contacts = typer.Typer(help="Contacts that somebody owes an answer.", no_args_is_help=True)

Contact = Annotated[
    str, typer.Argument(help="A contact's id from `centrala contacts list`, or its number.", metavar="CONTACT")
]
By = Annotated[str, typer.Option(help='Who does it: "agent:101"; empty: your login name.', metavar="WHO")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(contacts, name="contacts")


@contacts.command("list")
def list_contacts(
    context: typer.Context,
    queue: Annotated[str, typer.Option(help="Of this queue only.")] = "",
    number: Annotated[str, typer.Option(help="Of this customer only.")] = "",
    owner: Annotated[str, typer.Option(help='Of this owner only: "agent:101", "team:sales", "queue:sales".')] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose deadline has passed.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too, the newest first.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV on standard output.")] = False,
    ids: Annotated[bool, typer.Option("--ids", help="With the ids of the contacts.")] = False,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=10_000)] = 1000,
) -> None:
    """What is open, the oldest first. Commands take a customer's number as well as a contact's id."""
    query: dict[str, object] = {"state": "all" if everything else "open", "limit": limit}
    query |= {name: value for name, value in (("queue", queue), ("number", number), ("owner", owner)) if value}
    if overdue:
        query["overdue"] = 1
    found = ask(context.obj, "GET", f"/contacts?{urlencode(query)}")
    if as_csv:
        _write_csv(found)
        return
    columns = ["number", "queue", "kind", "age", "due", "owner", "state", "tries", *(["contact"] if ids else [])]
    rows = [[*_line(item), *([item["id"]] if ids else [])] for item in found]
    show("Contacts", columns, rows, "no contact is open")


@contacts.command("show")
def show_contact(context: typer.Context, contact: Contact) -> None:
    """One contact with its attempts and its journey."""
    item = ask(context.obj, "GET", f"/contacts/{contact}")
    told = [
        (name, item[name])
        for name in ("id", "number", "name", "queue", "kind", "state", "end", "reason", "owner", "claimed_by")
        if item[name]
    ]
    told.append(("waits since" if not item["end"] else "waited since", f"{_instant(item['since'])} ({_age(item)})"))
    if item["promise"]:
        told.append(("deadline", _instant(item["promise"]) + (", passed" if item["overdue"] else "")))
    if item["times"] > 1:
        told.append(("contacts", item["times"]))
    if item["origin_call"]:
        told.append(("call", item["origin_call"]))
    show("Contact", ["", ""], [list(pair) for pair in told], "")
    for attempt in item["tries"]:
        by, outcome = attempt["by"], attempt["outcome"] or "under way"
        out.print(f"{_instant(attempt['at'])}  tried by {by}: {outcome}  call {attempt['call_id']}", markup=False)
    for event in item["journey"]:
        rest = {name: value for name, value in event.items() if name not in ("event", "at", "origin_call")}
        words = " ".join(f"{name}={value}" for name, value in rest.items())
        out.print(f"{_instant(event['at'])}  {event['event']}  {words}", markup=False, highlight=False)


@contacts.command("claim")
def claim(context: typer.Context, contact: Contact, by: By = "") -> None:
    """Take a contact: nobody else is given it, and the PBX does not dial it meanwhile."""
    item = ask(context.obj, "POST", f"/contacts/{contact}/claim", {"by": by or getpass.getuser()})
    out.print(f"{item['number']} is claimed by {item['claimed_by']}", markup=False)


@contacts.command("release")
def release(
    context: typer.Context,
    contact: Contact,
    by: By = "",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Give a claimed contact back."""
    ask(context.obj, "POST", f"/contacts/{contact}/release", {"by": by or getpass.getuser(), "reason": reason})
    out.print("open again", markup=False)


@contacts.command("close")
def close(
    context: typer.Context,
    contact: Contact,
    end: Annotated[
        str,
        typer.Argument(help="reached, customer_came_back, refused, unreachable, not_a_customer or cancelled."),
    ],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    by: By = "",
) -> None:
    """End a contact. Once only: an end is not changed afterwards."""
    body = {"end": end, "reason": reason, "by": by or getpass.getuser()}
    item = ask(context.obj, "POST", f"/contacts/{contact}/close", body)
    out.print(f"{item['number'] or 'the contact'} is closed: {item['end']}", markup=False)


@contacts.command("add")
def add(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="The customer's number.")],
    queue: Annotated[str, typer.Option(help="Whose it is.")] = "",
    name: Annotated[str, typer.Option(help="The customer's name.")] = "",
    owner: Annotated[str, typer.Option(help='"agent:101" or "team:sales"; empty: the queue.')] = "",
    deadline_s: Annotated[float, typer.Option(help="To be answered within so many seconds; 0: as configured.")] = 0.0,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    key: Annotated[str, typer.Option(help="The same key twice is one contact.")] = "",
) -> None:
    """Open a contact that people are to answer. A customer who has one already keeps it."""
    body: dict[str, Any] = {
        "number": number,
        "queue": queue,
        "name": name,
        "owner": owner,
        "reason": reason,
        "key": key,
    }
    if deadline_s:
        body["deadline_s"] = deadline_s
    item = ask(context.obj, "POST", "/contacts", body)
    how = "opened" if item["created_now"] else f"known, {item['state']}"
    out.print(f"{item['id']} {item['number']}: {how}", markup=False)


@contacts.command("summary")
def summary(context: typer.Context) -> None:
    """How many are open, overdue and older than agreed."""
    now = ask(context.obj, "GET", "/contacts/summary")
    rows: list[list[object]] = [[name, now[name]] for name in ("open", "overdue", "breached", "refused", "lost")]
    rows.append(["oldest", clock(now["oldest_s"])])
    rows += [[f"queue {name or '-'}", count] for name, count in sorted(now["by_queue"].items())]
    rows += [[f"kind {name}", count] for name, count in sorted(now["by_kind"].items())]
    show("Contacts", ["", ""], rows, "")


def _line(item: dict[str, Any]) -> list[object]:
    due = ""
    if item["promise"] and not item["end"]:
        left_s = item["promise"] - item["since"] - item["age_s"]
        due = f"in {clock(left_s)}" if left_s > 0 else f"passed {clock(-left_s)}"
    state = item["end"] or (f"claimed by {item['claimed_by']}" if item["claimed_by"] else item["state"])
    tries = f"{item['attempts']} ({item['last_outcome']})" if item["attempts"] else ""
    times = f" x{item['times']}" if item["times"] > 1 else ""
    return [
        item["number"] or "withheld",
        item["queue"],
        item["kind"] + times,
        _age(item),
        due,
        item["owner"],
        state,
        tries,
    ]


def _write_csv(found: list[dict[str, Any]]) -> None:
    from pbx.contact.rows import COLUMNS
    from pbx.reporting.csv_text import to_csv

    instants = ("since", "created", "promise", "ended")
    table = []
    for item in found:
        flat = {**item["source"], **item}
        flat.update({name: _instant(item[name]) for name in instants})
        table.append([flat.get(name, "") for name in COLUMNS])
    sys.stdout.write(to_csv(COLUMNS, table))


def _age(item: dict[str, Any]) -> str:
    return clock(max(item["age_s"], 0.0))


def _instant(at: float) -> str:
    """UTC, to the second; "" for none."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
