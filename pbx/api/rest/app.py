"""The application of /api/v1: routers behind the guard, problems instead of tracebacks, its own description."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp

import pbx
from pbx.api.late import at_leisure
from pbx.api.rest import problem
from pbx.api.rest.access import PUBLIC, allow
from pbx.api.rest.edge import Edge
from pbx.api.rest.guard import RestServices, guard
from pbx.api.rest.openapi import describe

PREFIX = "/api/v1"
DESCRIPTION = """Log in with `POST /api/v1/session` (a cookie), or send a token: `Authorization: Bearer TOKEN`.
Errors are problem details (RFC 9457). Lists are pages: `limit`, `cursor`, `next`. POSTs take `Idempotency-Key`."""


def rest_app(routers: Sequence[APIRouter], services: RestServices) -> ASGIApp:
    """All routes of `routers`, whose paths begin after /api/v1. Raises TypeError for a route that declares no right,
    or that another has the path of.
    """
    app = rest_routes(routers, services)
    return Edge(app, services)


def rest_routes(routers: Sequence[APIRouter], services: RestServices) -> FastAPI:
    """The same without its edge, for those who walk the routes."""
    app = FastAPI(
        title="Centrala",
        summary="PBX and contact centre",
        description=DESCRIPTION,
        version=pbx.__version__,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problem.install(app)
    # Routes as they are, without include_router(): it would put objects of its own around them.
    routes: list[Any] = [*_description(app).routes, *(route for router in routers for route in router.routes)]
    seen: set[tuple[str, str]] = set()
    for route in routes:
        guard(route, services)
        for method in getattr(route, "methods", None) or {"WS"}:
            if (method, route.path) in seen:
                raise TypeError(f"{method} {route.path} is declared twice")
            seen.add((method, route.path))
    app.router.routes.extend(routes)
    return app


def _description(app: FastAPI) -> APIRouter:
    router = APIRouter()
    text: list[bytes] = []

    @router.get("/openapi.json", include_in_schema=False, dependencies=[allow(PUBLIC)])
    async def openapi() -> Response:
        if not text:
            routes = [route for route in app.router.routes if isinstance(route, APIRoute)]
            document = await asyncio.to_thread(at_leisure, describe, app, routes)
            document["servers"] = [{"url": PREFIX}]
            text.append(orjson.dumps(document))
        return Response(text[0], media_type="application/json")

    return router
