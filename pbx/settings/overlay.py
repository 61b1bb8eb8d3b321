"""The effective configuration: the file's, with the documents of the database over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from pbx.config import Config
from pbx.configfile.problem import Problem
from pbx.settings.sections import AREAS, ONLY, Area, Key, all_entries, entry_keys

# By section and key: the entry that stands instead of the file's or besides it, None for one that is deleted.
Overlay = Mapping[Key, BaseModel | None]


def effective(base: Config, overlay: Overlay) -> Config:
    """`base` with `overlay` over it, in whatever order that was made.

    Entries of the file keep their place; new ones follow, ordered by key.
    """
    by_section: dict[str, dict[str, BaseModel | None]] = {}
    for (section, key), entry in overlay.items():
        by_section.setdefault(section, {})[key] = entry
    found = base
    for section, changed in by_section.items():
        area = AREAS[section]
        found = area.put(found, _entries(area, base, changed))
    return found


def _entries(area: Area, base: Config, changed: Mapping[str, BaseModel | None]) -> list[BaseModel]:
    known = entry_keys(area, area.entries(base))
    if not area.is_list:
        return [changed[ONLY] or known[ONLY]]
    kept = [changed.get(key, entry) for key, entry in known.items()]
    new = [entry for key, entry in sorted(changed.items()) if key not in known]
    return [entry for entry in (*kept, *new) if entry is not None]


def overlaid(base: Config, overlay: Overlay, wanted: Overlay) -> dict[Key, BaseModel | None]:
    """The overlay that makes `wanted` hold besides what `overlay` says; what the file says anyhow is not repeated."""
    known = all_entries(base)
    found = dict(overlay)
    for place, entry in wanted.items():
        if entry == known.get(place):
            found.pop(place, None)
        else:
            found[place] = entry
    return found


def without_idle(base: Config, overlay: Overlay) -> dict[Key, BaseModel | None]:
    """The overlay without deletions of what is not in the file, or no longer."""
    known = all_entries(base)
    return {place: entry for place, entry in overlay.items() if entry is not None or place in known}


def named(problem: Problem, config: Config) -> Problem:
    """The problem with the keys of entries instead of their positions: `queue[sales].agents[0]`."""
    key = problem.key
    for area in AREAS.values():
        length = len(area.path)
        if not area.is_list or key[:length] != area.path or len(key) <= length:
            continue
        at, entries = key[length], area.entries(config)
        if isinstance(at, int) and at < len(entries):
            return Problem((area.name, area.key_of(entries[at]), *key[length + 1 :]), problem.text, problem.remedy)
    return Problem(key, problem.text, problem.remedy)


def blamed(problems: Iterable[Problem], config: Config, overlay: Overlay) -> list[Key]:
    """The entries of the overlay at which the problems stand."""
    found: dict[Key, None] = {}
    for problem in problems:
        path = named(problem, config).key
        place = (str(path[0]), str(path[1]) if len(path) > 1 else ONLY) if path else ("", "")
        for candidate in (place, (place[0], ONLY)):
            if candidate in overlay:
                found[candidate] = None
                break
    return list(found)
