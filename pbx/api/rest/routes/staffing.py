"""How many agents are needed, what one more or less would change, and which callback time may be guaranteed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Path, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allows
from pbx.api.rest.models.system import ReportSheet
from pbx.api.rest.problem import problems
from pbx.api.rest.routes.reports import Turns

Reader = Annotated[Principal, allows(Permission.REPORTS_READ)]
Queue = Annotated[str, Path(max_length=100, examples=["sales"])]
First = Annotated[
    str,
    Query(alias="from", max_length=10, examples=["2026-11-23"], description="The first day; tomorrow when left out"),
]
Days = Annotated[int, Query(ge=1, le=62)]
Minutes = Annotated[Literal[15, 30, 60], Query(description="Length of an interval")]
ShareOf = Annotated[float, Query(ge=0.01, le=0.999, description="Of all callers, to be served in time")]
Within = Annotated[float, Query(ge=0, le=86_400, description="Seconds that they may wait")]
GiveUp = Annotated[float, Query(ge=0.001, le=1, description="Of all callers, who may give up at most")]
Shrinkage = Annotated[float, Query(ge=0, le=0.9, description="Breaks, training, illness")]
By = Annotated[Literal["erlang-a", "erlang-c"], Query(description="erlang-c: as if nobody ever gave up")]
Weeks = Annotated[int, Query(ge=1, le=260, description="Weeks of calls that are looked at")]
Events = Annotated[
    list[str],
    Query(
        alias="event",
        max_length=50,
        examples=[["2026-11-27=1.5", "2026-11-27T10:00-13:00=+120"]],
        description="DATE=FACTOR, with hours, or calls more",
    ),
]
Seconds = Annotated[float, Query(ge=0, le=86_400, description="Instead of what the calls tell; 0: what they tell")]
Price = Annotated[float, Query(ge=0, le=1e6)]


class StaffingControl(Protocol):
    """pbx.app.staffing_control.PbxStaffingControl."""

    async def plan(self, what: Any, day: str, asked: dict[str, Any]) -> dict[str, Any]: ...


def staffing_router(control: StaffingControl) -> APIRouter:
    """/staffing and what is below. Each is made by a process of its own."""
    router = APIRouter(tags=["staffing"])
    turns = Turns()

    async def made(who: Principal, what: str, day: str, **asked: Any) -> Any:
        queue = asked["queue"]
        if not (who.sees_all or who.sees_queue(queue)):
            raise Refused(403, f"{who.name} does not see the queue {queue}")
        with turns.one(who):
            return await control.plan(what, day, asked)

    _need(router, made)
    _others(router, made)
    return router


def _need(router: APIRouter, made: Any) -> None:
    @router.get("/staffing/{queue}/need", response_model=ReportSheet, responses=problems(404), summary="Agents needed")
    async def need(
        queue: Queue,
        who: Reader,
        first: First = "",
        days: Days = 1,
        minutes: Minutes = 30,
        share: ShareOf = 0.8,
        within_s: Within = 20.0,
        give_up: GiveUp = 0.05,
        shrinkage: Shrinkage = 0.3,
        formula: By = "erlang-a",
        weeks: Weeks = 12,
        handling_s: Seconds = 0.0,
        patience_s: Seconds = 0.0,
        events: Events = [],  # noqa: B006 - FastAPI copies it
    ) -> Any:
        """By interval of coming days, from the forecast of the queue's calls, with the range of nine of ten days."""
        asked: dict[str, Any] = {
            "days": days,
            "minutes": minutes,
            "share": share,
            "within_s": within_s,
            "give_up": give_up,
        }
        asked |= {"shrinkage": shrinkage, "formula": formula, "weeks": weeks, "events": tuple(events)}
        asked |= {"handling_s": handling_s, "patience_s": patience_s}
        return await made(who, "need", first, queue=queue, **asked)


def _others(router: APIRouter, made: Any) -> None:
    @router.get(
        "/staffing/{queue}/what-if",
        response_model=ReportSheet,
        responses=problems(404),
        summary="One agent more or less",
    )
    async def what_if(
        queue: Queue,
        who: Reader,
        calls: Annotated[float, Query(ge=0, le=1e6, description="Calls an hour; 0: a month of the forecast")] = 0.0,
        agents: Annotated[int, Query(ge=0, le=20_000, description="Agents now; 0: as many as are needed")] = 0,
        agent_hour: Price = 0.0,
        lost_call: Price = 0.0,
        share: ShareOf = 0.8,
        within_s: Within = 20.0,
        give_up: GiveUp = 0.05,
        shrinkage: Shrinkage = 0.3,
        formula: By = "erlang-a",
        weeks: Weeks = 12,
        handling_s: Seconds = 0.0,
        patience_s: Seconds = 0.0,
    ) -> Any:
        """Served in time, given up, lost and cost with two agents less to two more; of a month with ranges."""
        asked: dict[str, Any] = {
            "calls": calls,
            "agents": agents,
            "agent_hour": agent_hour,
            "lost_call": lost_call,
            "share": share,
        }
        asked |= {"within_s": within_s, "give_up": give_up, "shrinkage": shrinkage, "formula": formula}
        asked |= {"weeks": weeks, "handling_s": handling_s, "patience_s": patience_s}
        return await made(who, "what_if", "", queue=queue, **asked)

    @router.get(
        "/staffing/{queue}/promise",
        response_model=ReportSheet,
        responses=problems(404),
        summary="The callback time to guarantee",
    )
    async def promise(
        queue: Queue,
        who: Reader,
        share: Annotated[float, Query(ge=0.5, le=0.99, description="Of promises, to be kept")] = 0.9,
        weeks: Weeks = 12,
    ) -> Any:
        """By hour of the day, from own requests (or callers), and whether what the widget said was kept."""
        return await made(who, "promise", "", queue=queue, share=share, weeks=weeks)
