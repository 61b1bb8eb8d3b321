"""Configuration of distribution: which free agent gets which waiting caller. docs/queues.md explains it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pbx.config_base import Section

Strategy = Literal[
    "longest-idle",
    "least-talk",
    "fewest-calls",
    "round-robin",
    "ring-all",
    "linear",
    "weighted-random",
    "skills",
]
Level = Annotated[int, Field(ge=1, le=100)]
Priority = Annotated[int, Field(ge=-10, le=10)]
Weight = Annotated[float, Field(ge=0.01, le=100)]


class Relax(Section):
    """What a caller no longer needs after he has waited so long. "*" stands for every skill."""

    after_s: float = Field(gt=0, le=86_400)
    lower: dict[str, Level] = {}  # skill: by how many levels
    drop: list[str] = []  # skills that are not needed any more


class Overflow(Section):
    """A further queue whose agents may take the caller as well; he keeps his place and age in both."""

    queue: str
    after_s: float = Field(default=0.0, ge=0, le=86_400)  # of waiting; 0: not because of time
    length: int = Field(default=0, ge=0)  # so many wait already when he comes: at once; 0: not because of length


class Distribution(Section):
    """The part of a [[queue]] that decides who gets whom."""

    strategy: Strategy = "longest-idle"
    weight: Weight = 1.0  # of its callers' waiting against other queues' when an agent serves several
    penalties: dict[str, Annotated[int, Field(ge=0, le=1000)]] = {}  # agent: the higher, the later asked
    skills: dict[str, Level] = {}  # needed by each of its callers: skill to least level
    relax: list[Relax] = Field(default=[], max_length=8)
    overflow: list[Overflow] = Field(default=[], max_length=3)
    priority: Priority = 0  # of its callers
    priority_credit_s: float = Field(default=60.0, ge=0, le=3600)  # of waiting, that one point of priority is worth
    preferred: Literal["none", "last"] = "none"  # "last": who served the caller last time is asked first
    preferred_grace_s: float = Field(default=20.0, ge=0, le=3600)  # for which he alone is waited for; 0: not at all
    preferred_days: float = Field(default=30.0, gt=0, le=366)  # for which "last" is remembered


class Ability(Section):
    """The part of an [[agent]] that decides whom he gets."""

    skills: dict[str, Level] = {}
    weight: Weight = 1.0  # 0.5: half of the calls or talk time of the others


class CallerList(Section):
    """Callers who are known by number, such as VIPs: what a queue gives them beyond what it gives everybody."""

    name: str
    numbers: list[str]  # as E.164 or as they are shown; a beginning ends with "*"
    queues: list[str] = []  # empty: every queue
    priority: Priority = 0  # added to the queue's
    skills: dict[str, Level] = {}  # needed besides the queue's
    preferred: str = ""  # extension of the agent who is asked first
