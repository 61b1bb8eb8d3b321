"""What was changed, when and by whom; and what the store keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pbx.settings.sections import Key

MAX_REVISIONS = 5000  # kept
MAX_NOTE = 500
MAX_WHO = 64
DELETED = ""  # what is kept for an entry of the file that is deleted

# What the database holds for an entry: JSON, DELETED, or None when it holds nothing of it.
Rows = Mapping[Key, str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a revision: what the database held for it before and after."""

    section: str
    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Revision:
    """One change, of one entry or many. `at`: UTC seconds."""

    revision: int
    at: float
    who: str
    note: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """All that the database holds; `revision` 0: nothing was ever changed."""

    revision: int
    rows: dict[Key, str]


class SettingsStore(Protocol):
    """Writes return after the commit. Each raises StoreError."""

    def load(self) -> Stored: ...

    async def write(self, rows: Rows, who: str, note: str, at: float) -> int:
        """Puts the rows; returns the new revision."""
        ...

    async def revisions(self, limit: int, before: int = 0) -> Sequence[Revision]:
        """The newest first, those below `before` unless that is 0."""
        ...

    async def since(self, revision: int) -> Sequence[Revision] | None:
        """All after `revision`, the newest first; None when some of them are no longer kept."""
        ...


def undone(revisions: Sequence[Revision]) -> dict[Key, str | None]:
    """The rows as they were before `revisions`, which are given newest first."""
    return {(step.section, step.key): step.before for revision in revisions for step in revision.steps}
