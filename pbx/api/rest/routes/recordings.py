"""Recordings: found by call, heard in any part, deleted. Files are reached by ids of the database, never by names."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pbx.accounts.rights import Permission, Principal
from pbx.api.rest.access import allows
from pbx.api.rest.auditing import changed
from pbx.api.rest.models.base import AskedInstant, RecordingId, seconds_of
from pbx.api.rest.models.history import RecordedCall, Recording
from pbx.api.rest.page import Page, Paging, page_from
from pbx.api.rest.problem import problems
from pbx.api.rest.ranges import RESPONSES, Sound, sound_answer
from pbx.api.rest.routes.history import Filter, Scope, cursor_of, place_of, scope_of

Reader = Annotated[Principal, allows(Permission.RECORDINGS_READ)]
Listener = Annotated[Principal, allows(Permission.RECORDINGS_LISTEN)]
Writer = Annotated[Principal, allows(Permission.RECORDINGS_WRITE)]


class RecordingControl(Protocol):
    """What is known of recordings; refusals are raised as `pbx.api.control.Refused`."""

    async def recordings(
        self, wanted: dict[str, Any], limit: int, after: tuple[int, str] | None, scope: Scope
    ) -> list[dict[str, Any]]: ...
    async def recording(self, recording: str, scope: Scope) -> dict[str, Any]: ...
    async def open(self, recording: str, scope: Scope, by: str) -> tuple[Sound, str, bool]: ...
    async def delete(self, recording: str, scope: Scope, by: str) -> dict[str, Any]: ...


def recordings_router(control: RecordingControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["recordings"])

    @router.get("/recordings", response_model=Page[RecordedCall], summary="Recorded calls, the newest first")
    async def recordings(
        who: Reader,
        page: Paging,
        since: AskedInstant | None = None,
        until: AskedInstant | None = None,
        number: Annotated[str, Query(max_length=64)] = "",
        queue: Filter = "",
        agent: Filter = "",
        tag: Filter = "",
    ) -> Any:
        wanted: dict[str, Any] = {
            "since": seconds_of(since),
            "until": seconds_of(until),
            "number": number,
            "queue": queue,
            "agent": agent,
            "tag": tag,
            "recorded": True,
        }
        rows = await control.recordings(wanted, page.limit + 1, place_of(page), scope_of(who))
        return page_from(rows, page, cursor_of)

    @router.get("/recordings/{recording}", response_model=Recording, summary="A recording and its call")
    async def recording(recording: RecordingId, who: Reader) -> Any:
        return await control.recording(recording, scope_of(who))

    @router.delete("/recordings/{recording}", status_code=204, summary="Delete a recording for ever")
    async def delete(recording: RecordingId, who: Writer) -> None:
        await control.delete(recording, scope_of(who), f"{who.kind}:{who.name}")

    _sound(router, control)
    return router


def _sound(router: APIRouter, control: RecordingControl) -> None:
    @router.get(
        "/recordings/{recording}/audio",
        summary="Its sound",
        responses={**RESPONSES, **problems(409)},
        response_class=Response,
    )
    async def audio(recording: RecordingId, who: Listener, request: Request) -> Response:
        """Any part of it (Range). Who listens is noted in the call's journey and in the audit log."""
        sound, name, fresh = await control.open(recording, scope_of(who), f"{who.kind}:{who.name}")
        if fresh:
            changed(request, f"/recordings/{recording}", action="listen")
        return await sound_answer(request, sound, name)

    @router.head(
        "/recordings/{recording}/audio",
        summary="How long its sound is",
        responses={**RESPONSES, **problems(409)},
        response_class=Response,
    )
    async def about(recording: RecordingId, who: Listener, request: Request) -> Response:
        """What GET would answer, without the sound."""
        sound, name, _fresh = await control.open(recording, scope_of(who), "")
        return await sound_answer(request, sound, name)
