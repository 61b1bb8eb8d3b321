"""Bodies that are no JSON, as OpenAPI describes them."""

from __future__ import annotations

from typing import Any

SOUNDS = ("application/octet-stream", "audio/wav", "audio/ogg", "audio/mpeg", "audio/flac")
BINARY = {"type": "string", "format": "binary"}


def text_body(media_type: str, example: str) -> dict[str, Any]:
    """For `openapi_extra=` of a route that takes a text."""
    content = {media_type: {"schema": {"type": "string"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def sound_body() -> dict[str, Any]:
    """For `openapi_extra=` of a route that takes a sound file of any kind that the PBX can read."""
    content = {kind: {"schema": BINARY} for kind in SOUNDS}
    return {"requestBody": {"required": True, "content": content}}


def wav_answer() -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route that answers with a WAV file."""
    return {200: {"description": "The sound", "content": {"audio/wav": {"schema": BINARY}}}}
