"""Agents and what they belong to: teams, shifts, break reasons, lines; rules of wrap-up and keys of queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pbx.config import Config, Queue
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import check_application, must_exist

MAX_CODES = 15
MAX_NAME = 29  # characters of a wrap-up code
KEYS = frozenset("0123456789*#ABCD")
KEY_ACTIONS = ("callback", "leave")


def check_agents(config: Config) -> Iterator[Problem]:
    """Agents have a phone or a line; who is named as an agent exists."""
    extensions = {entry.number: entry for entry in config.extension}
    for index, agent in enumerate(config.agent):
        if agent.line == "phone":
            yield from must_exist(("agent", index, "extension"), agent.extension, list(extensions), "extension")
            continue
        number = agent.line_number or agent.extension
        if number in extensions:
            continue
        if not agent.line_number:
            text = f"agent {agent.extension!r} is no extension, and no number is given for the line"
            yield Problem(("agent", index, "line_number"), text, 'write line_number = "+48600100200"')
        payer = extensions.get(agent.line_account)
        if payer is None:
            text = f"{number!r} is outside and nobody is named whose right to call there is used"
            yield Problem(("agent", index, "line_account"), text, "name an extension with outbound = true")
        elif not payer.outbound:
            text = f"{number!r} leaves through a trunk, which extension {payer.number} may not use"
            yield Problem(("agent", index, "line_account"), text, "set outbound = true for this extension")
    known = agent_names(config)
    for index, queue in enumerate(config.queue):
        yield from _all_exist(("queue", index, "agents"), queue.agents, known, "extension")
    for index, team in enumerate(config.team):
        yield from _all_exist(("team", index, "members"), team.members, known, "extension")


def agent_names(config: Config) -> list[str]:
    """Who may be called an agent: extensions, and those of [[agent]] who need none."""
    lines = [agent.extension for agent in config.agent if agent.line != "phone"]
    return [*(entry.number for entry in config.extension), *lines]


def check_teams(config: Config) -> Iterator[Problem]:
    """Teams, sites and hours that are named exist."""
    known, teams = agent_names(config), [team.name for team in config.team]
    sites, hours = [site.name for site in config.site], [entry.name for entry in config.hours]
    for index, queue in enumerate(config.queue):
        yield from _all_exist(("queue", index, "teams"), queue.teams, teams, "team")
    for index, team in enumerate(config.team):
        if team.site:
            yield from must_exist(("team", index, "site"), team.site, sites, "site")
    for index, shift in enumerate(config.shift):
        yield from must_exist(("shift", index, "hours"), shift.hours, hours, "hours")
        yield from _all_exist(("shift", index, "agents"), shift.agents, known, "extension")
        yield from _all_exist(("shift", index, "teams"), shift.teams, teams, "team")
        if not shift.agents and not shift.teams:
            yield Problem(("shift", index), f"shift {shift.name!r} has nobody", "list agents or teams")


def check_breaks(config: Config) -> Iterator[Problem]:
    """Codes of break reasons can be dialled and told apart."""
    seen: dict[str, str] = {}
    for index, reason in enumerate(config.break_reason):
        code = reason.code
        if code.strip("0123456789"):
            yield Problem(("break_reason", index, "code"), f"{code!r} cannot be dialled", "use digits")
        for other, name in seen.items():
            if code and (other.startswith(code) or code.startswith(other)):
                text = f"{code!r} and the code of {name!r} ({other!r}) cannot be told apart"
                yield Problem(("break_reason", index, "code"), text, "give it another code of as many digits")
        if code:
            seen[code] = reason.name


def check_wrapup(config: Config) -> Iterator[Problem]:
    """At most 15 codes, names below 30 characters; keys that can be pressed lead somewhere."""
    for index, queue in enumerate(config.queue):
        yield from _codes(index, queue)
        for key, action in queue.keys.items():
            path: Path = ("queue", index, "keys", key)
            if len(key) != 1 or key not in KEYS:
                yield Problem(path, f"{key!r} cannot be pressed", "use one of 0-9, *, #")
            if action not in KEY_ACTIONS:
                yield from check_application(path, action, config)
            if action == f"queue:{queue.name}":
                yield Problem(path, "leads back into the same queue, to its end", "name another application")


def _codes(index: int, queue: Queue) -> Iterator[Problem]:
    path = ("queue", index, "wrapup_codes")
    if len(queue.wrapup_codes) > MAX_CODES:
        text = f"lists {len(queue.wrapup_codes)} codes; people choose well from {MAX_CODES} at most"
        yield Problem(path, text, "keep those that a report is made of")
    for position, code in enumerate(queue.wrapup_codes):
        if not code or len(code) > MAX_NAME:
            text = f"{code!r} has {len(code)} characters"
            yield Problem((*path, position), text, f"use 1 to {MAX_NAME}")
        if code == "TIMEOUT":
            yield Problem((*path, position), "is what is written when no code was given", "choose another name")
    for code, count in Counter(queue.wrapup_codes).items():
        if count > 1:
            yield Problem(path, f"lists {code!r} {count} times", "list every code once")
    if queue.wrapup_mode.startswith("mandatory_timeboxed") and not queue.wrapup_s:
        text = f"wrapup_mode {queue.wrapup_mode!r} with no time at all"
        yield Problem(("queue", index, "wrapup_s"), text, "give seconds, or use another wrapup_mode")


def _all_exist(path: Path, names: Sequence[str], known: Sequence[str], what: str) -> Iterator[Problem]:
    for position, name in enumerate(names):
        yield from must_exist((*path, position), name, known, what)
