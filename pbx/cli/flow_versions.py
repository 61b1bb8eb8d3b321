"""The commands of `centrala flow` that handle flows as documents, and which version of them callers get."""

from __future__ import annotations

import getpass
import json
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from pbx.cli.console import ask, err, fail, out, show, socket_of
from pbx.cli.effective import effective_config

RENDER_S = 3600.0  # a flow may say hundreds of things that were never said before
POLL_S = 0.2

Name = Annotated[str, typer.Argument(help="The flow's name.")]
Note = Annotated[str, typer.Option(help="Why, for those who look at the versions later.")]
Document = Annotated[Path, typer.Argument(help="A flow as JSON; - is the standard input.")]


def register(group: typer.Typer) -> None:
    """Adds the commands to `centrala flow`."""
    for name, command in COMMANDS.items():
        group.command(name)(command)


def list_flows(context: typer.Context) -> None:
    """Every flow, the version that the next call gets, and the draft."""
    rows: list[list[object]] = [
        [row["name"], _called(row["version"]), "Python" if row["python"] else row["blocks"], row["draft"] or ""]
        for row in ask(context.obj, "GET", "/flows")
    ]
    show("Flows", ["flow", "version", "blocks", "draft"], rows, "there is no flow")


def show_flow(
    context: typer.Context,
    name: Name,
    version: Annotated[int | None, typer.Option(help="0: the configuration's.")] = None,
) -> None:
    """The blocks of a flow and where their exits lead."""
    from pbx.flow.document import read
    from pbx.flow.loader import build

    values = ask(context.obj, "GET", f"/flows/{quote(name)}{_query(version=version)}")
    document, problems = read(values)
    if document is None:
        fail("; ".join(map(str, problems)))
    flow, _ = build(document)  # a draft may have mistakes: what can be read is shown
    rows: list[list[object]] = []
    for block, settings in document.blocks.items():
        leads = [f"{key} → {target}" for key, target in flow.ways.get(block, {}).items() if target]
        mark = "▶ " if block == document.start else ""
        rows.append([f"{mark}{block}", settings.get("kind", ""), ", ".join(leads)])
    show(f"Flow {name}", ["block", "kind", "exits"], rows, "the flow has no block")


def check(context: typer.Context, file: Document) -> None:
    """All mistakes of a document among the other flows of the configuration; status 1 when there is one."""
    from pbx.flow.loader import check_document

    problems = check_document(_read(file), effective_config(context.obj))
    for problem in problems:
        err.print(str(problem), style="red", markup=False, soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    out.print(f"{file}: no mistakes", markup=False, soft_wrap=True)


def schema() -> None:
    """The JSON Schema of flow documents."""
    from pbx.flow.schema import flow_schema_text

    sys.stdout.write(flow_schema_text())


def import_flow(context: typer.Context, file: Document, note: Note = "") -> None:
    """Keep a document as the draft of the flow that it names; callers get it when it is published."""
    _draft(context, _read(file), note)


def draft(context: typer.Context, name: Name, note: Note = "") -> None:
    """Begin a draft with the version that callers get now, the configuration's too."""
    _draft(context, ask(context.obj, "GET", f"/flows/{quote(name)}"), note)


def export(
    context: typer.Context,
    name: Name,
    version: Annotated[int | None, typer.Option(help="0: the configuration's; without it the one that holds.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file instead of the standard output.")
    ] = None,
) -> None:
    """Write a version as a JSON document."""
    document = ask(context.obj, "GET", f"/flows/{quote(name)}{_query(version=version)}")
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(error)


def publish(
    context: typer.Context,
    name: Name,
    version: Annotated[int | None, typer.Option(help="An earlier version instead of the draft.")] = None,
    note: Note = "",
    force: Annotated[bool, typer.Option("--force", help="Even when a prompt cannot be spoken.")] = False,
) -> None:
    """Let the next call get the draft: it is checked, its prompts are rendered, then it holds."""
    body = {"version": version, "by": _author(), "note": note, "force": force}
    row = _with_progress(context, name, f"/flows/{quote(name)}/publish", body)
    out.print(f"flow {name}: version {row['version']} holds from the next call on", markup=False)


def rollback(
    context: typer.Context,
    name: Name,
    to: Annotated[
        int | None, typer.Option(help="The version; 0: the configuration's. Without it the one before.")
    ] = None,
    note: Note = "",
) -> None:
    """Let the next call get an earlier version."""
    body = {"to": to, "by": _author(), "note": note}
    row = _with_progress(context, name, f"/flows/{quote(name)}/rollback", body)
    out.print(f"flow {name}: {_called(row['version'])} holds from the next call on", markup=False)


def versions(context: typer.Context, name: Name) -> None:
    """The versions of a flow: who made them, when and why."""
    rows: list[list[object]] = [
        [
            row["version"],
            f"{row['state']}{'' if row['holds'] or row['state'] != 'published' else ' (unusable)'}",
            _moment(row["created"]),
            row["author"],
            _moment(row["published"]),
            row["published_by"],
            row["note"],
        ]
        for row in ask(context.obj, "GET", f"/flows/{quote(name)}/versions")
    ]
    columns = ["version", "state", "saved", "by", "published", "by", "note"]
    show(f"Versions of flow {name}", columns, rows, f"flow {name} has the configuration's version only")


def diff(
    context: typer.Context,
    name: Name,
    old: Annotated[int | None, typer.Argument(help="A version; the one that holds when it is missing.")] = None,
    new: Annotated[int | None, typer.Argument(help="Another one; the draft when it is missing.")] = None,
) -> None:
    """What differs between two versions, block by block."""
    found = ask(context.obj, "GET", f"/flows/{quote(name)}/diff{_query(old=old, new=new)}")
    for change in found:
        style = {"added": "green", "removed": "red"}.get(change["what"], "yellow")
        out.print(change["text"], style=style, markup=False, soft_wrap=True)
    if not found:
        out.print("they are the same")


COMMANDS: dict[str, Callable[..., None]] = {
    "list": list_flows,
    "show": show_flow,
    "check": check,
    "schema": schema,
    "import": import_flow,
    "export": export,
    "draft": draft,
    "publish": publish,
    "rollback": rollback,
    "versions": versions,
    "diff": diff,
}


def _draft(context: typer.Context, document: Any, note: str) -> None:
    name = document.get("name") if isinstance(document, dict) else None
    if not isinstance(name, str) or not name:
        fail('the document names no flow: write "name": "hotline"')
    body = {"document": document, "by": _author(), "note": note}
    row = ask(context.obj, "PUT", f"/flows/{quote(name, safe='')}/draft", body)
    for problem in row["problems"]:
        text = f"{problem['pointer']}: {problem['text']}; {problem['remedy']}"
        err.print(text, style="yellow", markup=False, soft_wrap=True)
    count = len(row["problems"])
    mistakes = f", with {count} mistake{'s' if count > 1 else ''} to correct before it is published" if count else ""
    out.print(f"flow {name}: version {row['version']} is a draft{mistakes}", markup=False, soft_wrap=True)


def _with_progress(context: typer.Context, name: str, path: str, body: dict[str, Any]) -> Any:
    """A request that renders prompts, with a bar on terminals."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from pbx.api.client import ControlClient, ControlError

    client = ControlClient(socket_of(context.obj))
    over = threading.Event()
    bar = Progress(TextColumn("rendering prompts"), BarColumn(), MofNCompleteColumn(), console=err, transient=True)

    def watch() -> None:
        task = bar.add_task("", total=None)
        while not over.wait(POLL_S):
            try:
                state = client.get(f"/flows/{quote(name)}/progress")
            except ControlError:
                continue
            bar.update(task, completed=state["done"], total=state["all"] or None)

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        if err.is_terminal:
            bar.start()
            watcher.start()
        return ask(context.obj, "POST", path, body, timeout_s=RENDER_S)
    finally:
        over.set()
        if err.is_terminal:
            watcher.join()
            bar.stop()


def _read(file: Path) -> Any:
    """The JSON of a file, whatever it is."""
    from pbx.flow.document import parse

    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}; name a JSON document, or - for standard input", 2)
    values, problems = parse(data)
    for problem in problems:
        fail(f"{file}: {problem}", 2)
    return values


def _query(**values: int | None) -> str:
    given = {key: value for key, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _called(version: int | None) -> str:
    return "none" if version is None else f"version {version}" if version else "the configuration's"


def _moment(unix: float) -> str:
    return datetime.fromtimestamp(unix).astimezone().strftime("%Y-%m-%d %H:%M") if unix else ""


def _author() -> str:
    try:
        return getpass.getuser()[:64]
    except OSError:  # a user id without a name
        return "cli"
