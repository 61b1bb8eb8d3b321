"""Settings as YAML: sections by name, lists of entries as in the file of the configuration."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from typing import Any

import yaml
from pydantic import BaseModel

from pbx.config import Config
from pbx.configfile.problem import ConfigError, Problem
from pbx.settings.documents import Document, document_of, entry_of, masked, unmasked
from pbx.settings.overlay import Overlay
from pbx.settings.sections import AREAS, ONLY, TECHNICAL, Area, Key, entry_keys

MAX_YAML = 8 * 1024 * 1024  # bytes
MAX_DEPTH = 32  # of lists and tables in each other
MAX_NUMBER = 400  # characters: numbers of base 60 ("1:59:59") take the square of their length
MAX_PROBLEMS = 100  # that are told of one text
_NUMBER = re.compile(r"[-+0-9_:.]+")
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LOADER):  # type: ignore[misc]
    """A key that comes twice is a mistake and not a replacement."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a list or a table is no name", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} comes twice", problem_mark=key.start_mark)
            seen.add(key.value)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


def export(config: Config, sections: Iterable[str] = (), *, secrets: bool = False) -> dict[str, Any]:
    """The business sections, or those that are asked for; without secrets "***" stands for each.

    A section that is empty is left out unless it is asked for. Raises ConfigError for a section that is none.
    """
    wanted = list(dict.fromkeys(sections))
    found: dict[str, Any] = {}
    for area in [area_of(name) for name in wanted] or AREAS.values():
        documents = [
            document if secrets else masked(area, document)
            for document in (document_of(area, entry) for entry in area.entries(config))
        ]
        if wanted or any(documents):
            found[area.name] = documents if area.is_list else documents[0]
    return found


def dump(settings: dict[str, Any]) -> str:
    """What `export` gave, as text."""
    text: str = yaml.dump(settings, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=100)
    return text


def parse(text: str | bytes) -> dict[str, Any]:
    """Sections by name. Raises ConfigError for what is no YAML, too long, or has aliases (one could stand for
    millions of entries)."""
    if len(text) > MAX_YAML:
        raise ConfigError([Problem((), f"has more than {MAX_YAML} bytes", "import it in parts")])
    try:
        _judge(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or error
        where = f" (line {mark.line + 1})" if mark else ""
        raise ConfigError(
            [Problem((), f"is not YAML: {why}{where}", "look for a bracket, quote or indent before it")]
        ) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError([Problem((), "is no table of sections", "write `queue:` and its entries below it")])
    return found


def _judge(text: str | bytes) -> None:
    """Raises ConfigError for a text that would take minutes to read, before any of it is."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError([Problem((), "has an alias (*name)", "write the value where it is meant")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_NUMBER and _NUMBER.fullmatch(event.value):
            raise ConfigError([Problem((), f"has a number of more than {MAX_NUMBER} digits", "put quotes around it")])
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ConfigError([Problem((), f"is nested more than {MAX_DEPTH} deep", "see the export", line=line)])


def wanted_of(settings: dict[str, Any], present: Config, *, merge: bool = False) -> dict[Key, BaseModel | None]:
    """What shall hold after an import: the sections that stand in `settings`, with nothing else in them; with `merge`
    what they do not name stays.

    Raises ConfigError with every problem.
    """
    wanted: dict[Key, BaseModel | None] = {}
    problems: list[Problem] = []
    for name, documents in settings.items():
        try:
            area = area_of(name)
            known = entry_keys(area, area.entries(present))
            wanted |= _section(area, documents, known, problems)
        except ConfigError as error:
            problems += error.problems
            continue
        if not merge and area.is_list:
            gone = [(area.name, key) for key in known if (area.name, key) not in wanted]
            wanted |= dict.fromkeys(gone)
    if problems:
        raise ConfigError(problems)
    return wanted


def _section(area: Area, documents: Any, known: dict[str, BaseModel], problems: list[Problem]) -> Overlay:
    found: dict[Key, BaseModel | None] = {}
    if not area.is_list:
        found[area.name, ONLY] = entry_of(area, documents or {})
        return found
    if not isinstance(documents, list):
        raise ConfigError([Problem((area.name,), "is a list of entries", "begin each entry with a dash")])
    for index, document in enumerate(documents):
        if len(problems) >= MAX_PROBLEMS:
            break
        try:
            entry = _entry(area, document, known)
        except ConfigError as error:
            problems += error.problems
            continue
        place = (area.name, area.key_of(entry))
        if place in found:
            problems.append(Problem((*place,), f"comes twice, the second time as entry {index + 1}", "leave one out"))
        found[place] = entry
    return found


def _entry(area: Area, document: Any, known: dict[str, BaseModel]) -> BaseModel:
    if isinstance(document, dict):
        key = " ".join(str(document.get(name, "")) for name in area.names).strip()
        present = known.get(key)
        document = unmasked(area, (area.name, key), document, held(area, present))
    return entry_of(area, document)


def held(area: Area, present: BaseModel | None) -> Document | None:
    """The document of an entry that may not be there."""
    return document_of(area, present) if present is not None else None


def area_of(name: object) -> Area:
    """The section of this name. Raises ConfigError that says why it is none of those that may be changed."""
    area = AREAS.get(name) if isinstance(name, str) else None
    if area is not None:
        return area
    why = TECHNICAL.get(str(name))
    if why is not None:
        remedy = "change it in the file of the configuration, and restart"
        raise ConfigError([Problem((str(name),), f"cannot be changed while the PBX runs: {why}", remedy)])
    raise ConfigError([Problem((str(name),), "is no section", f"sections: {', '.join(AREAS)}")])
