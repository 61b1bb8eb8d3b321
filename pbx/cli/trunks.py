"""`centrala trunks`, `numbers`, `block`, `allow`, `unblock`, `blocked`, `ban`, `unban`, `bans`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, fail, out, show

numbers = typer.Typer(help="The numbers that callers reach, and their import.", no_args_is_help=True)

COLUMNS = (
    "number",
    "last",
    "application",
    "trunks",
    "internal",
    "tag",
    "campaign",
    "medium",
    "region",
    "cost_per_call",
)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

For = Annotated[str, typer.Option("--for", help="How long: 90s, 30m, 2h, 7d. Without it for good.", metavar="TIME")]
Pattern = Annotated[
    str, typer.Argument(help='A number, its beginning with "*" at the end, or "anonymous".', metavar="PATTERN")
]
Address = Annotated[str, typer.Argument(help="An IP address.", metavar="ADDRESS")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(numbers, name="numbers")
    for command in (trunks, block, allow, unblock, blocked, ban, unban, bans):
        app.command()(command)


def trunks(context: typer.Context) -> None:
    """Every trunk: whether it lives, is registered, how many calls it carries, what was spent."""
    rows: list[list[object]] = []
    for item in ask(context.obj, "GET", "/trunks"):
        state = item["registration"]
        if item["registered"]:
            state = f"{state} for {clock(item['expires_s'])}"
        elif item["reason"]:
            state = f"{state}: {item['reason']}"
        spent = ""
        if item["prices"] or item["spent_month"]:
            spent = f"{item['spent_today']:.2f} / {item['spent_month']:.2f} {item['currency']}".strip()
        calls = f"{item['calls']} of {item['max_calls']}"
        host = item["host"]
        if item["address"] and not host.startswith(item["address"].rpartition(":")[0]):
            host = f"{host} ({item['address']})"
        rows.append([item["name"], host, item["health"], state, calls, spent])
    columns = ["trunk", "host", "health", "registration", "calls", "spent today / month"]
    show("Trunks", columns, rows, "the configuration has no [[trunk]]")


# -- numbers ----------------------------------------------------------------------------------------------------------


@numbers.command("list")
def list_numbers(context: typer.Context) -> None:
    """Every number with where it leads."""
    rows: list[list[object]] = [
        [
            f"{item['number']} - {item['last']}" if item["last"] else item["number"],
            item["application"],
            ", ".join(item["trunks"]),
            item["tag"],
            item["campaign"],
            item["medium"],
            "imported" if item["imported"] else "configured",
        ]
        for item in ask(context.obj, "GET", "/numbers")
    ]
    show("Numbers", ["number", "leads to", "trunks", "tag", "campaign", "medium", "from"], rows, "there is no number")


@numbers.command("export")
def export_numbers(context: typer.Context) -> None:
    """All numbers as CSV on standard output; `import` takes it back."""
    from pbx.reporting.csv_text import to_csv

    table = []
    for item in ask(context.obj, "GET", "/numbers"):
        item["trunks"] = " ".join(item["trunks"])
        table.append([item[name] for name in COLUMNS])
    sys.stdout.write(to_csv(COLUMNS, table))


@numbers.command("import")
def import_numbers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV with number, application, trunks... See docs/trunks.md.")],
    replace: Annotated[bool, typer.Option("--replace", help="Take out what was imported before.")] = False,
) -> None:
    """Add numbers while the PBX runs. All of them, or none when one is wrong."""
    from pbx.numbers.table import Faults, TableError, decode, rows

    faults = Faults(str(file))
    try:
        text = decode(file.read_bytes())
        table = [_row(cells) for _, cells in rows(text, faults)]
        faults.check()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except TableError as error:
        fail(error)
    answer = ask(context.obj, "POST", "/numbers", {"rows": table, "replace": replace})
    out.print(f"{len(table)} numbers read, {answer['imported']} are imported now", markup=False)


@numbers.command("remove")
def remove_number(context: typer.Context, number: Annotated[str, typer.Argument(help="An imported number.")]) -> None:
    """Take an imported number out."""
    ask(context.obj, "DELETE", f"/numbers/{number}")
    out.print(f"{number} is taken out", markup=False)


def _row(cells: dict[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {name: cell for name, cell in cells.items() if cell}
    if "trunks" in row:
        row["trunks"] = re.split(r"[\s|]+", row["trunks"].strip())
    if "internal" in row:
        row["internal"] = row["internal"].lower() in ("1", "true", "yes")
    if "cost_per_call" in row:
        row["cost_per_call"] = row["cost_per_call"].replace(",", ".")
    return row


# -- lists of callers -------------------------------------------------------------------------------------------------


def block(
    context: typer.Context,
    pattern: Pattern,
    for_: For = "",
    action: Annotated[str, typer.Option(help='"reject", "announce" or "flow:NAME".')] = "reject",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Keep callers out."""
    _put(context, "block", pattern, for_, action, reason)


def allow(
    context: typer.Context,
    pattern: Pattern,
    for_: For = "",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
) -> None:
    """Let callers in, whatever blocks them."""
    _put(context, "allow", pattern, for_, "", reason)


def _put(context: typer.Context, side: str, pattern: str, for_: str, action: str, reason: str) -> None:
    body = {"side": side, "pattern": pattern, "for_s": seconds(for_), "action": action, "reason": reason}
    entry = ask(context.obj, "POST", "/screening", body)
    until = f" for {for_}" if for_ else ""
    out.print(f"{entry['pattern']} is {'blocked' if side == 'block' else 'allowed'}{until}", markup=False)


def unblock(context: typer.Context, pattern: Pattern) -> None:
    """Take callers off both lists."""
    gone = ask(context.obj, "DELETE", f"/screening/{pattern}")
    out.print(f"{gone['pattern']} is taken off: {', '.join(gone['lists'])}", markup=False)


def blocked(context: typer.Context) -> None:
    """Who is kept out, and who is let in whatever blocks him."""
    rows: list[list[object]] = [
        [
            entry["side"],
            entry["pattern"],
            entry["action"] if entry["side"] == "block" else "",
            clock(entry["left_s"]) if entry["expires"] else "always",
            entry["reason"],
        ]
        for entry in ask(context.obj, "GET", "/screening")
    ]
    show("Callers", ["list", "pattern", "action", "for", "reason"], rows, "nobody is blocked or allowed")


# -- bans -------------------------------------------------------------------------------------------------------------


def ban(context: typer.Context, address: Address, for_: For = "1h") -> None:
    """Do not hear an address."""
    made = ask(context.obj, "POST", "/bans", {"address": address, "for_s": seconds(for_)})
    out.print(f"{made['address']} is not heard for {clock(made['until'] - made['since'])}", markup=False)


def unban(context: typer.Context, address: Address) -> None:
    """Hear an address again."""
    ask(context.obj, "DELETE", f"/bans/{address}")
    out.print(f"{address} is heard again", markup=False)


def bans(context: typer.Context) -> None:
    """Addresses that are not heard."""
    rows: list[list[object]] = [
        [item["address"], item["reason"], clock(item["left_s"]), item["times"]]
        for item in ask(context.obj, "GET", "/bans")
    ]
    show("Bans", ["address", "for", "ends in", "times"], rows, "nobody is banned")


def seconds(text: str) -> float:
    """ "2h" as 7200.0; 0.0 for nothing."""
    if not text:
        return 0.0
    number, unit = text[:-1], text[-1]
    if unit not in UNITS or not number.isascii() or not number.isdigit() or not int(number):
        fail(f"{text!r} is no time: write 90s, 30m, 2h, 7d or 4w")
    return float(int(number) * UNITS[unit])
