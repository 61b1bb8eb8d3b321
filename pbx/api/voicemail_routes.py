"""The control socket's routes of voicemail: boxes, their messages, announcements."""

from __future__ import annotations

from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

FIELDS = ("heard", "saved", "deleted")


class VoicemailControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def boxes(self) -> list[dict[str, Any]]: ...
    def messages(self, box: str) -> list[dict[str, Any]]: ...
    async def change(self, box: str, message: str, fields: dict[str, bool]) -> dict[str, Any]: ...
    async def erase(self, box: str, message: str) -> dict[str, Any]: ...
    def announcements(self) -> list[dict[str, Any]]: ...


def voicemail_routes(control: VoicemailControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def boxes(_: Request) -> Any:
        return control.boxes()

    async def messages(request: Request) -> Any:
        return control.messages(request.path_params["box"])

    async def message(request: Request) -> Any:
        box, name = request.path_params["box"], request.path_params["message"]
        if request.method == "DELETE":
            return await control.erase(box, name)
        return await control.change(box, name, _fields(await read_json(request)))

    async def announcements(_: Request) -> Any:
        return control.announcements()

    return [
        Route("/voicemail", json_route(boxes)),
        Route("/voicemail/{box}", json_route(messages)),
        Route("/voicemail/{box}/{message}", json_route(message), methods=["POST", "DELETE"]),
        Route("/announcements", json_route(announcements)),
    ]


def _fields(body: dict[str, Any]) -> dict[str, bool]:
    """Refused 422 for anything but known fields that are true or false."""
    if not body or set(body) - set(FIELDS) or not all(isinstance(value, bool) for value in body.values()):
        raise Refused(422, f'give true or false for {", ".join(FIELDS)}: {{"heard": true}}')
    return body
