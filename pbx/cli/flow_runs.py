"""`centrala flow test` and `counts`: scripted callers through a flow, and how real ones go through it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import typer

from pbx.cli.console import ask, err, fail, out
from pbx.cli.effective import effective_config

if TYPE_CHECKING:
    from pbx.config import Config


def register(group: typer.Typer) -> None:
    """Adds the commands to `centrala flow`."""
    group.command("test")(rehearse_flow)
    group.command("counts")(counts)


def rehearse_flow(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="A JSON document, or the name of a flow of the configuration.")],
    script: Annotated[Path, typer.Argument(help="The callers, what they do and what must come of it (YAML).")],
    junit: Annotated[Path | None, typer.Option(help="Write the results here too, as JUnit XML.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also the callers for whom all went well.")] = False,
) -> None:
    """Lead scripted callers through a flow; status 1 when one of them fails, 2 when flow or script cannot be used."""
    from pbx.configfile import ConfigError
    from pbx.flow.errors import FlowError
    from pbx.flow.rehearsal.material import find_flow
    from pbx.flow.rehearsal.report import as_junit, as_text
    from pbx.flow.rehearsal.run import config_of, run_script
    from pbx.flow.rehearsal.script import read_script

    try:
        wanted = read_script(script)
        config = config_of(wanted, script.parent, lambda: _config(context.obj))
        found, others = find_flow(flow, config)
    except (FlowError, ConfigError) as error:
        fail(error, 2)
    results = run_script(found, wanted, config, others)
    out.print(as_text(results, verbose=verbose), markup=False, highlight=False, soft_wrap=True)
    if junit is not None:
        try:
            junit.write_text(as_junit(found.name, results), encoding="utf-8")
        except OSError as error:
            fail(error, 2)
    raise typer.Exit(0 if all(result.passed for result in results) else 1)


def counts(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(help="The flow's name.")],
    since: Annotated[
        str, typer.Option(help="From the journey: the last 30m, 24h or 7d, or from a day on, YYYY-MM-DD.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """How many callers went through each block of a flow, and by which exit: since the PBX started, or --since."""
    from pbx.cli.flow_counts import from_journey, show_counts

    if since:
        found = from_journey(_config(context.obj), flow, since)
    else:
        found = ask(context.obj, "GET", f"/flows/{quote(flow, safe='')}/counts")
    show_counts(found, as_json=json)


def _config(path: Path) -> Config:
    """The configuration of this machine, where there is one; a flow may be tested before there is."""
    from pbx.config import Config

    if not path.exists():
        err.print(f"there is no {path}: queues, hours and numbers are those of the script", markup=False)
        return Config()
    return effective_config(path)
