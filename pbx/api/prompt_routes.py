"""The control socket's routes of prompts: what is spoken, how it sounds, and recordings that stand for it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pbx.api.control import Refused, json_route
from pbx.api.controls import PromptControl

MAX_UPLOAD = 20 * 1024 * 1024


def prompt_routes(control: PromptControl) -> list[Route]:
    """Every path and what answers it. Texts are parameters of the query, sounds are bodies."""

    async def listed(request: Request) -> Any:
        asked = request.query_params
        return await control.prompts(asked.get("flow", ""), draft="draft" in asked)

    async def override(request: Request) -> Any:
        asked = request.query_params
        return await control.override(
            await _body(request),
            text=asked.get("text", ""),
            language=asked.get("language", ""),
            use=asked.get("use", "always"),
            source=asked.get("source", ""),
            author=asked.get("author", ""),
        )

    async def remove(request: Request) -> Any:
        return await control.remove(request.query_params.get("text", ""), request.query_params.get("language", ""))

    return [
        Route("/prompts", json_route(listed)),
        *_sounds(control),
        Route("/prompts/recording", json_route(override), methods=["POST"]),
        Route("/prompts/recording", json_route(remove), methods=["DELETE"]),
    ]


def _sounds(control: PromptControl) -> list[Route]:
    """What is answered with a sound."""

    async def sound(request: Request) -> Response:
        asked = request.query_params
        try:
            rate = int(asked.get("rate", "8000"))
            data = await control.sound(asked.get("text", ""), asked.get("language", ""), asked.get("voice", ""), rate)
        except ValueError:
            return await _refuse(Refused(422, "give rate= as a number of Hz"), request)
        except Refused as refusal:
            return await _refuse(refusal, request)
        return Response(data, media_type="audio/wav")

    async def recording(request: Request) -> Response:
        asked = request.query_params
        try:
            data = await control.recording(asked.get("text", ""), asked.get("language", ""))
        except Refused as refusal:
            return await _refuse(refusal, request)
        return Response(data, media_type="audio/wav")

    return [Route("/prompts/sound", sound), Route("/prompts/recording", recording)]


async def _refuse(refusal: Refused, request: Request) -> Response:
    async def refused(_: Request) -> Any:
        raise refusal

    return await json_route(refused)(request)


async def _body(request: Request) -> bytes:
    """A sound file. Refused 413 when it is too large."""
    parts = bytearray()
    async for chunk in request.stream():
        parts += chunk
        if len(parts) > MAX_UPLOAD:
            raise Refused(413, f"the file is over {MAX_UPLOAD >> 20} MB")
    return bytes(parts)
