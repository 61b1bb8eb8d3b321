"""Versions of flows as they are kept: a draft, the published one, and those that were published before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class VersionState(StrEnum):
    """A version is edited as a draft, holds when it is published, and is retired by the next one."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


MAX_FLOWS = 500  # names that the database keeps versions of
MAX_VERSIONS = 200  # of one flow; the oldest retired ones go first


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowVersion:
    """One version. Instants are UTC seconds, 0 for never; `document` is JSON text, "" in lists."""

    flow: str
    version: int
    state: VersionState
    document: str
    author: str
    created: float
    note: str = ""
    published: float = 0.0
    published_by: str = ""


class FlowStore(Protocol):
    """Where versions are kept; every write is on disk when it returns."""

    def load(self) -> list[FlowVersion]:
        """The published versions, as the process found them at its start."""
        ...

    async def draft(self, flow: str, document: str, author: str, note: str, at: float) -> FlowVersion | None:
        """Keeps a draft: that of the flow is replaced, else it gets the next number. None when there are MAX_FLOWS."""
        ...

    async def publish(self, flow: str, version: int, by: str, note: str, at: float) -> FlowVersion | None:
        """This version is the published one, the one before is retired. None when there is no such version."""
        ...

    async def withdraw(self, flow: str) -> FlowVersion | None:
        """Retires the published version and returns it; None when there is none."""
        ...

    async def versions(self, flow: str = "") -> list[FlowVersion]:
        """All versions of a flow, or of all, without their documents, the newest first."""
        ...

    async def get(self, flow: str, version: int) -> FlowVersion | None: ...
