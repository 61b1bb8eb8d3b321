"""Queues and who waits in them; agents, their states and their log."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from pbx.api.rest.models.base import EXAMPLE_CALL, EXAMPLE_NUMBER, Asked, Instant, Note, Shown, Text, Word


class Waiting(Shown):
    """A caller who waits."""

    call_id: str = Field(examples=[EXAMPLE_CALL])
    caller: str = Field(examples=[EXAMPLE_NUMBER])
    position: int = Field(description="1 is the first in line")
    wait_s: float
    ringing: list[str] = Field(description="Extensions that ring for this caller")


class Queue(Shown):
    """A queue at this instant; counters run since the start of the process."""

    name: str = Field(examples=["sales"])
    waiting: int
    longest_wait_s: float
    talking: int
    agents: dict[str, int] = Field(description="Agents by state", examples=[{"available": 2, "talking": 3}])
    offered: int
    answered: int
    answered_in_time: int
    abandoned: int
    short_abandoned: int
    left: dict[str, int] = Field(description="Callers who left otherwise, by reason")
    missed_offers: int = 0
    aht_s: float
    patience_s: float
    promise_s: float | None = Field(description="The wait that a newcomer would be promised; null: none can be")


class QueueDetail(Queue):
    callers: list[Waiting]


class PriorityRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"priority": 3}]})

    priority: int = Field(ge=-10, le=10)


class Placed(Shown):
    id: str = Field(examples=[EXAMPLE_CALL])
    priority: int
    position: int


class MoveRequest(Asked):
    """Where the caller goes on: another queue, with his age, or anything else that a call can be routed to."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"to": "queue:service"}, {"to": "extension:103"}]})

    to: str = Field(pattern=r"^(queue|flow|voicemail|extension):[^\x00-\x1f\x7f]{1,64}$")


class PullRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"agent": "101"}]})

    agent: Word = Field(description="Who is to get the caller: an agent of the queue who is free")


class Moved(Shown):
    call_id: str = Field(examples=[EXAMPLE_CALL])
    queue: str
    to: str


class NotChosen(Shown):
    agent: str
    name: str
    why: str


class Decision(Shown):
    """One offer that the distributor made."""

    at: Instant
    agent: str
    queue: str
    by: str
    why: str
    outcome: str
    position: int
    wait_s: float
    free: int
    others: list[NotChosen] = Field(description="Why another agent did not get him")


class Explanation(Shown):
    """Why a caller gets, or got, this agent and no other."""

    id: str
    queue: str
    waiting: bool
    wait_s: float
    priority: int
    needs: dict[str, int]
    preferred: str
    next_change_s: float | None
    queues: dict[str, int] = Field(description="Position in each queue in which he waits")
    ringing: list[str]
    agents: list[NotChosen]
    decisions: list[Decision]


class Agent(Shown):
    """An agent now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"extension": "101", "state": "available"}]})

    extension: str
    name: str
    state: str = Field(examples=["available"])
    since_s: float = Field(description="In this state")
    reason: str
    next_state: str = Field(description="Chosen for after the call; empty: none")
    next_reason: str
    queues: list[str]
    teams: list[str]
    site: str
    shifts: list[str]
    line: str
    call_id: str
    calls: int
    missed_offers: int
    wrapup_left_s: float
    wrapup_bound: bool
    code: str
    note: str
    codes: list[str]
    break_limit_s: float
    break_over: bool


class StateRequest(Asked):
    """At once, or after the caller who is being served."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "break", "reason": "lunch"}]})

    state: Literal["available", "break", "offline"]
    reason: Text = Field("", description="Of a break, as /break-reasons lists them")
    force: bool = Field(False, description="Outside the agent's shifts as well")


class WrapUpRequest(Asked):
    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "sale", "note": "Ordered twelve."}]})

    code: Text = ""
    note: Note = ""


class StateInterval(Shown):
    """A state that an agent was in."""

    agent: str
    state: str
    started: Instant
    ended: Instant
    duration_s: float
    reason: str
    call_id: str


class Team(Shown):
    name: str
    site: str
    members: list[str]
    agents: dict[str, int]


class BreakReason(Shown):
    name: str = Field(examples=["lunch"])
    label: dict[str, str]
    code: str
    colour: str
    max_minutes: float
    when_exceeded: str
