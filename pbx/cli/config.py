"""`centrala config`: the business part of the configuration, changed while the PBX runs; nothing restarts, no call is
dropped.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.text import Text

from pbx.cli.console import ask, err, fail, out, show

config = typer.Typer(help="Settings: look at them, change them while calls run.", no_args_is_help=True)
DIFFERS = 1
COLOURS = {"added": "green", "removed": "red", "changed": "yellow"}
MARKS = {"added": "+", "removed": "-", "changed": "~"}
APPLY_S = 120.0  # new prompts are spoken before the switch

Section = Annotated[str, typer.Argument(help="Such as queue, extension or sms.template.")]
Key = Annotated[str, typer.Argument(help="Name or number of the entry; of a section that is one table: nothing.")]
File = Annotated[Path, typer.Argument(help="YAML; - is the standard input.")]
Note = Annotated[str, typer.Option(help="Why, for those who look at the history later.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
Merge = Annotated[bool, typer.Option("--merge", help="Entries that the file does not name stay.")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(config, name="config")


@config.command("show")
def show_settings(
    context: typer.Context,
    section: Annotated[str, typer.Argument(help="A section; without it all of them are listed.")] = "",
    key: Annotated[str, typer.Argument(help="One entry of it.")] = "",
    aside: Annotated[bool, typer.Option("--aside", help="What is in the database and does not fit.")] = False,
    as_json: Json = False,
) -> None:
    """The sections, the entries of one, or one entry; secrets are never shown."""
    if not section:
        _overview(ask(context.obj, "GET", "/settings"), aside=aside, as_json=as_json)
        return
    if key:
        entry = ask(context.obj, "GET", f"/settings/{quote(section)}/{quote(key, safe='')}")
        out.print_json(json.dumps(entry["document"] if not as_json else entry))
        return
    entries = ask(context.obj, "GET", f"/settings/{quote(section)}")
    if as_json:
        out.print_json(json.dumps(entries))
        return
    rows: list[list[object]] = [
        [entry["key"] or "-", entry["origin"], json.dumps(entry["document"], ensure_ascii=False)] for entry in entries
    ]
    show(section, ["key", "from", "document"], rows, f"{section} has no entries")


def _overview(answer: dict[str, Any], *, aside: bool, as_json: bool) -> None:
    if as_json:
        out.print_json(json.dumps(answer))
        return
    if aside:
        rows: list[list[object]] = [[row["section"], row["key"], row["why"]] for row in answer["set_aside"]]
        show("Set aside", ["section", "key", "why"], rows, "all settings are in force")
        return
    rows = [[row["name"], row["entries"] if row["list"] else "table", ""] for row in answer["sections"]]
    rows += [[row["name"], "-", f"with a restart only: {row['why']}"] for row in answer["technical"]]
    show(f"Settings, revision {answer['revision']}", ["section", "entries", ""], rows, "")


@config.command("export")
def export(
    context: typer.Context,
    sections: Annotated[list[str] | None, typer.Argument(help="Sections; without them all.")] = None,
    file: Annotated[Path | None, typer.Option("--yaml", help="A file instead of the standard output.")] = None,
    secrets: Annotated[
        bool, typer.Option("--secrets", help="With passwords and PINs; the file is yours alone.")
    ] = False,
) -> None:
    """Write the settings as YAML."""
    query = urlencode({"sections": ",".join(sections or ()), "secrets": str(secrets).lower()})
    text = ask(context.obj, "GET", f"/settings-export?{query}", timeout_s=APPLY_S)["yaml"]
    if file is None:
        sys.stdout.write(text)
        return
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        fail(error)


@config.command("diff")
def diff(context: typer.Context, file: File, merge: Merge = False) -> None:
    """What an import would change; status 0 when nothing, 1 when something, 2 when it would be refused."""
    answer = _import(context, file, "", apply=False, merge=merge, refused=2)
    _tell(answer)
    if answer["changes"]:
        raise typer.Exit(DIFFERS)


@config.command("import")
def import_settings(
    context: typer.Context,
    file: File,
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without this it is only shown.")] = False,
    merge: Merge = False,
    note: Note = "",
) -> None:
    """Make the sections of a YAML file hold, with nothing else in them. All of it or nothing."""
    answer = _import(context, file, note, apply=apply, merge=merge)
    _tell(answer)
    if not apply and answer["changes"]:
        err.print("nothing was changed; add --apply", style="yellow")


def _import(
    context: typer.Context, file: Path, note: str, *, apply: bool, merge: bool, refused: int = 1
) -> dict[str, Any]:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = data.decode()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}", 2)
    except UnicodeDecodeError:
        fail(f"{file} is no text in UTF-8: save it as such", 2)
    body = {"yaml": text, "apply": apply, "merge": merge, "who": _author(), "note": note}
    answer: dict[str, Any] = ask(context.obj, "POST", "/settings-import", body, timeout_s=APPLY_S, refused=refused)
    return answer


@config.command("set")
def set_fields(
    context: typer.Context,
    section: Section,
    arguments: Annotated[
        list[str], typer.Argument(help="The key, then field=value ...", metavar="[KEY] FIELD=VALUE...")
    ],
    default: Annotated[list[str] | None, typer.Option("--default", help="A field that gets its default.")] = None,
    dry_run: DryRun = False,
    note: Note = "",
) -> None:
    """Change fields of an entry, or make one. Lists and tables are JSON; `callback.mode=...` is a field of a table."""
    from pbx.cli.config_values import field_values  # the models and YAML: 50 ms that other commands need not spend

    key = "" if "=" in arguments[0] else arguments[0]
    pairs = arguments[1:] if key else arguments
    present = [entry for entry in ask(context.obj, "GET", f"/settings/{quote(section)}") if entry["key"] == key]
    try:
        fields = field_values(section, pairs, present[0]["document"] if present else {})
    except ValueError as error:
        fail(error, 2)
    fields |= dict.fromkeys(default or ())
    body = {"fields": fields, "apply": not dry_run, "who": _author(), "note": note}
    _tell(ask(context.obj, "PATCH", _path(section, key), body, timeout_s=APPLY_S))


@config.command("delete")
def delete(context: typer.Context, section: Section, key: Key, dry_run: DryRun = False, note: Note = "") -> None:
    """Take an entry out, one of the file as well."""
    body = {"apply": not dry_run, "who": _author(), "note": note}
    _tell(ask(context.obj, "DELETE", _path(section, key), body, timeout_s=APPLY_S))


@config.command("history")
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=500)] = 20,
    as_json: Json = False,
) -> None:
    """Who changed what, and when."""
    rows = ask(context.obj, "GET", f"/settings-history?limit={limit}")
    if as_json:
        out.print_json(json.dumps(rows))
        return
    table: list[list[object]] = []
    for row in rows:
        steps = [" ".join(filter(None, (step["section"], step["key"], step["what"]))) for step in row["steps"]]
        more = [f"and {len(steps) - 10} more"] if len(steps) > 10 else []
        moment = datetime.fromtimestamp(row["at"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.append([row["revision"], moment, row["who"], "\n".join([*steps[:10], *more]), row["note"]])
    show("History", ["revision", "when", "who", "what", "note"], table, "nothing was ever changed")


@config.command("revert")
def revert(
    context: typer.Context,
    revision: Annotated[int | None, typer.Argument(help="What held after it; without it: before the last one.")] = None,
    dry_run: DryRun = False,
    note: Note = "",
) -> None:
    """Go back to an earlier state of all settings; 0 is the file alone."""
    body = {"revision": revision, "apply": not dry_run, "who": _author(), "note": note}
    _tell(ask(context.obj, "POST", "/settings-revert", body, timeout_s=APPLY_S))


@config.command("reload")
def reload(context: typer.Context) -> None:
    """Read the file of the configuration again, as SIGHUP does."""
    answer = ask(context.obj, "POST", "/settings-reread", {"who": _author()}, timeout_s=APPLY_S)
    _tell(answer)
    if answer["restart"]:
        err.print(f"with the next start: {', '.join(answer['restart'])}", style="yellow", markup=False)


def _path(section: str, key: str) -> str:
    return f"/settings/{quote(section)}/{quote(key, safe='')}"


def _tell(answer: dict[str, Any]) -> None:
    """The changes, a line for each field."""
    for change in answer["changes"]:
        what = change["what"]
        head = " ".join(filter(None, (MARKS[what], change["section"], change["key"])))
        out.print(Text(head, style=COLOURS[what]), soft_wrap=True)
        for field in change["fields"]:
            values = {"added": (field["after"],), "removed": (field["before"],)}.get(
                what, (field["before"], field["after"])
            )
            line = f"    {field['field']}: {' → '.join(map(_value, values))}"
            out.print(Text(line), soft_wrap=True)
    if not answer["changes"]:
        out.print("no difference")
    elif answer["applied"]:
        out.print(f"applied, revision {answer['revision']}", style="bold")


def _value(value: Any) -> str:
    return "default" if value is None else json.dumps(value, ensure_ascii=False)


def _author() -> str:
    try:
        return getpass.getuser()[:64]
    except OSError:  # a user id without a name
        return "cli"
