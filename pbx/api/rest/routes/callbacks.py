"""Callbacks: asked for, put off, taken back; previews of agents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.controls import CallbackControl
from pbx.api.rest.access import allow, allows
from pbx.api.rest.models.base import Extension, ItemId, seconds_of
from pbx.api.rest.models.contacts import (
    Callback,
    CallbackAsked,
    CallbackFigures,
    NewCallback,
    Preview,
    PreviewAnswer,
    Reschedule,
)
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.problem import problems

Reader = Annotated[Principal, allows(Permission.CALLBACKS_READ)]
Writer = Annotated[Principal, allows(Permission.CALLBACKS_WRITE)]


def callbacks_router(control: CallbackControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["callbacks"])
    _previews(router, control)
    _looking(router, control)
    _acting(router, control)
    return router


def _seen(control: CallbackControl, contact: str, who: Principal) -> dict[str, Any]:
    for row in control.callbacks():
        if row["id"] == contact and who.sees_queue(row["queue"]):
            return row
    raise Refused(404, f"no callback {contact} is open")


def _looking(router: APIRouter, control: CallbackControl) -> None:
    @router.get("/callbacks", response_model=Page[Callback], summary="Open callbacks, the oldest first")
    async def callbacks(who: Reader, page: Paging, queue: str = "") -> Any:
        found = [
            row for row in control.callbacks() if who.sees_queue(row["queue"]) and (not queue or row["queue"] == queue)
        ]
        return page_of(found, page, lambda row: f"{row['since']:020.6f}{row['id']}")

    @router.get(
        "/callbacks/figures",
        response_model=CallbackFigures,
        dependencies=[allow(Permission.CALLBACKS_READ)],
        summary="What waits, what was refused, how careful pacing is",
    )
    async def figures() -> Any:
        return control.figures()

    @router.get("/callbacks/{contact}", response_model=Callback, summary="An open callback")
    async def callback(contact: ItemId, who: Reader) -> Any:
        return _seen(control, contact, who)


def _acting(router: APIRouter, control: CallbackControl) -> None:
    @router.post(
        "/callbacks",
        response_model=NewCallback,
        status_code=201,
        summary="Ask for a callback",
        responses={
            200: {"model": NewCallback, "description": "The request was known, and goes on"},
            **problems(404),
        },
    )
    async def ask(body: CallbackAsked, who: Writer, request: Request, response: Response) -> Any:
        """On disk before it is answered: the customer is called although the PBX is started again in between."""
        if not who.sees_queue(body.queue):
            raise Refused(403, f"queue {body.queue!r} is none of yours")
        fields = body.model_dump(exclude={"at", "until"}, exclude_none=True)
        for name in ("at", "until"):
            if (instant := seconds_of(getattr(body, name))) is not None:
                fields[name] = instant
        fields["key"] = body.key or request.headers.get("idempotency-key", "")
        fields["source"] = body.source or f"{who.kind}:{who.name}"
        answer = await control.request(fields)
        response.status_code = 201 if answer["new"] else 200
        return answer

    @router.delete("/callbacks/{contact}", status_code=204, summary="Take a callback back")
    async def cancel(contact: ItemId, who: Writer) -> None:
        _seen(control, contact, who)
        await control.cancel(contact)

    @router.patch("/callbacks/{contact}", response_model=Callback, summary="Another hour")
    async def reschedule(contact: ItemId, body: Reschedule, who: Writer) -> Any:
        _seen(control, contact, who)
        return await control.reschedule(contact, body.at.timestamp())


def _previews(router: APIRouter, control: CallbackControl) -> None:
    @router.get("/callbacks/previews", response_model=Page[Preview], summary="What agents read before a call")
    async def previews(who: Reader, page: Paging) -> Any:
        found = [row for row in control.previews() if who.sees_agent(row["agent"])]
        return page_of(found, page, lambda row: row["agent"])

    @router.post("/callbacks/previews/{extension}", response_model=Preview, summary="Accept or decline")
    async def answer(extension: Extension, body: PreviewAnswer, who: Writer) -> Any:
        if not who.sees_agent(extension):
            raise Refused(403, "an agent answers for himself only")
        return control.preview(extension, body.accept)
