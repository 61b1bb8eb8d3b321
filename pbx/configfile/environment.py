"""The environment over the file: `CENTRALA_SIP__DOMAIN=pbx.example` sets `sip.domain`; lists and tables are JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pbx.config import Config
from pbx.configfile.problem import Path, Problem

PREFIX = "CENTRALA_"
DELIMITER = "__"


def read_environment(variables: Mapping[str, str]) -> tuple[dict[str, Any], dict[Path, str], list[Problem]]:
    """What the environment sets: the nested values, the variable behind each key path, and what is wrong with them."""
    ours = {name: value for name, value in variables.items() if name.upper().startswith(PREFIX) and DELIMITER in name}
    origins: dict[Path, str] = {}
    problems: list[Problem] = []
    known: dict[str, str] = {}
    for name, value in ours.items():
        path = tuple(name[len(PREFIX) :].lower().split(DELIMITER))
        if path[0] not in Config.model_fields or not all(path):
            remedy = f"sections are {', '.join(Config.model_fields)}; write {PREFIX}SECTION{DELIMITER}KEY"
            problems.append(Problem((), "no such section of the configuration", remedy, source=name))
            continue
        origins[path] = name
        known[name] = value
    if not known:
        return {}, origins, problems
    from pydantic_settings import SettingsError  # most have no such variable: 40 ms

    from pbx.configfile.variables import nested

    try:
        return nested(known, PREFIX, DELIMITER), origins, problems
    except SettingsError as error:
        problems.append(Problem((), str(error), "lists and tables are written as JSON", source=", ".join(known)))
        return {}, origins, problems


def merge(below: dict[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` over `below`: tables are merged key by key, everything else is replaced."""
    out = dict(below)
    for key, value in above.items():
        present = out.get(key)
        out[key] = merge(present, value) if isinstance(present, dict) and isinstance(value, Mapping) else value
    return out
