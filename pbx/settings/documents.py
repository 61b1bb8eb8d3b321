"""One entry of a section as a document: what people read and write, what the database keeps, what is masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from pbx.configfile.explain import explain
from pbx.configfile.problem import ConfigError, Problem
from pbx.settings.sections import MAX_KEY, ONLY, Area, Key

Document = dict[str, Any]
MASK = "***"  # stands for a secret; where it is written back, the secret stays as it is


def document_of(area: Area, entry: BaseModel) -> Document:
    """The entry as JSON values; fields that have their default are left out, those of its key are not."""
    found: Document = entry.model_dump(mode="json", exclude_defaults=True, exclude=set(area.without) or None)
    for name in area.names:
        value = getattr(entry, name)
        if value != "":
            found = {name: value, **found}
    return found


def entry_of(area: Area, document: object, key: str | None = None) -> BaseModel:
    """The entry that a document describes. With `key` it must be the entry of that key, whose fields may be left out.

    Raises ConfigError, whose problems name the section and the key.
    """
    place = (area.name,) if not area.is_list else (area.name, key if key is not None else "")
    if not isinstance(document, Mapping):
        raise ConfigError([Problem(place, "is no table of fields", "write field: value")])
    values = dict(document)
    clash = [name for name in area.without if name in values]
    if clash:
        remedy = f"write it as the section {area.name}.{clash[0]}"
        raise ConfigError([Problem((*place, clash[0]), "is a section of its own", remedy)])
    if key is not None:
        for name, part in zip(area.names, key.split(" ", len(area.names) - 1), strict=False):
            values.setdefault(name, part)
    try:
        entry = area.model.model_validate(values)
    except ValidationError as error:
        raise ConfigError([_placed(area, values, key, problem) for problem in explain(error)]) from None
    found = area.key_of(entry) if area.is_list else ONLY
    if key is not None and found != key:
        raise ConfigError([Problem(place, f"the document is of {found!r}", "name it by its own key, or change it")])
    if area.is_list and not 0 < len(found) <= MAX_KEY:
        raise ConfigError([Problem(place, "has no key, or a very long one", f"write {' and '.join(area.names)}")])
    return entry


def _placed(area: Area, values: Document, key: str | None, problem: Problem) -> Problem:
    named = key or " ".join(str(values.get(name, "")) for name in area.names).strip()
    head: tuple[str, ...] = (area.name, named) if area.is_list else (area.name,)
    return Problem((*head, *problem.key), problem.text, problem.remedy)


# -- secrets -----------------------------------------------------------------------------------------------------------


def change_secrets(area: Area, document: Document, change: Callable[[str], str]) -> Document:
    """The document with each secret that is not empty changed."""
    if not any(document.get(name) for name in area.secrets):
        return document
    return {name: _changed(value, change) if name in area.secrets else value for name, value in document.items()}


def masked(area: Area, document: Document) -> Document:
    """The document without its secrets."""
    return change_secrets(area, document, lambda _secret: MASK)


def unmasked(area: Area, key: Key, document: Document, present: Document | None) -> Document:
    """The document with the secrets that stand in `present` where it says "***". Raises ConfigError for a new one."""
    found = dict(document)
    for name in area.secrets:
        if name in found:
            found[name] = _restored(found[name], (present or {}).get(name), (*key, name))
    return found


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _changed(inner, change) for name, inner in value.items()}
    return change(value) if isinstance(value, str) and value else value


def _restored(value: Any, present: Any, place: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        held = present if isinstance(present, dict) else {}
        return {name: _restored(inner, held.get(name), (*place, name)) for name, inner in value.items()}
    if value != MASK:
        return value
    if not isinstance(present, str) or not present:
        raise ConfigError([Problem(place, f'"{MASK}" stands for a secret that is not there yet', "write the secret")])
    return present
