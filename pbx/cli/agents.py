"""Commands of agents: see them, move them, their codes and notes, teams and reasons of breaks."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, out, show

app = typer.Typer(help="See the agents and set their states.", no_args_is_help=True)
Who = Annotated[str, typer.Argument(help="The agent's extension.", metavar="AGENT")]
Force = Annotated[bool, typer.Option("--force", help="Outside the agent's shifts, too.")]
Note = Annotated[str, typer.Option(help="A note for the call's record.")]


def register(main: typer.Typer) -> None:
    """Adds the commands to the command line, as `agents` and `agent`."""
    main.add_typer(app, name="agents")
    main.add_typer(app, name="agent", hidden=True)


@app.command("list")
def list_agents(
    context: typer.Context, team: Annotated[str, typer.Option(help="Only this team.", metavar="TEAM")] = ""
) -> None:
    """Every agent with state, since when, and why."""
    rows: list[list[object]] = []
    for item in ask(context.obj, "GET", "/agents"):
        if not team or team in item["teams"]:
            rows.append(
                [
                    *(item["extension"], item["name"], item["state"], clock(item["since_s"])),
                    *(_why(item), item["next_state"], ", ".join(item["teams"]), item["calls"]),
                ]
            )
    columns = ["agent", "name", "state", "for", "reason", "next", "teams", "calls"]
    show("Agents", columns, rows, f"team {team!r} has no agents" if team else "the configuration has no [[agent]]")


def _why(item: dict[str, Any]) -> str:
    """The reason of a break, with its limit; the code of a call."""
    if item["reason"]:
        limit = f" of {clock(item['break_limit_s'])}" if item["break_limit_s"] else ""
        return f"{item['reason']}{limit}{' (too long)' if item['break_over'] else ''}"
    return str(item["code"])


@app.command("available")
def available(context: typer.Context, agent: Who, force: Force = False) -> None:
    """Give the agent calls."""
    _set_state(context, agent, "available", force=force)


@app.command("break")
def on_break(
    context: typer.Context,
    agent: Who,
    reason: Annotated[str, typer.Option(help="Why: one of `centrala agents reasons`, where there are any.")] = "",
    force: Force = False,
) -> None:
    """No calls until the agent is available again."""
    _set_state(context, agent, "break", reason, force=force)


@app.command("offline")
def offline(context: typer.Context, agent: Who) -> None:
    """The agent has gone."""
    _set_state(context, agent, "offline")


@app.command("clear-next")
def clear_next(context: typer.Context, agent: Who) -> None:
    """Forget the state that was chosen for after the call."""
    _tell(ask(context.obj, "DELETE", f"/agents/{agent}/next"))


@app.command("note")
def note(
    context: typer.Context,
    agent: Who,
    code: Annotated[str, typer.Argument(help="The code of the call.", metavar="CODE")] = "",
    text: Note = "",
) -> None:
    """Keep a code and a note of the call that the agent talks in, or has just talked in."""
    answer = ask(context.obj, "POST", f"/agents/{agent}/note", {"code": code, "note": text})
    out.print(f"call {answer['call_id']}: {answer['code'] or 'no code'}", markup=False, soft_wrap=True)


@app.command("wrapup")
def wrapup(
    context: typer.Context,
    agent: Who,
    code: Annotated[str, typer.Argument(help="The code of the call.", metavar="CODE")] = "",
    text: Note = "",
) -> None:
    """The agent is done with wrap-up."""
    _tell(ask(context.obj, "POST", f"/agents/{agent}/wrapup", {"code": code, "note": text}))


@app.command("request-wrapup")
def request_wrapup(context: typer.Context, agent: Who) -> None:
    """The agent wants time after this call, of a queue that gives it on request."""
    ask(context.obj, "POST", f"/agents/{agent}/wrapup/request", {})
    out.print(f"agent {agent} will have wrap-up after this call", markup=False)


@app.command("teams")
def teams(context: typer.Context) -> None:
    """Every team with its office, its members and their states."""
    rows: list[list[object]] = [
        [
            *(item["name"], item["site"], ", ".join(item["members"])),
            ", ".join(f"{count} {state}" for state, count in item["agents"].items()),
        ]
        for item in ask(context.obj, "GET", "/teams")
    ]
    show("Teams", ["team", "site", "members", "states"], rows, "the configuration has no [[team]]")


@app.command("reasons")
def reasons(context: typer.Context) -> None:
    """The reasons that a break may have."""
    rows: list[list[object]] = [
        [item["name"], item["code"], item["max_minutes"] or "", item["when_exceeded"] if item["max_minutes"] else ""]
        for item in ask(context.obj, "GET", "/break-reasons")
    ]
    show("Reasons of breaks", ["reason", "code", "minutes", "then"], rows, "any reason is accepted")


def _set_state(context: typer.Context, agent: str, state: str, reason: str = "", *, force: bool = False) -> None:
    _tell(ask(context.obj, "POST", f"/agents/{agent}", {"state": state, "reason": reason, "force": force}))


def _tell(answer: dict[str, Any]) -> None:
    after = f", then {answer['next_state']}" if answer["next_state"] else ""
    out.print(f"agent {answer['extension']} is {answer['state']}{after}", markup=False)
