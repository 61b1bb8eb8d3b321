"""Flows and their versions; prompts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from pbx.api.rest.models.base import Asked, Instant, MaybeInstant, Shown

Version = int
DOCUMENT: Any = {
    "name": "hotline",
    "start": "hello",
    "blocks": {"hello": {"type": "play", "text": {"en": "Good morning."}, "then": "end"}},
}


class Flow(Shown):
    name: str = Field(examples=["hotline"])
    version: Version | None = Field(description="The one that the next call gets; 0 is the configuration's, null none")
    blocks: int
    python: bool = Field(description="Written in Python; it has no blocks to draw")
    draft: Version = Field(description="0: none")


class FlowVersion(Shown):
    flow: str
    version: Version
    state: str = Field(examples=["published"])
    author: str = ""
    created: MaybeInstant = None
    note: str = ""
    published: MaybeInstant = None
    published_by: str = ""
    holds: bool = Field(False, description="The next call gets it")


class Problem(Shown):
    """What is wrong with a document: where, what, and what to do."""

    pointer: str = Field(description="JSON pointer (RFC 6901)", examples=["/blocks/hello/then"])
    text: str
    remedy: str


class DraftSaved(FlowVersion):
    problems: list[Problem]


class Checked(Shown):
    problems: list[Problem]


class DocumentRequest(Asked):
    """A flow's document, as /flow-schema describes it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": DOCUMENT}]})

    document: dict[str, Any]


class DraftRequest(DocumentRequest):
    note: str = Field("", max_length=500)


class PublishRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"note": "new greeting"}]})

    version: int | None = Field(None, ge=0, lt=10**9, description="The draft when left out")
    note: str = Field("", max_length=500)
    force: bool = Field(False, description="Although a prompt cannot be rendered")


class RollbackRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"to": 2}]})

    to: int | None = Field(None, ge=0, lt=10**9, description="The version before when left out; 0: the configuration's")
    note: str = Field("", max_length=500)


class ReplayRequest(DocumentRequest):
    date: str = Field("yesterday", max_length=10, pattern=r"^(yesterday|today|\d{4}-\d{2}-\d{2})$")


class Change(Shown):
    """One difference of two documents; values are JSON texts, empty where there is none."""

    what: Literal["added", "removed", "changed"]
    path: str = Field(description="JSON pointer (RFC 6901)")
    old: str
    new: str
    text: str = Field(description="The same for people")


class Progress(Shown):
    done: int
    all: int = Field(description="Prompts of a flow that is being published; 0: none is")


class Counts(Shown):
    """Callers who went through a flow since the start of the process, and who is where now."""

    flow: str
    since: Instant
    blocks: dict[str, Any]


class Template(Shown):
    name: str = Field(examples=["hotline"])
    description: str
    needs: list[str] = Field(description="Queues, hours, phones and boxes that the house must have")


class Prompt(Shown):
    """A text that callers hear."""

    text: str = Field(examples=["Good morning."])
    language: str = Field(examples=["en"])
    voice: str = ""
    state: str = Field(
        description='"rendered", "recorded", "recorded as fallback", or "" for not yet', examples=["rendered"]
    )
    block: str = ""
    key: str = ""
    values: dict[str, Any] | None = None
    recorded_text: str = ""
    use: str = ""
    source: str = ""
    author: str = ""


class Take(Shown):
    """A human recording that stands for a text."""

    text: str
    language: str
    use: str
    source: str
    author: str
    at: Instant
    duration_s: float
    loudness_lufs: float
    peak_dbov: float


Use = Literal["always", "fallback"]
