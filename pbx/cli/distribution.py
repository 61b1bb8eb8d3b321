"""Commands of distribution: why a call gets which agent, and its place in the order."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, out, show

Call = Annotated[
    str, typer.Argument(help="The id of a call or contact, or the number of a waiting caller.", metavar="CALL")
]

queue = typer.Typer(help="Who waits, and who gets whom.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.add_typer(queue, name="queue")


@queue.command("why")
def why(context: typer.Context, call: Call) -> None:
    """Why a caller gets, or got, this agent and no other."""
    found = ask(context.obj, "GET", f"/why/{call}")
    out.print(_head(found), markup=False)
    if found["waiting"]:
        rows = [[agent["agent"], agent["name"], agent["why"]] for agent in found["agents"]]
        show("Agents", ["agent", "name", "why not now"], rows, "its queues have no agents")
    for decision in found["decisions"]:
        out.print(_decision(decision), markup=False)
        for other in decision["others"]:
            out.print(f"    not {other['agent'] or 'others'}: {other['why']}", markup=False)


@queue.command("priority")
def priority(
    context: typer.Context,
    call: Call,
    value: Annotated[int, typer.Argument(help="-10 to 10, beside the queue's own.", min=-10, max=10)],
) -> None:
    """Moves a waiting caller to where his age with this priority belongs."""
    answer = ask(context.obj, "POST", f"/why/{call}/priority", {"priority": value})
    out.print(f"{call} is number {answer['position']} now", markup=False)


def _head(found: dict[str, Any]) -> str:
    if not found["waiting"]:
        return f"{found['id']} waited in {found['queue']}"
    places = ", ".join(f"number {position} in {name}" for name, position in found["queues"].items())
    parts = [f"{found['id']} waits for {clock(found['wait_s'])}: {places}"]
    if found["needs"]:
        parts.append("needs " + _needs(found["needs"]))
    if found["priority"]:
        parts.append(f"priority {found['priority']}")
    if found["preferred"]:
        alone = f", for {clock(found['grace_s'])} alone" if found["grace_s"] else ""
        parts.append(f"prefers {found['preferred']}{alone}")
    if found["next_change_s"] is not None:
        parts.append(f"in {clock(found['next_change_s'])} more agents will do")
    return "; ".join(parts)


def _decision(decision: dict[str, Any]) -> str:
    needs = f", needs {_needs(decision['needs'])}" if decision["needs"] else ""
    return (
        f"after {clock(decision['wait_s'])} as number {decision['position']} in {decision['queue']}{needs}: "
        f"{decision['agent']} {decision['name']}".rstrip()
        + f" of {decision['free']} free — {decision['why']} ({decision['outcome']})"
    )


def _needs(needs: dict[str, int]) -> str:
    return ", ".join(f"{skill} {level}" for skill, level in needs.items())
