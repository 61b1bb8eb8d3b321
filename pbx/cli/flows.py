"""`centrala flow`: the group that commands about flows belong to."""

from __future__ import annotations

import typer

from pbx.cli import flow_replay, flow_runs, flow_templates, flow_versions

flow = typer.Typer(help="What callers are led through.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    flow_runs.register(flow)
    flow_replay.register(flow)
    flow_templates.register(flow)
    flow_versions.register(flow)
    app.add_typer(flow, name="flow")
