"""The control socket's routes of settings: look, change, import and export, history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json

MAX_BODY = 12 * 1024 * 1024  # of an import: YAML as a JSON string
MAX_WHO = 64
MAX_NOTE = 500


class SettingsControl(Protocol):
    """What a running PBX tells and does; refusals are raised as `pbx.api.control.Refused`."""

    def overview(self) -> dict[str, Any]: ...
    def schema(self, section: str) -> dict[str, Any]: ...
    async def entries(self, section: str) -> list[dict[str, Any]]: ...
    def page(self, section: str, limit: int, after: str | None) -> list[dict[str, Any]]: ...
    def entry(self, section: str, key: str) -> dict[str, Any]: ...
    async def export(self, sections: list[str], *, secrets: bool = False) -> str: ...
    async def history(self, limit: int, before: int = 0) -> list[dict[str, Any]]: ...
    async def put(
        self, section: str, key: str, document: Any, who: str, note: str = "", *, match: str = "", create: bool = False
    ) -> dict[str, Any]: ...
    async def set(
        self, section: str, key: str, fields: Mapping[str, Any], who: str, note: str = "", *, apply: bool = True
    ) -> dict[str, Any]: ...
    async def delete(
        self, section: str, key: str, who: str, note: str = "", *, match: str = "", apply: bool = True
    ) -> dict[str, Any]: ...
    async def import_yaml(
        self, text: str, who: str, note: str = "", *, apply: bool, merge: bool = False, expected: int | None = None
    ) -> dict[str, Any]: ...
    async def revert(self, revision: int | None, who: str, note: str = "", *, apply: bool = True) -> dict[str, Any]: ...
    async def reread(self, who: str) -> dict[str, Any]: ...


def settings_routes(control: SettingsControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects with `who` and `note` in them."""
    return [*_looking(control), *_changing(control)]


def _looking(control: SettingsControl) -> list[Route]:
    async def overview(_: Request) -> Any:
        return control.overview()

    async def schema(request: Request) -> Any:
        return control.schema(request.path_params["section"])

    async def entries(request: Request) -> Any:
        return await control.entries(request.path_params["section"])

    async def export(request: Request) -> Any:
        asked = request.query_params
        sections = [name for name in asked.get("sections", "").split(",") if name]
        return {"yaml": await control.export(sections, secrets=asked.get("secrets") == "true")}

    async def history(request: Request) -> Any:
        return await control.history(_number(request, "limit", 50), _number(request, "before", 0))

    return [
        Route("/settings", json_route(overview)),
        Route("/settings-schema/{section}", json_route(schema)),
        Route("/settings-export", json_route(export)),
        Route("/settings-history", json_route(history)),
        Route("/settings/{section}", json_route(entries)),
    ]


def _changing(control: SettingsControl) -> list[Route]:
    async def entry(request: Request) -> Any:
        section, key = request.path_params["section"], request.path_params["key"]
        if request.method == "GET":
            return control.entry(section, key)
        body = await read_json(request, MAX_BODY)
        apply = body.get("apply", True) is True
        if request.method == "DELETE":
            return await control.delete(section, key, *_who(body), apply=apply)
        fields = body.get("fields")
        if not isinstance(fields, dict):
            raise Refused(422, "fields is an object: field to value, null for its default")
        return await control.set(section, key, fields, *_who(body), apply=apply)

    async def take(request: Request) -> Any:
        body = await read_json(request, MAX_BODY)
        text, expected = body.get("yaml"), body.get("expected")
        if not isinstance(text, str) or not isinstance(expected, int | None):
            raise Refused(422, "yaml is a text, and expected the number of a revision")
        apply, merge = body.get("apply") is True, body.get("merge") is True
        return await control.import_yaml(text, *_who(body), apply=apply, merge=merge, expected=expected)

    async def revert(request: Request) -> Any:
        body = await read_json(request)
        revision = body.get("revision")
        if not isinstance(revision, int | None) or isinstance(revision, bool):
            raise Refused(422, "revision is a number, or null for the one before the last")
        return await control.revert(revision, *_who(body), apply=body.get("apply", True) is True)

    async def reread(request: Request) -> Any:
        return await control.reread(_who(await read_json(request))[0])

    return [
        Route("/settings-import", json_route(take), methods=["POST"]),
        Route("/settings-revert", json_route(revert), methods=["POST"]),
        Route("/settings-reread", json_route(reread), methods=["POST"]),
        Route("/settings/{section}/{key:path}", json_route(entry), methods=["GET", "PATCH", "DELETE"]),
    ]


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(422, f"{name} is a number")
    return int(text)


def _who(body: Mapping[str, Any]) -> tuple[str, str]:
    """Who does it, and why."""
    found = []
    for key, limit in (("who", MAX_WHO), ("note", MAX_NOTE)):
        value = body.get(key, "")
        if not isinstance(value, str) or len(value) > limit:
            raise Refused(422, f"{key} is a text of at most {limit} characters")
        found.append(value)
    return found[0] or "control", found[1]
