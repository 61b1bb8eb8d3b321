"""Flows to begin with, each with the script that shows what it does: `centrala flow templates`, `centrala flow new`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from pbx.flow.errors import FlowError
from pbx.flow.templates.rewriting import rewritten

ENGLISH = "en"  # the language of the scripts
PHRASES = "phrases.json"  # what they hear, in the other languages
NAMED_IN = ("queue", "hours", "target", "box")  # keys of blocks that name something of the house


@cache
def names() -> tuple[str, ...]:
    """Every template."""
    found = (file.name for file in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in found if name.endswith(".yaml")))


def document(name: str) -> dict[str, Any]:
    """The values of a template's document. FlowError for a name that is none."""
    if name not in names():
        close = get_close_matches(name, names(), 1)
        remedy = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(names())}"
        raise FlowError(f"there is no template {name!r}", remedy)
    values: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))
    return values


def script(name: str, *, language: str = "", use: Mapping[str, str] | None = None) -> str:
    """What leads callers through the template, as `made` makes it: a script of `centrala flow test`, YAML."""
    document(name)
    text: str = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    if language in ("", ENGLISH) and not use:
        return text
    phrases: dict[str, dict[str, str]] = json.loads((_folder() / PHRASES).read_text(encoding="utf-8"))
    spoken = {} if language in ("", ENGLISH) else {english: others[language] for english, others in phrases.items()}
    return rewritten(text, spoken, use or {})


def made(template: str, name: str, *, language: str = "", use: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A document of `name` from a template. `use` maps a queue, opening hours, phone or box of the template to what it
    is called in this house. FlowError for a template, or a name in it, that there is not."""
    values = document(template)
    renamed = dict(use or {})
    known = needs(template)
    for old in renamed:
        if old not in known:
            raise FlowError(f"template {template!r} names no {old!r}", f"it names {', '.join(known)}")
    for block in values["blocks"].values():
        for key in NAMED_IN:
            if isinstance(block.get(key), str):
                block[key] = renamed.get(block[key], block[key])
    return {**values, "name": name} | ({"language": language} if language else {})


def needs(template: str) -> list[str]:
    """Queues, hours, phones and boxes that a template names: the house must have them, or `use` others."""
    blocks = document(template)["blocks"].values()
    named = [block[key] for block in blocks for key in NAMED_IN if isinstance(block.get(key), str)]
    return list(dict.fromkeys(name for name in named if "{" not in name))


def _folder() -> Any:
    return files(__name__)
