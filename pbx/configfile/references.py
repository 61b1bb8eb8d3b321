"""Whether what one section names exists in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from pbx.config import Config
from pbx.configfile.problem import Path, Problem

APPLICATION_KINDS = ("flow", "queue", "extension", "group", "room", "page", "voicemail", "mailbox")
PLAIN = ("echo", "directory", "voicemail", "mailbox")  # without a name


def check_application(path: Path, application: str, config: Config) -> Iterator[Problem]:
    """`echo`, `directory`, or `kind:name` with a name that the configuration has."""
    if application in PLAIN:
        return
    kind, _, name = application.partition(":")
    if kind not in APPLICATION_KINDS or not name:
        remedy = (
            'write "flow:NAME", "queue:NAME", "extension:NUMBER", "group:NAME", "room:NAME", "page:NAME", '
            '"voicemail:BOX", "mailbox:BOX", "voicemail", "directory" or "echo"'
        )
        yield Problem(path, f"{application!r} is no application", remedy)
        return
    names = {
        "flow": [entry.name for entry in config.flow],
        "queue": [entry.name for entry in config.queue],
        "extension": [entry.number for entry in config.extension],
        "group": [entry.name for entry in config.group],
        "room": [entry.name for entry in config.room],
        "page": [entry.name for entry in config.page],
        "voicemail": (boxes := [entry.name for entry in config.voicemail]),
        "mailbox": boxes,
    }
    yield from must_exist(path, name, names[kind], kind)


def must_exist(path: Path, name: str, known: Sequence[str], what: str) -> Iterator[Problem]:
    if name in known:
        return
    close = get_close_matches(name, known, n=1)
    if close:
        remedy = f"did you mean {close[0]!r}?"
    elif known:
        remedy = f"known: {', '.join(known[:10])}{', ...' if len(known) > 10 else ''}"
    else:
        remedy = f"the file has no {what} yet: add a [[{what.split()[0]}]] table"
    yield Problem(path, f"{name!r} is no {what}", remedy)
