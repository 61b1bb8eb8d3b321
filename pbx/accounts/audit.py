"""Who changed what, from where, with which result: entries that are only ever added, and hold no secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

ActorKind = Literal["person", "token", "cli", "nobody"]
MAX_FIELDS = 50  # names of changed values in one entry


@dataclass(frozen=True, slots=True)
class Entry:
    id: str  # time-ordered
    at: float  # UTC seconds
    actor_kind: ActorKind
    actor: str  # id of the person or the token; the system's user for "cli"
    actor_name: str
    address: str  # IP address, "control.sock" for the command line
    action: str  # "POST /users", "login"
    object: str  # what it was done to: "/users/0199..."
    result: int  # HTTP status
    before: str = ""  # digest of the object; "" where there was none or nobody said
    after: str = ""
    fields: tuple[str, ...] = ()  # names of what differs between the two; never values


@dataclass(frozen=True, slots=True)
class Filter:
    actor: str = ""  # id or name
    object: str = ""  # its beginning
    action: str = ""  # its beginning
    since: float = 0.0
    until: float = 0.0  # 0.0: now


class AuditStore(Protocol):
    """Where entries are kept."""

    async def append(self, entry: Entry) -> None:
        """Returns when it is committed, or cannot be for now: then it is kept in memory and goes with the next."""
        ...

    async def find(self, wanted: Filter, before_id: str, limit: int) -> Sequence[Entry]:
        """The newest first, from before `before_id` on ("": the newest of all)."""
        ...

    async def prune(self, before: float) -> int:
        """Forgets what is older; how many."""
        ...


def digest(value: Mapping[str, Any] | None) -> str:
    """Tells two states of an object apart without telling what they are; "" for None."""
    if value is None:
        return ""
    text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def differing(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Names of the values that are not the same in both."""
    one, other = before or {}, after or {}
    names = sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
    return tuple(names[:MAX_FIELDS])
