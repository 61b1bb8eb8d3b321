"""What differs between two documents of a flow, by block and key, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

MAX_SHOWN = 300  # characters of a value
DRAWN = "layout"  # where blocks are drawn: that it changed is said, not how
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `what` is "added", "removed" or "changed"; `path` a JSON pointer (RFC 6901); values are JSON
    texts, "" where there is none."""

    what: str
    path: str
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        if self.what == "changed":
            return f"~ {self.path}: {self.old} -> {self.new}"
        return f"+ {self.path}: {self.new}" if self.what == "added" else f"- {self.path}: {self.old}"


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The differences from `old` to `new`, in the order of the keys."""
    found = list(_compared("", _without_layout(old), _without_layout(new)))
    if old.get(DRAWN) != new.get(DRAWN):
        found.append(Change("changed", f"/{DRAWN}", "drawn", "drawn anew"))
    return found


def pointer(path: tuple[str | int, ...]) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


def _without_layout(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != DRAWN}


def _compared(path: str, old: Any, new: Any) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            below = f"{path}{pointer((key,))}"
            yield from _compared(below, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif old is _ABSENT:
        yield Change("added", path, new=_shown(new))
    elif new is _ABSENT:
        yield Change("removed", path, old=_shown(old))
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield Change("changed", path, _shown(old), _shown(new))


def _shown(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."
