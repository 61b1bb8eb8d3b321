"""Queues, who waits in them, and what can be done for a caller who waits."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allows
from pbx.api.rest.models.base import CallId, Name
from pbx.api.rest.models.queues import (
    Explanation,
    Moved,
    MoveRequest,
    Placed,
    PriorityRequest,
    PullRequest,
    Queue,
    QueueDetail,
    Waiting,
)
from pbx.api.rest.page import Page, Paging, page_of

Reader = Annotated[Principal, allows(Permission.QUEUES_READ)]
Actor = Annotated[Principal, allows(Permission.QUEUES_CONTROL)]


class QueueControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def queues(self) -> list[dict[str, Any]]: ...
    async def why(self, name: str, queue: str) -> dict[str, Any]: ...
    def set_priority(self, name: str, priority: int, queue: str) -> dict[str, Any]: ...
    def move(self, queue: str, call_id: str, to: str) -> dict[str, Any]: ...
    def pull(self, queue: str, call_id: str, agent: str) -> dict[str, Any]: ...
    def remove(self, queue: str, call_id: str) -> dict[str, Any]: ...


def queues_router(control: QueueControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["queues"])
    _looking(router, control)
    _acting(router, control)
    return router


def _seen(control: QueueControl, name: str, who: Principal) -> dict[str, Any]:
    for queue in control.queues():
        if queue["name"] == name and who.sees_queue(name):
            return queue
    raise Refused(404, f"there is no queue {name!r}")


def _looking(router: APIRouter, control: QueueControl) -> None:
    @router.get("/queues", response_model=Page[Queue], summary="Queues now")
    async def queues(who: Reader, page: Paging) -> Any:
        found = [row for row in control.queues() if who.sees_queue(row["name"])]
        return page_of(found, page, lambda row: row["name"])

    @router.get("/queues/{name}", response_model=QueueDetail, summary="A queue and who waits in it")
    async def queue(name: Name, who: Reader) -> Any:
        return _seen(control, name, who)

    @router.get("/queues/{name}/callers", response_model=Page[Waiting], summary="Who waits, the first in line first")
    async def callers(name: Name, who: Reader, page: Paging) -> Any:
        found = _seen(control, name, who)["callers"]
        return page_of(found, page, lambda row: f"{row['position']:06}{row['call_id']}")

    @router.get("/queues/{name}/callers/{call_id}", response_model=Explanation, summary="Why a caller gets which agent")
    async def why(name: Name, call_id: CallId, who: Reader) -> Any:
        _seen(control, name, who)
        return await control.why(call_id, name)


def _acting(router: APIRouter, control: QueueControl) -> None:
    @router.patch("/queues/{name}/callers/{call_id}", response_model=Placed, summary="Another place in the order")
    async def priority(name: Name, call_id: CallId, body: PriorityRequest, who: Actor) -> Any:
        _seen(control, name, who)
        return control.set_priority(call_id, body.priority, name)

    @router.post("/queues/{name}/callers/{call_id}/move", response_model=Moved, summary="Send a caller elsewhere")
    async def move(name: Name, call_id: CallId, body: MoveRequest, who: Actor) -> Any:
        """To another queue with his age, or to whatever else a call can be routed to."""
        _seen(control, name, who)
        return control.move(name, call_id, body.to)

    @router.post("/queues/{name}/callers/{call_id}/pull", response_model=Moved, summary="Give a caller to an agent")
    async def pull(name: Name, call_id: CallId, body: PullRequest, who: Actor) -> Any:
        """To a free agent of the queue, at once and before everybody else."""
        _seen(control, name, who)
        return control.pull(name, call_id, body.agent)

    @router.delete("/queues/{name}/callers/{call_id}", status_code=204, summary="Take a caller out of the queue")
    async def remove(name: Name, call_id: CallId, who: Actor) -> None:
        """He is told that nobody can answer now, or goes on as his flow says for a timeout."""
        _seen(control, name, who)
        control.remove(name, call_id)
