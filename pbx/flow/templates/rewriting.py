"""A template's script in another language, and with the names of another house."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

SAID = ("hears", "heard_out", "not_hears", "has")  # keys of a script that hold words of prompts and messages
NAMED = ("queue", "hours", "voicemail", "extension")  # sections of its configuration whose entries have names
BY_NAME = ("queues", "phones")  # keys of a caller that are tables by name


def rewritten(script: str, phrases: Mapping[str, str], use: Mapping[str, str]) -> str:
    """`script` with every phrase by its translation and every name of `use` by the new one; its remarks are lost."""
    values = yaml.safe_load(script)
    values["callers"] = [_translated(caller, phrases) for caller in values["callers"]]
    for section in NAMED:
        for entry in values.get("config", {}).get(section, []):
            for key in ("name", "number"):
                if key in entry:
                    entry[key] = use.get(entry[key], entry[key])
    for caller in (values.get("defaults", {}), *values["callers"]):
        for key in BY_NAME:
            if key in caller:
                caller[key] = {use.get(name, name): what for name, what in caller[key].items()}
        for step in caller.get("steps", []):
            if isinstance(step, dict) and isinstance(step.get("connected"), str):
                step["connected"] = use.get(step["connected"], step["connected"])
    return yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=120)


def _translated(value: Any, phrases: Mapping[str, str], *, said: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _translated(one, phrases, said=key in SAID) for key, one in value.items()}
    if isinstance(value, list):
        return [_translated(one, phrases, said=said) for one in value]
    return phrases[value] if said and phrases else value
