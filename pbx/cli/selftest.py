"""`centrala selftest`: make a test call, see what the last ones found."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, fail, out, show

selftest = typer.Typer(help="Test calls that the PBX makes to itself.", no_args_is_help=True)

POLL_S = 0.2
PATIENCE_S = 600.0


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(selftest, name="selftest")


@selftest.command()
def run(context: typer.Context, name: Annotated[str, typer.Argument(help="Of a [[selftest]].")]) -> None:
    """Make a test call and wait for its result; status 1 when it did not pass."""
    begun = ask(context.obj, "POST", f"/selftest/{name}")["begun"]
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = next(row for row in ask(context.obj, "GET", "/selftest") if row["name"] == name)
        latest = found["latest"]
        if latest is not None and latest["started"] >= begun:
            _tell(latest)
            return
        time.sleep(POLL_S)
    fail(f"test {name} has no result after {PATIENCE_S:g} s")


@selftest.command("list")
def list_tests(context: typer.Context) -> None:
    """Every test, when it runs next and how it ended last."""
    rows: list[list[object]] = [
        [
            row["name"],
            row["number"],
            row["trunk"] or "loop-back",
            f"in {clock(max(0, row['next_run'] - time.time()))}" if row["next_run"] else "by command",
            _verdict(row["latest"]) if row["latest"] else "not yet",
        ]
        for row in ask(context.obj, "GET", "/selftest")
    ]
    show("Test calls", ["test", "number", "by", "next", "last"], rows, "there is no test")


@selftest.command()
def results(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Of one test; of all without it.")] = "",
    limit: Annotated[int, typer.Option(help="How many.", min=1, max=1000)] = 20,
) -> None:
    """What the last test calls found, the newest first."""
    rows: list[list[object]] = [
        [
            datetime.fromtimestamp(row["started"]).astimezone().strftime("%Y-%m-%d %H:%M"),
            row["name"],
            _figure(row["pdd_s"], "s"),
            _figure(row["answer_s"], "s"),
            _figure(row["mos"], ""),
            _figure(row["score"], ""),
            _verdict(row),
        ]
        for row in ask(context.obj, "GET", f"/selftest/results?name={name}&limit={limit}")
    ]
    columns = ["at", "test", "post-dial delay", "answer", "MOS", "match", "result"]
    show("Results", columns, rows, "no test call was made yet")


def _tell(result: dict[str, Any]) -> None:
    for number, step in enumerate(result["steps"], 1):
        reaction = f", {step['reaction_ms']:.0f} ms after the key" if step["reaction_ms"] is not None else ""
        heard = f"heard at {step['at_s']:.2f} s" if step["heard"] else "not heard"
        out.print(f"step {number}: {step['expected']!r} {heard}, match {step['score']:.2f}{reaction}", markup=False)
    delay, answer = _figure(result["pdd_s"], "s"), _figure(result["answer_s"], "s")
    out.print(f"post-dial delay {delay}, answer {answer}, MOS {_figure(result['mos'], '')}", markup=False)
    if not result["passed"]:
        fail(f"test {result['name']} failed: {result['reason']}")
    out.print(f"test {result['name']} passed", style="green", markup=False)


def _verdict(result: dict[str, Any]) -> str:
    return "passed" if result["passed"] else f"failed: {result['reason']}"


def _figure(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:.2f}{' ' + unit if unit else ''}"
