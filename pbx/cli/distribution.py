"""Commands of distribution: who waits, why a call gets which agent, its place in the order, and a supervisor's hand."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from pbx.cli.console import ask, clock, fail, out, show

Call = Annotated[
    str, typer.Argument(help="The id of a call or contact, or the number of a waiting caller.", metavar="CALL")
]

queue = typer.Typer(help="Who waits, and who gets whom.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.add_typer(queue, name="queue")


@queue.command("callers")
def callers(
    context: typer.Context, name: Annotated[str, typer.Argument(help="A queue; all of them by default.")] = ""
) -> None:
    """Who waits, the first in line first."""
    queues = ask(context.obj, "GET", "/queues")
    if name and name not in {row["name"] for row in queues}:
        fail(f"there is no queue {name!r}; queues: {', '.join(row['name'] for row in queues) or 'none'}")
    rows: list[list[object]] = [
        [found["name"], who["position"], who["caller"], clock(who["wait_s"]), ", ".join(who["ringing"]), who["call_id"]]
        for found in queues
        if name in ("", found["name"])
        for who in sorted(found["callers"], key=lambda who: (who["position"], -who["wait_s"]))
    ]
    show("Callers", ["queue", "place", "caller", "waits", "rings", "call"], rows, "nobody waits")


@queue.command("move")
def move(
    context: typer.Context,
    call: Call,
    to: Annotated[str, typer.Argument(help="Another queue, or what a call can be sent to: flow:night, extension:101.")],
) -> None:
    """Sends a waiting caller elsewhere; in another queue he keeps his age."""
    to = to if ":" in to else f"queue:{to}"
    found = _waiting(context, call)
    ask(context.obj, "POST", _path(found), {"to": to})
    out.print(f"{call} goes on in {to}", markup=False)


@queue.command("give")
def give(
    context: typer.Context, call: Call, agent: Annotated[str, typer.Argument(help="An agent of his queue.")]
) -> None:
    """Gives a waiting caller to an agent, before everybody else: at once when he is free, else as soon as he is."""
    found = _waiting(context, call)
    ask(context.obj, "POST", _path(found), {"agent": agent})
    out.print(f"{call} is given to agent {agent}", markup=False)


@queue.command("remove")
def remove(context: typer.Context, call: Call) -> None:
    """Takes a waiting caller out: he hears that nobody can answer now, or goes on as his flow says for a timeout."""
    found = _waiting(context, call)
    ask(context.obj, "DELETE", _path(found))
    out.print(f"{call} waits in {found['queue']} no longer", markup=False)


@queue.command("why")
def why(context: typer.Context, call: Call) -> None:
    """Why a caller gets, or got, this agent and no other."""
    found = ask(context.obj, "GET", f"/why/{quote(call, safe='')}")
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
    answer = ask(context.obj, "POST", f"/why/{quote(call, safe='')}/priority", {"priority": value})
    out.print(f"{call} is number {answer['position']} now", markup=False)


def _waiting(context: typer.Context, call: str) -> dict[str, Any]:
    """Where the caller waits, or the end of the command."""
    found: dict[str, Any] = ask(context.obj, "GET", f"/why/{quote(call, safe='')}")
    if not found["waiting"]:
        fail(f"{call} waited in {found['queue']} and does not wait now; `centrala queue callers` shows who does")
    return found


def _path(found: dict[str, Any]) -> str:
    return f"/queues/{quote(found['queue'], safe='')}/callers/{quote(found['id'], safe='')}"


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
