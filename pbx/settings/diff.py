"""What differs between two configurations: entries that come, go or change, field by field, secrets masked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from pbx.config import Config
from pbx.settings.documents import MASK, Document, document_of
from pbx.settings.sections import AREAS, Area, entry_keys
from pbx.sip.hashed_secret import hashed_secret, hashes_in, is_hashed

What = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """None: the field had its default, or has it now."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One entry. Secrets are "***" in every field."""

    what: What
    section: str
    key: str
    fields: tuple[FieldChange, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        fields = [{"field": one.field, "before": one.before, "after": one.after} for one in self.fields]
        return {"what": self.what, "section": self.section, "key": self.key, "fields": fields}


Index = Mapping[str, Mapping[str, BaseModel]]  # section, key of the entry


def indexed(config: Config) -> Index:
    """Every business entry, by section and key."""
    return {area.name: entry_keys(area, area.entries(config)) for area in AREAS.values()}


def diff(old: Index, new: Index) -> list[Change]:
    """Every entry that differs, in the order of the sections."""
    return [change for area in AREAS.values() for change in _of_area(area, old[area.name], new[area.name])]


def _of_area(area: Area, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]) -> list[Change]:
    found = []
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key), after.get(key)
        if one is other or one == other:
            continue
        was = document_of(area, one) if one is not None else {}
        is_now = document_of(area, other) if other is not None else {}
        what: What = "added" if one is None else "removed" if other is None else "changed"
        found.append(Change(what, area.name, key, field_changes(area, was, is_now)))
    return found


def field_changes(area: Area, before: Document, after: Document) -> tuple[FieldChange, ...]:
    """What differs between two documents of one entry."""
    found = []
    for field in dict.fromkeys((*before, *after)):
        was, is_now = before.get(field), after.get(field)
        if was == is_now or (field == "secret" and _same_password(after, was, is_now)):
            continue
        if field in area.secrets:
            was, is_now = MASK if was else None, MASK if is_now else None
        found.append(FieldChange(field, was, is_now))
    return tuple(found)


def _same_password(document: Document, one: Any, other: Any) -> bool:
    """Whether one is the other in its hashed form."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    plain, hashed = (other, one) if is_hashed(one) else (one, other)
    hashes = hashes_in(hashed)
    return hashes is not None and hashed == hashed_secret(str(document.get("number", "")), hashes.realm, plain)
