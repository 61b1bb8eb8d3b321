"""Calls of the past, and the journey of every call and contact."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.rest.access import allows
from pbx.api.rest.listing import Listing
from pbx.api.rest.models.base import AskedInstant, CallId, seconds_of
from pbx.api.rest.models.calls import Journey
from pbx.api.rest.models.history import CallRecord, CallRecordDetail, Direction, Outcome
from pbx.api.rest.page import Page, PageRequest, Paging, make_cursor, page_from

Reader = Annotated[Principal, allows(Permission.CALLS_READ)]
RECORDS = Listing(CallRecord)
Filter = Annotated[str, Query(max_length=64)]


class HistoryControl(Protocol):
    """What the database tells of calls; refusals are raised as `pbx.api.control.Refused`. `scope` is None for those who
    see all, or (extension, queues).
    """

    async def cdrs(
        self, wanted: dict[str, Any], limit: int, after: tuple[int, str] | None, scope: Scope
    ) -> list[dict[str, Any]]: ...
    async def cdr(self, call_id: str, scope: Scope) -> dict[str, Any]: ...
    async def journey(self, call_id: str, scope: Scope) -> dict[str, Any]: ...


Scope = tuple[str, tuple[str, ...]] | None


def scope_of(who: Principal) -> Scope:
    """What of the past is for the eyes of `who`."""
    return None if who.sees_all else (who.extension, tuple(sorted(who.queues or ())))


def place_of(page: PageRequest) -> tuple[int, str] | None:
    """The last call of the page before."""
    found = page.after(int, str)
    return (found[0], found[1]) if found is not None else None


def cursor_of(row: dict[str, Any]) -> str:
    """Names the place behind a call."""
    return make_cursor(row["started_us"], row["id"])


def history_router(control: HistoryControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["history"])

    @router.get("/cdrs", response_model=Page[CallRecord], summary="Calls that are over, the newest first")
    async def cdrs(
        who: Reader,
        page: Paging,
        since: AskedInstant | None = None,
        until: AskedInstant | None = None,
        number: Annotated[
            str, Query(max_length=64, description="Called, or was called; an extension or a number")
        ] = "",
        queue: Filter = "",
        agent: Filter = "",
        trunk: Filter = "",
        did: Filter = "",
        tag: Filter = "",
        direction: Direction | None = None,
        outcome: Outcome | None = None,
        missed: bool | None = None,
        recorded: bool = False,
        tests: Annotated[bool, Query(description="The PBX's own test calls as well")] = False,
    ) -> Any:
        """Pages stand still while calls come: none is on two pages, none is left out."""
        wanted: dict[str, Any] = {
            "since": seconds_of(since),
            "until": seconds_of(until),
            "number": number,
            "queue": queue,
            "agent": agent,
            "trunk": trunk,
            "did": did,
            "tag": tag,
            "direction": direction or "",
            "outcome": outcome,
            "missed": missed,
            "recorded": recorded,
            "tests": tests,
        }
        rows = await control.cdrs(wanted, page.limit + 1, place_of(page), scope_of(who))
        return RECORDS.page(page_from(rows, page, cursor_of))

    @router.get("/cdrs/{call_id}", response_model=CallRecordDetail, summary="A call's record, its queues and trunks")
    async def cdr(call_id: CallId, who: Reader) -> Any:
        return await control.cdr(call_id, scope_of(who))

    @router.get("/calls/{call_id}/journey", response_model=Journey, summary="Every step of a call, running or over")
    async def journey(call_id: CallId, who: Reader) -> Any:
        return await control.journey(call_id, scope_of(who))

    return router
