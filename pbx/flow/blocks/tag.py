"""Marks the call: a tag for reports, priority and skills for the queues that it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator

from pbx.events import Kind
from pbx.flow.block import Block, Exit, Reference
from pbx.flow.fill import checked, fill

if TYPE_CHECKING:
    from pbx.flow.run import Run

MAX_TAG = 64
PRIORITY, SKILLS, TAGS = "routing.priority", "routing.skills", "routing.tags"


class Tag(Block):
    """What is given here counts for every queue block that follows, besides what the block says itself."""

    kind: Literal["tag"]
    tag: str = ""  # may hold variables
    priority: int | None = Field(default=None, ge=-10, le=10)
    skills: dict[str, Annotated[int, Field(ge=0, le=100)]] = {}  # 0 takes one away
    next: str = ""

    waits = False
    waits_for_caller = False

    @field_validator("tag")
    @classmethod
    def _check_tag(cls, text: str) -> str:
        return checked(text)

    def exits(self) -> dict[str, Exit]:
        return {"next": Exit("next", self.next, required=True)}

    def references(self) -> list[Reference]:
        return [Reference("skill", name, "skills") for name in self.skills]

    def sets(self) -> Sequence[str]:
        return (PRIORITY, SKILLS, TAGS)

    def templates(self) -> dict[str, str]:
        return {"tag": self.tag} if self.tag else {}

    async def run(self, run: Run) -> str:
        tag = fill(run, self.tag, missing="")[:MAX_TAG] if self.tag else ""
        tags = [*tags_of(run), tag] if tag and tag not in tags_of(run) else tags_of(run)
        skills = {name: level for name, level in {**skills_of(run), **self.skills}.items() if level}
        priority = self.priority if self.priority is not None else priority_of(run)
        for name, value in ((PRIORITY, priority), (SKILLS, skills), (TAGS, tags)):
            run.variables.set(name, value)
        shown = run.variables.hidden(tag)
        run.call.emit(Kind.CALL_TAGGED, block=run.block, tag=shown, priority=priority, skills=skills)
        return "next"


def priority_of(run: Run) -> int:
    """What tag blocks gave; 0 for nothing."""
    value = run.variables.get(PRIORITY)
    return value if isinstance(value, int) else 0


def skills_of(run: Run) -> dict[str, int]:
    value = run.variables.get(SKILLS)
    return dict(value) if isinstance(value, dict) else {}


def tags_of(run: Run) -> list[str]:
    value = run.variables.get(TAGS)
    return [str(tag) for tag in value] if isinstance(value, list) else []
