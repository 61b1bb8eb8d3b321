"""The control socket's routes of agents: states, wrap-up, codes and notes; teams and reasons of breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from pbx.api.control import Refused, json_route, read_json
from pbx.api.controls import AgentControl


def agent_routes(control: AgentControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def set_agent(request: Request) -> Any:
        body = await read_json(request)
        state = body.get("state")
        if not isinstance(state, str):
            raise Refused(422, 'give {"state": "available" | "break" | "offline"}')
        force = body.get("force") is True
        return control.set_agent(_who(request), state, _text(body, "reason"), force=force)

    async def clear_next(request: Request) -> Any:
        return control.clear_next(_who(request))

    async def note(request: Request) -> Any:
        body = await read_json(request)
        return control.note(_who(request), _text(body, "code"), _text(body, "note"))

    async def finish(request: Request) -> Any:
        body = await read_json(request)
        return control.finish_wrapup(_who(request), _text(body, "code"), _text(body, "note"))

    async def ask(request: Request) -> Any:
        return control.request_wrapup(_who(request))

    return [
        Route("/agents", json_route(_get(control.agents))),
        Route("/agents/{extension}", json_route(set_agent), methods=["POST"]),
        Route("/agents/{extension}/next", json_route(clear_next), methods=["DELETE"]),
        Route("/agents/{extension}/note", json_route(note), methods=["POST"]),
        Route("/agents/{extension}/wrapup", json_route(finish), methods=["POST"]),
        Route("/agents/{extension}/wrapup/request", json_route(ask), methods=["POST"]),
        Route("/teams", json_route(_get(control.teams))),
        Route("/break-reasons", json_route(_get(control.break_reasons))),
    ]


def _get(answer: Callable[[], Any]) -> Callable[[Request], Any]:
    async def handle(_: Request) -> Any:
        return answer()

    return handle


def _who(request: Request) -> str:
    return str(request.path_params["extension"])


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise Refused(422, f'{key} must be a text: {{"{key}": "..."}}')
    return value
