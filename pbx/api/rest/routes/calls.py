"""Running calls: who talks with whom, and what can be done with it."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allow, allows
from pbx.api.rest.listing import Listing
from pbx.api.rest.models.base import CallId, Extension, Name
from pbx.api.rest.models.calls import (
    NoteRequest,
    Originate,
    Originated,
    Parked,
    ParkRequest,
    RecordingRequest,
    RecordingState,
    Room,
    RoomAction,
    RunningCall,
    RunningCallDetail,
    SuperviseRequest,
    Transferred,
    TransferRequest,
)
from pbx.api.rest.models.queues import Agent
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.problem import problems

Reader = Annotated[Principal, allows(Permission.CALLS_READ)]
Actor = Annotated[Principal, allows(Permission.CALLS_CONTROL)]
RUNNING = Listing(RunningCall)
Supervisor = Annotated[Principal, allows(Permission.CALLS_SUPERVISE)]


class CallControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def calls(self) -> list[dict[str, Any]]: ...
    def call(self, call_id: str) -> dict[str, Any]: ...
    def hang_up(self, call_id: str) -> dict[str, Any]: ...
    def originate(
        self, caller: str, target: str, *, answer: bool, account: str, caller_id: str, tag: str
    ) -> dict[str, Any]: ...
    def transfer(self, call_id: str, target: str, extension: str, into: str) -> dict[str, Any]: ...
    def park(self, call_id: str, by: str) -> dict[str, Any]: ...
    def parked(self) -> list[dict[str, Any]]: ...
    def record(self, call_id: str, action: str) -> dict[str, Any]: ...
    def supervise(self, mode: str, supervisor: str, target: str) -> dict[str, Any]: ...
    def agent_of(self, call_id: str) -> str: ...
    def note(self, call_id: str, code: str, note: str) -> dict[str, Any]: ...
    def rooms(self) -> list[dict[str, Any]]: ...
    def room(self, name: str, action: str, who: str) -> dict[str, Any]: ...


def calls_router(control: CallControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["calls"])
    _looking(router, control)
    _acting(router, control)
    _supervising(router, control)
    _rooms(router, control)
    return router


def _own(control: CallControl, call_id: str, who: Principal) -> dict[str, Any]:
    """The call, when it is for the eyes of `who`. Refused 404 for others as for none: nobody learns that it runs."""
    found = control.call(call_id)
    if not who.sees_call(found["queue"], tuple(found["extensions"])):
        raise Refused(404, f"no call {call_id} is running")
    return found


def _looking(router: APIRouter, control: CallControl) -> None:
    @router.get("/calls", response_model=Page[RunningCall], summary="Running calls, the oldest first")
    async def calls(
        who: Reader,
        page: Paging,
        queue: Annotated[str, Query(max_length=64)] = "",
        trunk: Annotated[str, Query(max_length=64)] = "",
        extension: Annotated[str, Query(max_length=32)] = "",
    ) -> Any:
        found = [
            row
            for row in control.calls()
            if who.sees_call(row["queue"], tuple(row["extensions"]))
            and (not queue or row["queue"] == queue)
            and (not trunk or row["trunk"] == trunk)
            and (not extension or extension in row["extensions"])
        ]
        return RUNNING.page(page_of(found, page, lambda row: row["id"]))

    @router.get("/calls/{call_id}", response_model=RunningCallDetail, summary="A running call with its legs")
    async def call(call_id: CallId, who: Reader) -> Any:
        return _own(control, call_id, who)

    @router.get("/parked", response_model=Page[Parked], summary="Who waits in the park lots")
    async def parked(who: Reader, page: Paging) -> Any:
        found = [row for row in control.parked() if who.sees_call("", (row["parked_by"],))]
        return page_of(found, page, lambda row: row["slot"])


def _acting(router: APIRouter, control: CallControl) -> None:
    @router.post("/calls", response_model=Originated, status_code=202, summary="Begin a call", responses=problems(404))
    async def originate(body: Originate, who: Actor) -> Any:
        """Rings `caller`, and when that answers, `to`. What goes wrong later ends the call and is in its record. A
        call that is under way does not survive the process; what must be called in any case is asked for as a callback.
        """
        account = body.account or body.caller
        if not who.sees_agent(account):
            raise Refused(403, "an agent calls from his own phone only")
        return control.originate(
            body.caller, body.to, answer=body.answer, account=body.account, caller_id=body.caller_id, tag=body.tag
        )

    @router.delete("/calls/{call_id}", status_code=204, summary="Hang up")
    async def hang_up(call_id: CallId, who: Actor) -> None:
        _own(control, call_id, who)
        control.hang_up(call_id)

    @router.post("/calls/{call_id}/transfer", response_model=Transferred, status_code=202, summary="Transfer")
    async def transfer(call_id: CallId, body: TransferRequest, who: Actor) -> Any:
        """Blind with `to`: to an extension, a number, a queue, a flow or a box. With `into` the two parties that the
        same extension has in two calls are joined (a transfer after a consultation).
        """
        _own(control, call_id, who)
        if body.into is not None:
            _own(control, body.into, who)
        if body.by and not who.sees_agent(body.by):
            raise Refused(403, "an agent transfers his own calls only")
        return control.transfer(call_id, body.to, body.by or _self(who), body.into or "")

    @router.post("/calls/{call_id}/park", response_model=Parked, status_code=202, summary="Park the other party")
    async def park(call_id: CallId, body: ParkRequest, who: Actor) -> Any:
        _own(control, call_id, who)
        if body.by and not who.sees_agent(body.by):
            raise Refused(403, "an agent parks his own calls only")
        return control.park(call_id, body.by or _self(who))

    @router.post(
        "/calls/{call_id}/recording", response_model=RecordingState, summary="Start, stop or pause a recording"
    )
    async def record(call_id: CallId, body: RecordingRequest, who: Actor) -> Any:
        _own(control, call_id, who)
        return control.record(call_id, body.action)

    @router.post("/calls/{call_id}/note", response_model=Agent, summary="Code and note of a call, from its agent")
    async def note(call_id: CallId, body: NoteRequest, who: Actor) -> Any:
        """While an agent talks in it or wraps it up."""
        if not who.sees_agent(control.agent_of(call_id)):
            raise Refused(404, f"no agent talks in call {call_id} or wraps it up")
        return control.note(call_id, body.code, body.note)


def _self(who: Principal) -> str:
    """The extension in whose name an agent acts; everybody else acts for whoever talks."""
    return "" if who.sees_all else who.extension


def _supervising(router: APIRouter, control: CallControl) -> None:
    @router.post(
        "/agents/{extension}/supervise",
        response_model=Originated,
        status_code=202,
        summary="Listen, whisper, barge, take over",
    )
    async def supervise(extension: Extension, body: SuperviseRequest, who: Supervisor) -> Any:
        """Rings the supervisor's phone and puts it into the talk of `extension`."""
        return control.supervise(body.mode, body.supervisor or who.extension, extension)


def _rooms(router: APIRouter, control: CallControl) -> None:
    @router.get(
        "/rooms", response_model=Page[Room], dependencies=[allow(Permission.CALLS_SUPERVISE)], summary="Conferences"
    )
    async def rooms(page: Paging) -> Any:
        return page_of(control.rooms(), page, lambda row: row["name"])

    @router.post(
        "/rooms/{name}",
        status_code=204,
        dependencies=[allow(Permission.CALLS_SUPERVISE)],
        summary="Mute, kick, lock, end",
    )
    async def room(name: Name, body: RoomAction) -> None:
        control.room(name, body.action, body.who)
