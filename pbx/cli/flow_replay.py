"""`centrala flow replay`: a day's calls through a draft."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import typer

from pbx.cli.console import ask, fail, out, show
from pbx.cli.effective import effective_config

SHOWN = 20


def register(group: typer.Typer) -> None:
    """Adds the command to `centrala flow`."""
    group.command("replay")(replay)


def replay(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="A JSON document, or the name of a flow.")],
    date: Annotated[str, typer.Option(help="Whose calls: yesterday, today or YYYY-MM-DD.")] = "yesterday",
    draft: Annotated[bool, typer.Option("--draft", help="The flow's draft, not what callers go through now.")] = False,
    calls: Annotated[int, typer.Option(help="How many calls that differ are shown.")] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Lead a day's calls through a flow: who would have gone another way, or ended otherwise."""
    from pbx.configfile import ConfigError
    from pbx.reporting.flow_replay import replay_day
    from pbx.reporting.intervals import which_day
    from pbx.store.errors import StoreError

    config = effective_config(context.obj)
    try:
        when = which_day(date, datetime.now(ZoneInfo(config.server.timezone)).date())
    except ValueError:
        fail(f"{date!r} is no day; write --date yesterday, today or 2026-11-21", 2)
    try:
        found = replay_day(config, document_of(context.obj, flow, draft=draft), when)
    except (ConfigError, StoreError) as error:
        fail(error, 2)
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return
    _show(found, calls, ZoneInfo(config.server.timezone))


def document_of(config: Path, flow: str, *, draft: bool) -> str:
    """A file's text, or the document of a flow of the running PBX."""
    path = Path(flow)
    if path.suffix == ".json" or path.exists():
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text in UTF-8'}", 2)
    version = ""
    if draft:
        numbers = [row["draft"] for row in ask(config, "GET", "/flows") if row["name"] == flow]
        if not numbers or not numbers[0]:
            fail(f"flow {flow!r} has no draft; name a JSON document, or make one", 2)
        version = f"?version={numbers[0]}"
    return json.dumps(ask(config, "GET", f"/flows/{quote(flow, safe='')}{version}"))


def _show(found: dict[str, Any], calls: int, zone: ZoneInfo) -> None:
    verdicts = found["verdicts"]
    said = {"same": "go the same way", "another_way": "go another way", "another_end": "end otherwise"}
    parts = [f"{verdicts.get(name, 0)} {text}" for name, text in said.items()]
    parts.append(f"of {verdicts.get('unknown', 0)} nobody can know")
    head = f"{found['calls']} calls of flow {found['flow']} on {found['date']}: {', '.join(parts)}"
    out.print(head, markup=False, soft_wrap=True)
    if found["left_out"]:
        out.print(f"{found['left_out']} calls more were left out", markup=False)
    show("Ends", ["end", "then", "draft"], [[row["end"], row["then"], row["draft"]] for row in found["ends"]], "none")
    changed = [row for row in found["exits"] if row["then"] != row["draft"]]
    rows: list[list[object]] = [[row["block"], row["exit"], row["then"], row["draft"]] for row in changed]
    show("Exits that win or lose", ["block", "exit", "then", "draft"], rows, "all exits have as many callers as then")
    if found["unknown"]:
        rows = [[why, count] for why, count in found["unknown"].items()]
        show("What cannot be known", ["why", "calls"], rows, "")
    for diff in found["diffs"][:calls]:
        at = datetime.fromtimestamp(diff["at"], zone).strftime("%H:%M:%S")
        out.print(f"{at} {diff['caller']} {diff['verdict']} {diff['why']}", markup=False, soft_wrap=True)
        out.print(f"    then   {' > '.join(diff['then'])}: {diff['end_then']}", markup=False, soft_wrap=True)
        out.print(f"    draft  {' > '.join(diff['draft'])}: {diff['end_draft']}", markup=False, soft_wrap=True)
