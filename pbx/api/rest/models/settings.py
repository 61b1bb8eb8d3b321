"""Settings: sections, entries, changes, history."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field

from pbx.api.rest.models.base import MAX_NOTE, Asked, Instant, Note, Shown

SectionName = Annotated[
    str, Path(pattern=r"^[a-z0-9_.]{1,64}$", description="A section, such as queue", examples=["queue"])
]
EntryKey = Annotated[
    str,
    Path(
        pattern=r"^[^\x00-\x1f\x7f]{1,128}$",
        description="Name or number of an entry; - for a section that is one table",
        examples=["sales"],
    ),
]
Reason = Annotated[Note, Field(description="Why, for the history", max_length=min(MAX_NOTE, 500))]


class Section(Shown):
    """A section that may be changed."""

    name: str = Field(examples=["queue"])
    list: bool = Field(description="false: the section is one table, whose key is -")
    entries: int


class Technical(Shown):
    """A section that takes effect with a restart."""

    name: str
    why: str


class SetAside(Shown):
    """What the database holds and what does not fit the configuration."""

    section: str
    key: str
    why: str


class Overview(Shown):
    """What there is."""

    revision: int = Field(description="0: nothing was ever changed")
    sections: list[Section]
    technical: list[Technical]
    set_aside: list[SetAside]


class Entry(Shown):
    """One entry. Fields that have their default are left out; `***` stands for a secret."""

    section: str = Field(examples=["queue"])
    key: str = Field(examples=["sales"])
    origin: Literal["file", "database"]
    tag: str = Field(description="Its ETag")
    document: dict[str, Any] = Field(examples=[{"name": "sales", "agents": ["101", "102"]}])


class Document(Asked):
    """What an entry is to be."""

    document: dict[str, Any] = Field(
        description="As the section's schema says; `***` keeps a secret as it is", examples=[{"agents": ["101", "102"]}]
    )
    note: Reason = ""


class Fields(Asked):
    """What is to be different; null gives a field its default."""

    fields: dict[str, Any] = Field(examples=[{"strategy": "ring-all"}])
    note: Reason = ""


class Yaml(Asked):
    """Settings as `GET /settings/export` gives them."""

    yaml: str = Field(max_length=8 * 1024 * 1024, examples=["team:\n- name: office\n  members: ['101']\n"])
    note: Reason = ""
    expected: int | None = Field(default=None, ge=0, lt=2**31, description="The revision that the text was made from")


class Revert(Asked):
    """Where to go back to."""

    revision: int | None = Field(
        default=None, ge=0, lt=2**31, description="What held after it, 0 the file alone; null: before the last change"
    )
    note: Reason = ""


class FieldDiff(Shown):
    """null is the default."""

    field: str
    before: Any
    after: Any


class EntryDiff(Shown):
    """What differs about one entry; secrets are ***."""

    what: Literal["added", "removed", "changed"]
    section: str
    key: str
    fields: list[FieldDiff]


class Outcome(Shown):
    """What came of a change."""

    revision: int = Field(description="That holds now")
    applied: bool = Field(description="false: it was only looked at")
    changes: list[EntryDiff]
    more: int = Field(description="Changes that are not among `changes`")
    restart: list[str] = Field(description="Sections of the file whose changes wait for the next start")


class Step(Shown):
    """What became of one entry."""

    section: str
    key: str
    what: Literal["written", "changed", "deleted", "as the file says"]


class Revision(Shown):
    """One change."""

    revision: int
    at: Instant
    who: str
    note: str
    steps: list[Step]
    more: int = Field(description="Steps that are not among `steps`")
