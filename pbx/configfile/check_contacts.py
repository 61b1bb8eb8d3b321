"""Contacts: who owns them must exist, and numbers must be numbers."""

from __future__ import annotations

from collections.abc import Iterator

from pbx.config import Config
from pbx.configfile.problem import Path, Problem
from pbx.configfile.references import must_exist

REMEDY = 'write "team:NAME", "agent:NUMBER", "extension:NUMBER", "queue:NAME" or "group:NAME"'


def check_contacts(config: Config) -> Iterator[Problem]:
    settings = config.contacts
    yield from _owner(("contacts", "owner"), settings.owner, config)
    for index, queue in enumerate(config.queue):
        yield from _owner(("queue", index, "missed_owner"), queue.missed_owner, config)
        if queue.callback.preview_s and queue.callback.mode == "customer_first":
            text = f"queue {queue.name} rings the customer first: no agent would read anything before"
            yield Problem(
                ("queue", index, "callback", "preview_s"), text, 'write mode = "agent_first", or leave it out'
            )
    for position, pattern in enumerate(settings.test_numbers):
        digits = pattern.removesuffix("*").removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            text = f"{pattern!r} is no number and no beginning of one"
            yield Problem(("contacts", "test_numbers", position), text, 'write "+48221234567" or "+4822*"')
    for position, age_s in enumerate(settings.sla_s):
        if not age_s > 0:
            yield Problem(("contacts", "sla_s", position), f"{age_s:g} is no age", "write seconds above 0")


def _owner(path: Path, owner: str, config: Config) -> Iterator[Problem]:
    """Whoever it names is configured."""
    if not owner:
        return
    kind, _, name = owner.partition(":")
    if kind not in ("team", "agent", "extension", "queue", "group") or not name:
        yield Problem(path, f"{owner!r} is nobody who could own a contact", REMEDY)
        return
    extensions = [entry.number for entry in config.extension]
    names = {
        "team": [entry.name for entry in config.team],
        "agent": extensions,
        "extension": extensions,
        "queue": [entry.name for entry in config.queue],
        "group": [entry.name for entry in config.group],
    }
    yield from must_exist(path, name, names[kind], "extension" if kind == "agent" else kind)
