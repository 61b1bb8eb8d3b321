"""Which module brings which command. A command reads its own modules alone; the help of all reads every one of them."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from importlib import import_module

import typer

from pbx.cli.root import app, calls, report

# A module of this folder: the commands and groups of `centrala` that its `register` makes or adds to, in the order of
# the help.
ROOMS: dict[str, tuple[str, ...]] = {
    "features": ("room", "rooms", "parked", "phones", "originate", "supervise", "dialplan", "calls"),
    "report_sheets": ("report",),
    "export": ("export", "report"),
    "trunks": ("numbers", "trunks", "block", "allow", "unblock", "blocked", "ban", "unban", "bans"),
    "agents": ("agents", "agent"),
    "accounts": ("user", "token", "audit"),
    "alarms": ("alarms",),
    "contacts": ("contacts",),
    "callbacks": ("callback",),
    "sms": ("sms",),
    "outbox": ("outbox",),
    "webhooks": ("webhooks",),
    "widget": ("widget",),
    "presence": ("subscriptions", "transfer"),
    "distribution": ("queue",),
    "staffing": ("staffing",),
    "twin": ("twin",),
    "tracking": ("tracking",),
    "customers": ("customers", "pin"),
    "regions": ("regions", "hours", "duty", "dealers", "partners"),
    "flows": ("flow",),
    "voicemail": ("voicemail", "announcements"),
    "selftest": ("selftest",),
    "prompts": ("prompts",),
    "config": ("config",),
    "ledger": ("ledger", "reconcile"),
}
INTO: dict[str, tuple[typer.Typer, ...]] = {
    "features": (app, calls),
    "report_sheets": (report,),
    "export": (app, report),
}
COLLECTED = (100_000, 50, 100)  # a command makes much that lasts as long as it does: looking through it costs a tenth
_registered: set[str] = set()


def run(arguments: Sequence[str]) -> None:
    """Does what the command line says; `arguments` is its words, those of the configuration first."""
    gc.set_threshold(*COLLECTED)
    rooms = rooms_of(arguments)
    register(rooms)
    if len(rooms) == len(ROOMS) and _is_of_the_root(arguments):
        for group in app.registered_groups:  # what stands in them is neither shown nor run
            if group.typer_instance is not None:
                group.typer_instance.registered_commands.clear()
    app(list(arguments))


def rooms_of(arguments: Sequence[str]) -> list[str]:
    """The modules that a command line needs; all where it names no command that we know."""
    asked = _first_word(arguments)
    found = [room for room, names in ROOMS.items() if asked in names]
    return found if found or asked in _own() else list(ROOMS)


def _first_word(arguments: Sequence[str]) -> str:
    words = arguments[2:] if arguments[:1] == ["--config"] else arguments
    return words[0] if words else ""


def _is_of_the_root(arguments: Sequence[str]) -> bool:
    """Whether it asks for the root's help, or for a command that there is not."""
    word = _first_word(arguments)
    return word in ("", "--help") or not word.startswith("-")


def register(rooms: Sequence[str]) -> None:
    """Adds their commands, once."""
    for room in rooms:
        if room not in _registered:
            _registered.add(room)
            import_module(f"pbx.cli.{room}").register(*INTO.get(room, (app,)))


def _own() -> set[str]:
    """Commands that need no module but `root`. A group of ours to which others add is in ROOMS as well."""
    own = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    return own | {group.name for group in app.registered_groups if isinstance(group.name, str)}
