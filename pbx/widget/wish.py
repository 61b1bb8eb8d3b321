"""What a page posts when its visitor wants to be called (widget/src/callback/request.ts writes it)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(max_length=64)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Agreed(_Body):
    """Of the consent whose wording has this version."""

    version: str = Field(max_length=32)
    given: bool


class Done(_Body):
    """Work for a challenge of ours."""

    challenge: str = Field(default="", max_length=128)
    counter: int = Field(default=0, ge=0, le=2**53)


class Wish(_Body):
    """`at` is UTC seconds, 0 for as soon as possible; `offer` what was promised, as we signed it."""

    id: str = Field(pattern=r"^[0-9a-f]{32}$")
    number: str = Field(min_length=1, max_length=32)
    queue: str = Field(min_length=1, max_length=100)
    at: float = Field(default=0.0, ge=0, le=1e11)
    offer: str = Field(default="", max_length=64)
    consent: Agreed
    visit: Short = ""
    page: str = Field(default="", max_length=2000)
    lang: str = Field(default="", max_length=16)
    zone: str = Field(default="", max_length=64)  # the browser's; one that nobody knows is none
    work: Done = Done()


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as the connection tells."""

    origin: str
    address: str
    agent: str = ""  # the browser, as it names itself
