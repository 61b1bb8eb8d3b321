"""Commands of the call features: rooms, parked calls, settings of phones, click-to-dial, supervisors, the dialplan."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from pbx.cli.console import ask, clock, fail, out, show
from pbx.cli.effective import effective_config

room = typer.Typer(help="Change a conference room and who is in it.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The room's name.", metavar="ROOM")]
Who = Annotated[str, typer.Argument(help="A caller's number, the start of a call's id, or all.", metavar="WHO")]


def register(app: typer.Typer, calls: typer.Typer) -> None:
    """Adds the commands to the command line."""
    app.add_typer(room, name="room")
    app.command("rooms")(rooms)
    app.command("parked")(parked)
    app.command("phones")(phones)
    app.command("originate")(originate)
    app.command("supervise")(supervise)
    app.command("dialplan")(dialplan)
    calls.command("record")(record)
    calls.command("park")(park)


def rooms(context: typer.Context) -> None:
    """The conference rooms, and who is in them."""
    rows: list[list[object]] = []
    for entry in ask(context.obj, "GET", "/rooms"):
        locked = "locked" if entry["locked"] else ""
        rows.append([entry["name"], locked, len(entry["participants"]), "", "", ""])
        for one in entry["participants"]:
            marks = [name for name in ("moderator", "muted", "talks", "waits") if one[name]]
            rows.append(["", "", one["caller"], one["name"], ", ".join(marks), clock(one["joined_s"])])
    show("Rooms", ["room", "", "who", "name", "is", "for"], rows, "the configuration has no [[room]]")


def _room(context: typer.Context, name: str, action: str, who: str = "") -> None:
    answer = ask(context.obj, "POST", f"/rooms/{name}", {"action": action, "who": who})
    whom = f": {', '.join(answer['who'])}" if answer["who"] else ""
    out.print(f"room {name}, {action}{whom}", markup=False)


@room.command()
def mute(context: typer.Context, name: Name, who: Who) -> None:
    """Others do not hear them any more."""
    _room(context, name, "mute", who)


@room.command()
def unmute(context: typer.Context, name: Name, who: Who) -> None:
    """Others hear them again."""
    _room(context, name, "unmute", who)


@room.command()
def kick(context: typer.Context, name: Name, who: Who) -> None:
    """They are told so and their call ends."""
    _room(context, name, "kick", who)


@room.command()
def lock(context: typer.Context, name: Name) -> None:
    """Nobody but moderators may join."""
    _room(context, name, "lock")


@room.command()
def unlock(context: typer.Context, name: Name) -> None:
    """Everybody may join again."""
    _room(context, name, "unlock")


@room.command()
def end(context: typer.Context, name: Name) -> None:
    """Everybody is told that the conference is over."""
    _room(context, name, "end")


def parked(context: typer.Context) -> None:
    """Who waits in the park lots."""
    rows: list[list[object]] = [
        [one["lot"], one["slot"], one["caller"], one["parked_by"], clock(one["parked_s"])]
        for one in ask(context.obj, "GET", "/parked")
    ]
    show("Parked calls", ["lot", "slot", "caller", "parked by", "for"], rows, "nobody is parked")


def phones(
    context: typer.Context,
    extension: Annotated[str, typer.Argument(help="Change this extension; without it all are listed.")] = "",
    settings: Annotated[
        list[str] | None, typer.Argument(help="dnd=on, call_waiting=off, forward_always=102, forward_busy=default...")
    ] = None,
) -> None:
    """Do not disturb, forwards, call waiting and follow-me of every extension; or sets them for one."""
    if extension and settings:
        changes = dict(_setting(text) for text in settings)
        ask(context.obj, "POST", f"/phones/{extension}", changes)
    rows: list[list[object]] = [
        [
            one["extension"],
            one["name"],
            "on" if one["dnd"] else "",
            "" if one["call_waiting"] else "off",
            "on" if one["follow_me"] else "",
            *(one[f"forward_{reason}"] for reason in ("always", "busy", "no_answer", "unregistered")),
        ]
        for one in ask(context.obj, "GET", "/phones")
        if not extension or one["extension"] == extension
    ]
    if extension and not rows:
        fail(f"there is no extension {extension!r}")
    columns = ["phone", "name", "dnd", "call waiting", "follow me", "always to", "busy to", "no answer to", "absent to"]
    show("Phones", columns, rows, "the configuration has no [[extension]]")


def _setting(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not given:
        fail(f"{text!r} sets nothing; write NAME=VALUE, as dnd=on or forward_always=102")
    words: dict[str, Any] = {"on": True, "off": False, "default": None}
    switch = name in ("dnd", "call_waiting", "follow_me")
    if switch and value not in words:
        fail(f"{name} is on, off or default, not {value!r}")
    if not switch and value == "off":
        return name, ""
    return name, words[value] if switch or value == "default" else value


def originate(
    context: typer.Context,
    caller: Annotated[str, typer.Argument(help="The extension or number that is rung first.", metavar="A")],
    target: Annotated[str, typer.Argument(help="What it then dials.", metavar="B")],
    answer: Annotated[bool, typer.Option("--answer", help="The phone of A is asked to answer by itself.")] = False,
    account: Annotated[str, typer.Option("--account", help="Who pays when A is a number outside.")] = "",
    caller_id: Annotated[str, typer.Option("--caller-id", help="One of our numbers, shown outside.")] = "",
    tag: Annotated[str, typer.Option("--tag", help="Kept with the call.")] = "",
) -> None:
    """Call A, and when A answers, B."""
    body = {"from": caller, "to": target, "answer": answer, "account": account, "caller_id": caller_id, "tag": tag}
    answered = ask(context.obj, "POST", "/originate", body)
    out.print(f"call {answered['call_id']} rings {caller}", markup=False)


def record(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="The call's id, or the start of it.")],
    action: Annotated[str, typer.Argument(help="start, stop, pause or resume")],
) -> None:
    """Record a call that is talked in, stop that, or record silence for a while."""
    found = _running(context, call)
    answer = ask(context.obj, "POST", f"/calls/{found}/recording", {"action": action})
    out.print(f"call {found}: {answer['state']}", markup=False)


def park(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="The call's id, or the start of it.")],
    by: Annotated[str, typer.Option("--by", help="The extension that parks; who was called by default.")] = "",
) -> None:
    """Park the other party of a talk."""
    parked = ask(context.obj, "POST", f"/calls/{_running(context, call)}/park", {"by": by})
    out.print(f"{parked['caller']} is parked at {parked['slot']}", markup=False)


def _running(context: typer.Context, call: str) -> str:
    matching: list[str] = [item["id"] for item in ask(context.obj, "GET", "/calls") if item["id"].startswith(call)]
    if len(matching) != 1:
        fail(f"{len(matching)} running calls begin with {call!r}; `centrala calls list` shows all")
    return matching[0]


def supervise(
    context: typer.Context,
    mode: Annotated[str, typer.Argument(help="listen, whisper, barge or takeover")],
    target: Annotated[str, typer.Argument(help="The extension that talks.")],
    supervisor: Annotated[str, typer.Option("--as", help="The supervisor's extension; its phone rings.")],
) -> None:
    """Ring a supervisor's phone and put it into another's talk."""
    body = {"mode": mode, "supervisor": supervisor, "target": target}
    answer = ask(context.obj, "POST", "/supervise", body)
    out.print(f"call {answer['call_id']} rings {supervisor}", markup=False)


def dialplan(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="What is dialled.")],
    caller: Annotated[str, typer.Option("--from", help="The extension that dials.", metavar="EXTENSION")] = "",
    trunk: Annotated[str, typer.Option("--trunk", help="Or the trunk that the call comes by.")] = "",
    at: Annotated[str, typer.Option("--at", help="A moment, 2026-12-24T10:00+01:00; now by default.")] = "",
) -> None:
    """Explain where a number leads, and why. The PBX need not run."""
    from pbx.call.explain import Explainer
    from pbx.clock import SystemClock, VirtualClock

    if bool(caller) == bool(trunk):
        fail("say who dials: --from EXTENSION, or --trunk NAME")
    try:
        moment = VirtualClock(datetime.fromisoformat(at).astimezone().timestamp()) if at else SystemClock()
    except ValueError:
        fail(f"{at!r} is no moment; write 2026-12-24T10:00 or 2026-12-24T10:00+01:00")
    explainer = Explainer(effective_config(context.obj), moment)
    try:
        found = explainer.from_extension(caller, number) if caller else explainer.from_trunk(trunk, number)
    except LookupError as error:
        fail(error.args[0])
    for step in found.steps:
        out.print(f"- {step}", markup=False, highlight=False, soft_wrap=True)
    out.print(found.application or f"{found.status}", style="bold", markup=False, highlight=False)
    if not found.application:
        raise typer.Exit(1)
