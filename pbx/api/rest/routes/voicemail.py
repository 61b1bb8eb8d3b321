"""Voicemail: boxes, messages and their sound; announcements."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from pbx.accounts.rights import Permission, Principal
from pbx.api.control import Refused
from pbx.api.rest.access import allow, allows
from pbx.api.rest.auditing import changed
from pbx.api.rest.models.base import ItemId
from pbx.api.rest.models.messages import Announcement, Box, VoicemailChange, VoicemailMessage
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.ranges import RESPONSES, Sound, sound_answer

BoxName = Annotated[str, Path(pattern=r"^[^\x00-\x1f\x7f/]{1,64}$", description="A box", examples=["101"])]
Reader = Annotated[Principal, allows(Permission.VOICEMAIL_READ)]
Writer = Annotated[Principal, allows(Permission.VOICEMAIL_WRITE)]


class VoicemailControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def boxes(self) -> list[dict[str, Any]]: ...
    def messages(self, box: str) -> list[dict[str, Any]]: ...
    async def change(self, box: str, message: str, fields: dict[str, bool]) -> dict[str, Any]: ...
    async def erase(self, box: str, message: str) -> dict[str, Any]: ...
    async def open(self, box: str, message: str, by: str) -> tuple[Sound, str]: ...
    def announcements(self) -> list[dict[str, Any]]: ...


def voicemail_router(control: VoicemailControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["voicemail"])
    _looking(router, control)
    _acting(router, control)
    _sound(router, control)
    return router


def _sees(who: Principal, row: dict[str, Any]) -> bool:
    if who.sees_all or (who.extension and row["extension"] == who.extension):
        return True
    return bool(row["queue"]) and who.sees_queue(row["queue"])


def _seen(control: VoicemailControl, box: str, who: Principal) -> dict[str, Any]:
    for row in control.boxes():
        if row["name"] == box and _sees(who, row):
            return row
    raise Refused(404, f"there is no box {box!r}")


def _looking(router: APIRouter, control: VoicemailControl) -> None:
    @router.get("/voicemail", response_model=Page[Box], summary="Boxes")
    async def boxes(who: Reader, page: Paging) -> Any:
        return page_of([row for row in control.boxes() if _sees(who, row)], page, lambda row: row["name"])

    @router.get("/voicemail/{box}", response_model=Page[VoicemailMessage], summary="A box's messages, the oldest first")
    async def messages(box: BoxName, who: Reader, page: Paging) -> Any:
        _seen(control, box, who)
        return page_of(control.messages(box), page, lambda row: f"{row['at']:020.6f}{row['id']}")

    @router.get(
        "/announcements",
        response_model=Page[Announcement],
        dependencies=[allow(Permission.VOICEMAIL_READ)],
        summary="Announcements that are recorded by phone",
    )
    async def announcements(page: Paging) -> Any:
        return page_of(control.announcements(), page, lambda row: row["name"])


def _acting(router: APIRouter, control: VoicemailControl) -> None:
    @router.patch("/voicemail/{box}/{message}", response_model=VoicemailMessage, summary="Heard, saved, deleted")
    async def change(box: BoxName, message: ItemId, body: VoicemailChange, who: Writer) -> Any:
        """A deleted message can be taken back until it is swept away."""
        _seen(control, box, who)
        return await control.change(box, message, body.model_dump(exclude_none=True))

    @router.delete("/voicemail/{box}/{message}", status_code=204, summary="Erase a message for ever")
    async def erase(box: BoxName, message: ItemId, who: Writer) -> None:
        _seen(control, box, who)
        await control.erase(box, message)


def _sound(router: APIRouter, control: VoicemailControl) -> None:
    @router.get("/voicemail/{box}/{message}/audio", summary="Its sound", responses=RESPONSES, response_class=Response)
    async def audio(box: BoxName, message: ItemId, who: Reader, request: Request) -> Response:
        """Any part of it (Range). It is not marked as heard: PATCH does that."""
        _seen(control, box, who)
        sound, name = await control.open(box, message, f"{who.kind}:{who.name}")
        changed(request, f"/voicemail/{box}/{message}", action="listen")
        return await sound_answer(request, sound, name)
