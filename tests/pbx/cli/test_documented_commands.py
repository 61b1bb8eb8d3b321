"""Every command that README.md and docs/ name exists."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import typer

from pbx.cli.commands import app

ROOT = Path(__file__).parents[3]
COMMAND = re.compile(r"`centrala ([a-z][^`]*)`|^centrala ([a-z].*)$", re.MULTILINE)


@cache
def _whole() -> Any:
    return typer.main.get_command(app)  # of two hundred commands: a fifth of a second


def unknown_word(text: str) -> str:
    """The first word of a documented command line that is no command of ours; "" when all are."""
    place: Any = _whole()
    for word in text.split():
        commands = getattr(place, "commands", None)
        if commands is None or not re.fullmatch(r"[a-z][a-z/|-]*", word):
            return ""
        names = re.split(r"[/|]", word)  # "list/show" names two
        wrong = [name for name in names if name not in commands]
        if wrong or len(names) > 1:
            return " ".join(wrong)
        place = commands[word]
    return ""


def test_every_documented_command_exists() -> None:
    found = {
        (path.name, text)
        for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for match in COMMAND.findall(path.read_text())
        for text in match
        if text
    }
    assert len(found) > 100
    assert {(name, text): unknown_word(text) for name, text in found if unknown_word(text)} == {}
    assert unknown_word("report yesteryear --csv") == "yesteryear"
