"""Prompts: what is spoken, how it sounds, and human recordings that stand for it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pbx.accounts.rights import Permission, Principal
from pbx.api.controls import PromptControl
from pbx.api.rest.access import allow, allows
from pbx.api.rest.bodies import sound_body, wav_answer
from pbx.api.rest.models.flows import Prompt, Take, Use
from pbx.api.rest.page import Page, Paging, page_of
from pbx.api.rest.problem import problems

MAX_UPLOAD = 20 * 1024 * 1024
MAX_SPOKEN = 2000
SpokenText = Annotated[str, Query(min_length=1, max_length=MAX_SPOKEN, description="The text as it is spoken")]
SpokenLanguage = Annotated[Literal["pl", "ru", "en"], Query()]
READ = [allow(Permission.PROMPTS_READ)]
Writer = Annotated[Principal, allows(Permission.PROMPTS_WRITE)]


def prompts_router(control: PromptControl) -> APIRouter:
    """Every path and what answers it."""
    router = APIRouter(tags=["prompts"])
    _listening(router, control)
    _recording(router, control)
    return router


def _listening(router: APIRouter, control: PromptControl) -> None:
    @router.get(
        "/prompts",
        response_model=Page[Prompt],
        dependencies=READ,
        summary="What callers hear",
        responses=problems(404),
    )
    async def prompts(
        page: Paging,
        flow: Annotated[str, Query(max_length=64, description="All that this flow may say, with examples")] = "",
        draft: Annotated[bool, Query(description="That its draft would say")] = False,
    ) -> Any:
        found = await control.prompts(flow, draft=draft)
        keyed = [(f"{at:06}", row) for at, row in enumerate(found)]
        answer = page_of(keyed, page, lambda pair: pair[0])
        return {**answer, "items": [row for _, row in answer["items"]]}

    @router.get(
        "/prompts/sound",
        dependencies=READ,
        summary="A prompt as callers hear it",
        responses=wav_answer(),
        response_class=Response,
    )
    async def sound(
        text: SpokenText,
        language: SpokenLanguage,
        voice: Annotated[str, Query(max_length=64)] = "",
        rate: Annotated[Literal[8000, 16000, 48000], Query()] = 8000,
    ) -> Response:
        """A WAV file, rendered when it is not yet."""
        return Response(await control.sound(text, language, voice, rate), media_type="audio/wav")


def _recording(router: APIRouter, control: PromptControl) -> None:
    @router.get(
        "/prompts/recording",
        dependencies=READ,
        summary="The master of a human recording",
        responses={**wav_answer(), **problems(404)},
        response_class=Response,
    )
    async def recording(text: SpokenText, language: SpokenLanguage) -> Response:
        """A WAV file of 48 kHz at -19 LUFS."""
        return Response(await control.recording(text, language), media_type="audio/wav")

    @router.put(
        "/prompts/recording",
        response_model=Take,
        summary="A human recording that stands for a prompt",
        openapi_extra=sound_body(),
        responses=problems(507),
        max_body_size=MAX_UPLOAD,
    )
    async def override(
        request: Request,
        text: SpokenText,
        language: SpokenLanguage,
        who: Writer,
        use: Annotated[Use, Query(description="always, or only when no voice can speak")] = "always",
        source: Annotated[str, Query(max_length=200, description="The name of the file")] = "",
    ) -> Any:
        data = await request.body()
        return await control.override(data, text=text, language=language, use=use, source=source, author=who.name)

    @router.delete(
        "/prompts/recording",
        status_code=204,
        dependencies=[allow(Permission.PROMPTS_WRITE)],
        summary="The rendered prompt again",
        responses=problems(404, 507),
    )
    async def remove(text: SpokenText, language: SpokenLanguage) -> None:
        await control.remove(text, language)
