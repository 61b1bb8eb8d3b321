"""Agents: who is there, what they do, and what is done for them; teams and reasons of breaks."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.controls import AgentControl
from pbx.api.rest.access import allow, allows
from pbx.api.rest.listing import Listing
from pbx.api.rest.models.base import AskedInstant, Extension, seconds_of
from pbx.api.rest.models.queues import Agent, BreakReason, StateInterval, StateRequest, Team, WrapUpRequest
from pbx.api.rest.page import Page, Paging, make_cursor, page_from, page_of

Self = Annotated[Principal, allows(Permission.SELF)]
AGENTS = Listing(Agent)
Reader = Annotated[Principal, allows(Permission.AGENTS_READ)]


class AgentHistory(Protocol):
    """What the database tells of agents."""

    async def agent_states(
        self, extension: str, since: float | None, until: float | None, limit: int, after: tuple[int, int] | None
    ) -> list[dict[str, Any]]: ...


def agents_router(control: AgentControl, history: AgentHistory) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["agents"])
    _looking(router, control)
    _log(router, history)
    _acting(router, control)
    return router


def _seen(control: AgentControl, extension: str, who: Principal) -> dict[str, Any]:
    for row in control.agents():
        if row["extension"] == extension and (who.sees_agent(extension) or set(row["queues"]) & set(who.queues or ())):
            return row
    raise Refused(404, f"{extension!r} is no agent")


def _may_act(extension: str, who: Principal) -> None:
    """An agent moves himself; others need the right to move agents."""
    if not (who.may(Permission.AGENTS_CONTROL) or (who.extension and who.extension == extension)):
        raise Refused(403, f"this needs the right {Permission.AGENTS_CONTROL.value}, or to be agent {extension}")


def _looking(router: APIRouter, control: AgentControl) -> None:
    @router.get("/agents", response_model=Page[Agent], summary="Agents now")
    async def agents(
        who: Reader,
        page: Paging,
        queue: Annotated[str, Query(max_length=64)] = "",
        state: Annotated[str, Query(max_length=32)] = "",
    ) -> Any:
        """An agent sees himself and those who serve his queues."""
        mine = set(who.queues or ())
        found = [
            row
            for row in control.agents()
            if (who.sees_agent(row["extension"]) or mine & set(row["queues"]))
            and (not queue or queue in row["queues"])
            and (not state or row["state"] == state)
        ]
        return AGENTS.page(page_of(found, page, lambda row: row["extension"]))

    @router.get("/agents/{extension}", response_model=Agent, summary="An agent now")
    async def agent(extension: Extension, who: Reader) -> Any:
        return _seen(control, extension, who)

    @router.get("/teams", response_model=Page[Team], dependencies=[allow(Permission.AGENTS_READ)], summary="Teams")
    async def teams(page: Paging) -> Any:
        return page_of(control.teams(), page, lambda row: row["name"])

    @router.get(
        "/break-reasons",
        response_model=Page[BreakReason],
        dependencies=[allow(Permission.AGENTS_READ)],
        summary="Why agents have breaks",
    )
    async def reasons(page: Paging) -> Any:
        return page_of(control.break_reasons(), page, lambda row: row["name"])


def _log(router: APIRouter, history: AgentHistory) -> None:
    @router.get(
        "/agents/{extension}/states", response_model=Page[StateInterval], summary="What an agent did, the newest first"
    )
    async def states(
        extension: Extension,
        who: Reader,
        page: Paging,
        since: AskedInstant | None = None,
        until: AskedInstant | None = None,
    ) -> Any:
        if not who.sees_agent(extension):
            raise Refused(404, f"{extension!r} is no agent")
        after = page.after(int, int)
        place = (after[0], after[1]) if after is not None else None
        rows = await history.agent_states(extension, seconds_of(since), seconds_of(until), page.limit + 1, place)
        return page_from(rows, page, lambda row: make_cursor(row["started_us"], row["seq"]))


def _acting(router: APIRouter, control: AgentControl) -> None:
    @router.put("/agents/{extension}/state", response_model=Agent, summary="Available, break, offline")
    async def state(extension: Extension, body: StateRequest, who: Self) -> Any:
        """At once, or after the caller who is being served; then `next_state` says so."""
        _may_act(extension, who)
        force = body.force and who.may(Permission.AGENTS_CONTROL)
        return control.set_agent(extension, body.state, body.reason, force=force)

    @router.delete("/agents/{extension}/next", response_model=Agent, summary="Stay as you are after the call")
    async def clear_next(extension: Extension, who: Self) -> Any:
        _may_act(extension, who)
        return control.clear_next(extension)

    @router.put("/agents/{extension}/note", response_model=Agent, summary="Code and note of the call")
    async def note(extension: Extension, body: WrapUpRequest, who: Self) -> Any:
        _may_act(extension, who)
        return control.note(extension, body.code, body.note)

    @router.post("/agents/{extension}/wrapup/finish", response_model=Agent, summary="End the wrap-up")
    async def finish(extension: Extension, body: WrapUpRequest, who: Self) -> Any:
        _may_act(extension, who)
        return control.finish_wrapup(extension, body.code, body.note)

    @router.post("/agents/{extension}/wrapup/request", response_model=Agent, summary="Time after this call")
    async def request(extension: Extension, who: Self) -> Any:
        _may_act(extension, who)
        return control.request_wrapup(extension)
