"""Errors as problem details (RFC 9457): the same shape whoever refused."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pbx.api.control import Denied, Refused
from pbx.store.errors import StoreError

log = logging.getLogger("centrala.api")
MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20  # of one body
RETRY_S = "1"  # of 503


class FieldError(BaseModel):
    """What is wrong with one value of a request."""

    where: list[str | int] = Field(description="`body`, `query` or `path`, then the keys down to the value")
    text: str


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is no call 17"}]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=` of a route: statuses beyond those that every route has (see pbx.api.rest.openapi)."""
    return {status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses}


def problem(
    status: int,
    detail: str = "",
    *,
    errors: list[dict[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = errors
    extra = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra.setdefault("retry-after", RETRY_S)
    return Response(orjson.dumps(body), status, extra, MEDIA_TYPE)


def fault() -> Response:
    """The answer to what nobody foresaw."""
    return problem(500, "this is a fault of the PBX; its log tells more")


def install(app: FastAPI) -> None:
    """Gives `app` the handlers; what nobody foresaw is answered with 500 and told in the log."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)  # and then it goes on, to the log of pbx.api.rest.edge


def answer_to(error: Refused) -> Response:
    """The problem that a refusal becomes."""
    headers = error.headers if isinstance(error, Denied) else None
    return problem(error.status, str(error), errors=error.errors, headers=headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer_to(error)


async def _store(_: Request, error: Exception) -> Response:
    return problem(503, f"nothing was saved: {error}")


async def _failed(_: Request, __: Exception) -> Response:
    return fault()


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if error.status_code == HTTPStatus.BAD_REQUEST:  # FastAPI's word for a body that cannot be read
        return problem(422, "the body is not JSON in UTF-8")
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "there is nothing at this path; /api/v1/openapi.json lists all"
    return problem(error.status_code, detail, headers=error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    """Says where and why, and never repeats the value: it may be a password."""
    assert isinstance(error, RequestValidationError)
    found = [{"where": list(each["loc"]), "text": each["msg"]} for each in error.errors()[:MAX_ERRORS]]
    return problem(422, "the request is not as it must be", errors=found)
