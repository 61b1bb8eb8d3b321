"""The command line's root and the commands that stand there, each a thin function: they ask the running PBX, read the
database, or start something. Those of a field are in a module of their own (`rooms`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import pbx
from pbx.cli import DEFAULT_CONFIG
from pbx.cli.console import ask, clock, data_dir, fail, out, read_config, show
from pbx.cli.effective import effective_config
from pbx.cli.report_sheets import Csv, Json, When, form_of

app = typer.Typer(
    help="Centrala: a SIP PBX and contact centre in one process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
calls = typer.Typer(help="See running calls and end them.", no_args_is_help=True)
recordings = typer.Typer(help="Recordings that are encrypted.", no_args_is_help=True)
report = typer.Typer(help="Figures from the database; the PBX need not run.", no_args_is_help=True)
app.add_typer(calls, name="calls")
app.add_typer(report, name="report")
app.add_typer(recordings, name="recordings")


@app.callback(invoke_without_command=True)
def _main(
    context: typer.Context,
    config: Annotated[Path, typer.Option("--config", "-c", help="The configuration file.")] = DEFAULT_CONFIG,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        out.print(f"centrala {pbx.__version__}")
        raise typer.Exit
    context.obj = config


@app.command()
def serve(context: typer.Context) -> None:
    """Run the PBX. SIGTERM lets running calls end (60 s at most), a second one stops at once."""
    from pbx.cli.serve import serve as run_server

    raise typer.Exit(run_server(context.obj))


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Exit after the table; status 0 if every call was right.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its configuration, data and traces.")] = Path(
        "var/demo"
    ),
    listen: Annotated[str, typer.Option(help="Address of SIP and RTP; 0.0.0.0 lets phones of the network in.")] = (
        "127.0.0.1"
    ),
) -> None:
    """Start a demo company and show twenty real calls: greeting, key, queue, agent, talk, records, figures."""
    from pbx.demo.show import run_demo

    raise typer.Exit(run_demo(folder, once=once, listen=listen))


@app.command("demo-data")
def demo_data(
    folder: Annotated[Path, typer.Option("--dir", help="Where configuration and database go.")] = Path("var/demo-data"),
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days up to yesterday.")] = 365,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same calls.")] = 1,
    until: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD; yesterday by default.")] = "",
    processes: Annotated[int, typer.Option(min=0, max=2, help="0: two where there are two processors.")] = 0,
) -> None:
    """Make up a year of a hotline with twelve agents, to look at every report."""
    from pbx.cli.demo_data import make

    make(folder, days=days, seed=seed, until=until, processes=processes)


@app.command("check-config")
def check_config(context: typer.Context) -> None:
    """Read the configuration and say what is wrong with it, with line, key and remedy."""
    from pbx.app.checks import CHECKS

    loaded = read_config(context.obj, checks=CHECKS)
    for warning in loaded.warnings:
        out.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    config = loaded.config
    counts = {
        "extensions": len(config.extension),
        "numbers": len(config.number),
        "queues": len(config.queue),
        "agents": len(config.agent),
        "flows": len(config.flow),
        "trunks": len(config.trunk),
    }
    listed = ", ".join(f"{count} {name}" for name, count in counts.items())
    out.print(f"{loaded.path} is right: {listed}", markup=False, soft_wrap=True)


@app.command()
def doctor(context: typer.Context) -> None:
    """Look at the machine: ports, limits, codecs, speech, clock, disk, real-time scheduling."""
    from pbx.cli.doctor import examine

    raise typer.Exit(examine(read_config(context.obj).config))


@app.command()
def certificate(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Host names and addresses that phones use.", metavar="NAME..."),
    ] = None,
    days: Annotated[int, typer.Option(help="How long it is valid.", min=1, max=3650)] = 365,
    folder: Annotated[Path | None, typer.Option(help="Where to put it; <data_dir>/tls by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Make a self-signed certificate, for use until one of a CA takes its place."""
    from pbx.cli.certificate import write_certificate

    config = read_config(context.obj, contradictions=False).config  # it may name the very files that are made now
    try:
        made = write_certificate(folder or data_dir(config) / "tls", names or [config.sip.domain], days, force=force)
    except OSError as error:
        fail(error)
    out.print(f"made {made[0]} and {made[1]}. In the configuration:", markup=False, soft_wrap=True)
    out.print(f'[tls]\ncertificate = "{made[0]}"\nkey = "{made[1]}"', markup=False, soft_wrap=True)


@app.command("reload-certificates")
def reload_certificates(context: typer.Context) -> None:
    """Let the running PBX read certificate, key and CA files again; calls notice nothing."""
    answer = ask(context.obj, "POST", "/certificates/reload")
    days = answer["expires_s"] / 86_400
    out.print(f"{answer['subject']} is in use, valid for {days:.0f} days", markup=False, soft_wrap=True)


@app.command()
def status(context: typer.Context) -> None:
    """What the running PBX is doing."""
    answer = ask(context.obj, "GET", "/status")
    rows: list[list[object]] = [[key, value] for key, value in answer.items() if not isinstance(value, (dict, list))]
    show("Status", ["what", "value"], rows, "")
    queues = ask(context.obj, "GET", "/queues")
    rows = [[queue["name"], queue["waiting"], clock(queue["longest_wait_s"]), queue["talking"]] for queue in queues]
    show("Queues", ["queue", "waiting", "longest wait", "talking"], rows, "no queues")
    for alarm in ask(context.obj, "GET", "/alarms"):
        out.print(f"alarm {alarm['name']}: {alarm['text']}", style="red", markup=False, soft_wrap=True)


@app.command()
def rebuild(context: typer.Context) -> None:
    """Derive call records, visits, offers and figures again from the journey, while the PBX is stopped."""
    from pbx.cli.rebuilding import rebuild_records

    rebuild_records(read_config(context.obj).config)


@calls.command("list")
def list_calls(context: typer.Context) -> None:
    """Every running call."""
    rows: list[list[object]] = [
        [item["id"], item["caller"], item["callee"], item["state"], item["application"], clock(item["age_s"])]
        for item in ask(context.obj, "GET", "/calls")
    ]
    show("Calls", ["call", "caller", "called", "state", "application", "for"], rows, "no call is running")


@calls.command("hangup")
def hang_up(
    context: typer.Context, call: Annotated[str, typer.Argument(help="The call's id, or the start of it.")]
) -> None:
    """End a call for both sides."""
    running = [item["id"] for item in ask(context.obj, "GET", "/calls")]
    matching = [name for name in running if name.startswith(call)]
    if len(matching) != 1:
        meant = "no running call" if not matching else f"{len(matching)} running calls"
        fail(f"{meant} begin with {call!r}; `centrala calls list` shows all")
    ask(context.obj, "DELETE", f"/calls/{matching[0]}")
    out.print(f"call {matching[0]} is ended", markup=False)


@recordings.command("open")
def open_recording(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that ends in .sealed.")],
    target: Annotated[Path | None, typer.Option("--out", help="Where to; without it beside the file.")] = None,
) -> None:
    """Write an encrypted recording in the clear, with the key of the configuration. The file stays as it is."""
    from pbx.cli.recordings import open_sealed

    open_sealed(read_config(context.obj).config, file, target)


@report.command()
def today(context: typer.Context, date: When = "", csv: Csv = False, json: Json = False) -> None:
    """A day's calls, queues and trunks."""
    from pbx.cli.reports import day_report

    day_report(effective_config(context.obj), date, form_of(csv, json))


@report.command("by-hour")
def by_hour(
    context: typer.Context,
    date: When = "",
    csv: Csv = False,
    json: Json = False,
    queue: Annotated[str, typer.Option(help="Only this queue.")] = "",
) -> None:
    """A day's queues hour by hour."""
    from pbx.cli.reports import hour_report

    hour_report(effective_config(context.obj), date, form_of(csv, json), queue)


@report.command("by-queue")
def by_queue(context: typer.Context, date: When = "", csv: Csv = False, json: Json = False) -> None:
    """A day's figures of every queue."""
    from pbx.cli.reports import queue_report

    queue_report(effective_config(context.obj), date, form_of(csv, json))


@report.command("callbacks")
def report_callbacks(context: typer.Context, date: When = "", csv: Csv = False) -> None:
    """A day's callbacks: speed-to-lead, their own service level, silent calls."""
    from pbx.cli.reports import callback_report

    callback_report(effective_config(context.obj), date, csv)


@report.command("missed")
def missed(context: typer.Context, date: When = "", csv: Csv = False) -> None:
    """The contacts that were missed on a day, and how they ended."""
    from pbx.cli.reports import missed_report

    missed_report(effective_config(context.obj), date, csv)
