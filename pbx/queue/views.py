"""An agent as lists, wallboards and the control socket show him."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx.queue.agent import Agent, AgentState

if TYPE_CHECKING:
    from pbx.queue.service import QueueService


@dataclass(slots=True, frozen=True)
class AgentSnapshot:
    """An agent at one instant; `next_state` is what was chosen for afterwards, "" for nothing."""

    extension: str
    name: str
    state: str
    since_s: float  # in this state
    reason: str
    next_state: str
    queues: list[str]
    call_id: str
    wrapup_left_s: float
    missed_offers: int  # in a row
    calls: int  # answered since the start
    teams: list[str]
    site: str  # of the first team that has one
    shifts: list[str]  # that are on
    line: str  # "phone", "on-demand", "persistent"
    next_reason: str
    break_limit_s: float  # of the break that he has; 0: none
    break_over: bool  # it lasts longer
    code: str  # of the call that he talks in or has just talked in
    note: str
    codes: list[str]  # that he may choose from
    wrapup_bound: bool  # he may not leave wrap-up without a code, or before its time


def snapshot_of(service: QueueService, agent: Agent) -> AgentSnapshot:
    extension, on_break = agent.extension, agent.state is AgentState.BREAK
    slip = service.wrapups.slip(agent)
    teams = [team for team in service.services.config.team if extension in team.members]
    entry = service.lines.agents.get(extension)
    next_state, next_reason = agent.next if agent.next is not None else ("", "")
    return AgentSnapshot(
        extension=extension,
        name=agent.name,
        state=agent.state.value,
        since_s=service.services.clock.monotonic() - agent.since,
        reason=agent.reason if on_break else "",
        next_state=str(next_state),
        queues=[queue.name for queue in service.queues.values() if agent in queue.agents],
        call_id=agent.call_id,
        wrapup_left_s=service.wrapups.left_s(agent),
        missed_offers=agent.missed,
        calls=agent.calls,
        teams=[team.name for team in teams],
        site=next((team.site for team in teams if team.site), ""),
        shifts=[shift.name for shift in service.shifts.on_now(extension)],
        line=entry.line if entry is not None else "phone",
        next_reason=next_reason,
        break_limit_s=service.breaks.limit_s(agent.reason) if on_break else 0.0,
        break_over=service.breaks.over(extension),
        code=slip.code if slip is not None else "",
        note=slip.note if slip is not None else "",
        codes=slip.codes if slip is not None else [],
        wrapup_bound=agent.bound,
    )
