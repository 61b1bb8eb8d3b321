"""The control socket's routes of people, tokens and the audit log: what `centrala user` and `centrala token` ask."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from pbx.accounts.audit import Filter
from pbx.accounts.rights import Permission
from pbx.api.control import Refused, json_route, read_json, texts_of
from pbx.api.controls import AccountControl

MAX_ROWS = 1000
TOKEN_FIELDS = ("user", "name", "permissions", "expires")


def account_routes(control: AccountControl) -> list[Route]:
    """Every path and what answers it; bodies are JSON objects."""

    async def users(request: Request) -> Any:
        return control.users() if request.method == "GET" else await control.add_user(await read_json(request), None)

    async def user(request: Request) -> Any:
        name = request.path_params["name"]
        if request.method == "GET":
            return control.user(name)
        if request.method == "DELETE":
            return await control.remove_user(name, None)
        return await control.change_user(name, await read_json(request), None)

    async def link(request: Request) -> Any:
        body = texts_of(await read_json(request), ("login",), ("login",), 64)
        return await control.link(body.get("login", ""), None)

    async def password(request: Request) -> Any:
        body = texts_of(await read_json(request), ("password",), ("password",), 256)
        return await control.set_password(request.path_params["name"], body.get("password", ""))

    async def factor(request: Request) -> Any:
        return await control.reset_factor(request.path_params["name"], None)

    async def tokens(request: Request) -> Any:
        if request.method == "GET":
            return control.tokens()
        body = await read_json(request)
        fields = texts_of(body, TOKEN_FIELDS, ("user", "name"), 80)
        expires = body.get("expires") or 0.0
        if not isinstance(expires, int | float):
            raise Refused(422, "expires is UTC seconds")
        permissions = _permissions(body.get("permissions"))
        return await control.add_token(fields.get("user", ""), fields.get("name", ""), permissions, expires, None)

    async def token(request: Request) -> Any:
        return await control.revoke_token(request.path_params["name"])

    async def audit(request: Request) -> Any:
        asked = request.query_params
        wanted = Filter(asked.get("actor", ""), asked.get("object", ""), asked.get("action", ""))
        limit = asked.get("limit", "50")
        if not limit.isdecimal() or not 0 < int(limit) <= MAX_ROWS:
            raise Refused(422, f"limit is 1 to {MAX_ROWS}")
        return await control.audit(wanted, "", int(limit))

    return [
        Route("/users", json_route(users), methods=["GET", "POST"]),
        Route("/users/{name}", json_route(user), methods=["GET", "PATCH", "DELETE"]),
        Route("/users/{name}/password", json_route(password), methods=["POST"]),
        Route("/users/{name}/second-factor", json_route(factor), methods=["DELETE"]),
        Route("/account-link", json_route(link), methods=["POST"]),
        Route("/tokens", json_route(tokens), methods=["GET", "POST"]),
        Route("/tokens/{name}", json_route(token), methods=["DELETE"]),
        Route("/audit", json_route(audit)),
    ]


def _permissions(value: Any) -> list[Permission] | None:
    if value is None:
        return None
    try:
        return [Permission(text) for text in value]
    except (TypeError, ValueError) as error:
        raise Refused(422, f"{error}; permissions: {', '.join(Permission)}") from None
