"""The description of the API: what every route can answer is written once, here."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from pbx.api.rest.access import rights_of
from pbx.api.rest.problem import MEDIA_TYPE, FieldError, Problem

SECURITY = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": "centrala_session", "description": "a person's session"},
    "token": {"type": "http", "scheme": "bearer", "description": "a program's token"},
}
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repetition of this request with the same key acts no second time",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}
TEXTS = {
    401: "Nobody is logged in, or the token is none of ours, expired or revoked",
    403: "The role or the token's scope lacks the right that the route asks for",
    404: "What the path names is not there",
    409: "Not possible now: the state of things, or the same Idempotency-Key is being done",
    413: "The body is too large",
    422: "A value is not as it must be; `errors` says which",
    429: "Too many requests; `Retry-After` says when to ask again",
    500: "A fault of ours; the log tells more",
    503: "Not now: the PBX stops, or nothing can be saved",
}


def describe(app: FastAPI, routes: list[APIRoute]) -> dict[str, Any]:
    """The OpenAPI document of `routes`."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description, routes=routes
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = SECURITY
    schemas = components.setdefault("schemas", {})
    for model in (Problem, FieldError):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schema.pop("$defs", None)
        schemas[model.__name__] = schema
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape, which we never answer
        schemas.pop(name, None)
    for route in routes:
        if not route.include_in_schema:
            continue
        for method in route.methods or ():
            _complete(document["paths"][route.path_format][method.lower()], route, method)
    return document


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    permissions = [right.permission for right in rights_of(route.dependant) if right.permission is not None]
    statuses = {429, 500, 503}
    if permissions:
        operation["security"] = [{"cookie": []}, {"token": []}]
        operation["x-permissions"] = [permission.value for permission in permissions]
        statuses |= {401, 403}
    if "{" in route.path:
        statuses.add(404)
    if operation.get("parameters") or "requestBody" in operation:
        statuses.add(422)
    if method != "GET":
        statuses |= {409, 413}
    if method == "POST" and permissions:
        operation.setdefault("parameters", []).append(IDEMPOTENCY)
        statuses.add(422)
    responses = operation["responses"]
    for status in statuses | {int(code) for code in responses if code.isdigit() and int(code) >= 400}:
        found = responses.setdefault(str(status), {})
        found["description"] = TEXTS.get(status, HTTPStatus(status).phrase)
        found["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation["responses"] = dict(sorted(responses.items()))
