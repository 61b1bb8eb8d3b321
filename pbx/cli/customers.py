"""`centrala customers` and `centrala pin`: who is known by number, and PINs as they are kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from pbx.cli.console import ask, fail, out, read_config, show

if TYPE_CHECKING:
    from pbx.customers.table import Reading

customers = typer.Typer(help="Customers who are known by number.", no_args_is_help=True)
pin = typer.Typer(help="PINs of flows.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="One of the customer's numbers.")]
PART = 2000  # customers of one request
SHOWN = 20  # problems


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(customers, name="customers")
    app.add_typer(pin, name="pin")


@customers.command("import")
def import_customers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV; the first line names the columns.")],
    column: Annotated[
        list[str] | None,
        typer.Option("--map", help="FIELD=COLUMN, e.g. number=Telefon, where the names do not tell.", metavar="F=C"),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take out who is not in this file.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Read and tell only.")] = False,
) -> None:
    """Take in customers. Rows that cannot be used are told with their line; the others come in."""
    from pbx.clock import SystemClock
    from pbx.customers.table import read_table
    from pbx.ids import new_id
    from pbx.numbers.table import TableError, decode

    country = read_config(context.obj).config.numbering.country
    try:
        reading = read_table(decode(file.read_bytes()), file.name, country, _mapping(column or []))
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}")
    except TableError as error:
        fail(error)
    _tell(reading)
    if check or not reading.customers:
        out.print(f"{len(reading.customers)} customers can be taken in", markup=False)
        raise typer.Exit(0 if reading.customers else 1)
    batch = new_id(SystemClock().unix())
    answer: dict[str, Any] = {}
    for part in _parts(reading.customers):
        answer = ask(context.obj, "POST", "/customers", {"rows": part, "batch": batch})
    if replace:
        answer = ask(context.obj, "POST", "/customers", {"rows": [], "batch": batch, "last": True})
    gone = f", {answer['removed']} taken out" if replace else ""
    done, left = len(reading.customers), len(reading.problems)
    out.print(f"{done} taken in, {left} left out{gone}; {answer['customers']} customers now", markup=False)


@customers.command("find")
def find(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="A number, an id, or a part of a name; empty: the first ones.")] = "",
    tag: Annotated[str, typer.Option(help="Only those with this tag.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV on standard output; `import` takes it back.")] = False,
) -> None:
    """Look for customers."""
    query = urlencode({"text": text, "tag": tag, "limit": limit})
    found = ask(context.obj, "GET", f"/customers?{query}")
    columns = ["numbers", "name", "language", "vip", "tags", "agent", "note", "id"]
    rows = [[_cell(one[name]) for name in columns] for one in found]
    if as_csv:
        from pbx.reporting.csv_text import to_csv

        sys.stdout.write(to_csv(columns, rows))
        return
    show("Customers", columns, [list(row) for row in rows], "nobody is found")


@customers.command("add")
def add(
    context: typer.Context,
    numbers: Annotated[list[str], typer.Argument(help="His numbers.")],
    name: Annotated[str, typer.Option(help="His name.")] = "",
    language: Annotated[str, typer.Option(help="pl, ru or en.")] = "",
    vip: Annotated[bool, typer.Option("--vip")] = False,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="As often as needed.")] = None,
    agent: Annotated[str, typer.Option(help="The extension of the agent who knows him.")] = "",
    note: Annotated[str, typer.Option(help="For people.")] = "",
    key: Annotated[str, typer.Option("--id", help="In the company's own books; empty: the first number.")] = "",
) -> None:
    """Add a customer, or put him in place of the one with the same id."""
    from pbx.numbers.plan import NumberPlan

    plan = NumberPlan(read_config(context.obj).config.numbering.country)
    read = [plan.e164(number) or fail(f"{number!r} is no full number; write +48600100200") for number in numbers]
    row = {"numbers": read, "name": name, "language": language, "vip": vip, "tags": tag or [], "agent": agent}
    ask(context.obj, "POST", "/customers", {"rows": [{**row, "note": note, "id": key}], "batch": "by hand"})
    out.print(f"{name or key or read[0]} is known by {', '.join(read)}", markup=False)


@customers.command("remove")
def remove(context: typer.Context, number: Number) -> None:
    """Forget a customer, with all his numbers."""
    ask(context.obj, "DELETE", f"/customers/{quote(number)}")
    out.print(f"who had {number} is not known any more", markup=False)


@customers.command("pin")
def set_pin(
    context: typer.Context,
    number: Number,
    clear: Annotated[bool, typer.Option("--clear", help="Take the PIN away.")] = False,
) -> None:
    """Give a customer a PIN; it is asked for and not shown."""
    hashed = "" if clear else _asked()
    ask(context.obj, "POST", f"/customers/{quote(number)}", {"pin": hashed})
    out.print("the PIN is gone" if clear else "the PIN is set", markup=False)


@pin.command("hash")
def hash_(
    like: Annotated[str, typer.Option(help="Another hash of the same list: a common salt is checked faster.")] = "",
) -> None:
    """Make of a PIN what a [[pin_list]] keeps. The PIN is asked for and not shown."""
    from pbx.call.pins import is_hash

    if like and not is_hash(like):
        fail(f"{like!r} is no hash of `centrala pin hash`")
    out.print(_asked(like), markup=False, highlight=False, soft_wrap=True)


def _tell(reading: Reading) -> None:
    """What a table held, and which lines cannot be used."""
    taken = ", ".join(f"{name} as {what}" for name, what in reading.columns.items())
    out.print(f"{reading.lines} rows; columns: {taken}", markup=False, soft_wrap=True)
    for problem in reading.problems[:SHOWN]:
        out.print(problem, style="yellow", markup=False, soft_wrap=True)
    if len(reading.problems) > SHOWN:
        out.print(f"and {len(reading.problems) - SHOWN} more", style="yellow", markup=False)


def _asked(like: str = "") -> str:
    from pbx.call.pins import hash_pin, salt_of

    given = typer.prompt("PIN", hide_input=True)
    try:
        return hash_pin(str(given), salt_of(like) if like else None)
    except ValueError as error:
        fail(error)


def _mapping(pairs: list[str]) -> dict[str, str]:
    from pbx.customers.table import FIELDS

    found: dict[str, str] = {}
    for text in pairs:
        what, given, column = text.partition("=")
        what = "numbers" if what == "number" else what
        if not given or what not in FIELDS:
            fail(f"{text!r} maps nothing; write FIELD=COLUMN with one of {', '.join(FIELDS)}")
        found[what] = column
    return found


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return " | ".join(value) if isinstance(value, list) else str(value)


def _parts(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [rows[at : at + PART] for at in range(0, len(rows), PART)]
